"""`modelport speak` and `modelport chat --speak`: real processes, and files that other programs read."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
import wave
from array import array
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.embedded.store import SMOLLM2, ModelStore
from modelport.testing.servers.http import HANG, ScriptedAnswer, ScriptedServer
from tests.end_to_end.command import COMMAND, DONE, Home, chunk, streamed
from tests.end_to_end.test_cli_terminal import READY, Terminal

pytest.importorskip("espeakng_loader")

ANSWER = ("Hello there. ", "This is the second sentence. ", "And the last one")


def seconds(path: Path) -> float:
    """The length of a file of true sizes that is not silent."""
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, 22_050)
        samples = file.readframes(file.getnframes())
        assert path.stat().st_size == 44 + 2 * file.getnframes() == 44 + len(samples)
        assert max(array("h", samples)) > 5_000
        return len(samples) / 2 / 22_050


def test_speaks_without_settings_and_keys(home: Home) -> None:
    ran = home.run("speak", "Hello world, how are you?", "--out", "hello.wav")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert 1 < (length := seconds(home.folder / "hello.wav")) < 4
    assert ran.stderr == f"hello.wav: {length:.1f} s of audio/wav\n"
    assert [path.name for path in home.folder.iterdir()] == ["hello.wav"]


def test_reads_stdin_and_tells_json(home: Home) -> None:
    ran = home.run("speak", "--json", "--voice", "de", stdin="Guten Tag.\nWie geht es?\n")
    found = json.loads(ran.stdout)
    assert (ran.returncode, ran.stderr, found["type"], found["provider"]) == (0, "", "speech", "embedded")
    path = home.folder / found["file"]
    assert (found["seconds"], found["bytes"]) == (pytest.approx(seconds(path)), path.stat().st_size)
    assert (found["media_type"], found["usage"]["characters"], found["warnings"]) == ("audio/wav", 24, [])


def test_a_pipe_gets_the_bytes(home: Home, tmp_path: Path) -> None:
    line = (
        f"{' '.join(COMMAND)} speak 'Hello world' --out - > piped.wav; {' '.join(COMMAND)} speak hi --out - | head -c 4"
    )
    ran = subprocess.run(["bash", "-c", line], cwd=home.folder, env=home.environment(), capture_output=True, timeout=60)
    assert (ran.stdout, ran.stderr) == (b"RIFF", b"")
    audio = (home.folder / "piped.wav").read_bytes()
    assert (audio[:4], audio[40:44], len(audio) > 10_000) == (b"RIFF", b"\xff" * 4, True)


def test_a_file_is_replaced_only_by_a_whole_one(home: Home) -> None:
    old = home.folder / "old.wav"
    old.write_text("old")
    ran = home.run("speak", "Hi", "--out", "old.wav", "--voice", "klingonic")
    assert (ran.returncode, old.read_text()) == (1, "old")
    assert ran.stderr.startswith("modelport: [embedded] unknown voice 'klingonic'")
    assert home.run("speak", "Hi", "--out", "old.wav").returncode == 0
    assert seconds(old) > 0.2 and [path.name for path in home.folder.iterdir()] == ["old.wav"]


def test_a_pipe_with_a_name_is_written_into(home: Home) -> None:
    """What is no file must stay what it is: `/dev/null`, a pipe of the shell's, a sound device."""
    pipe = home.folder / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    try:
        ran = home.run("speak", "Hello world", "--out", "pipe")
        received, _ = reader.communicate(timeout=10)
    finally:
        reader.kill()
    assert (ran.returncode, received[:4], len(received) > 10_000) == (0, b"RIFF", True)
    assert pipe.is_fifo() and [path.name for path in home.folder.iterdir()] == ["pipe"]


@pytest.mark.parametrize("command", ["speak 'Hello world' --out a.wav", "chat hi --speak a.wav"])
def test_a_full_disk_is_one_line(home: Home, command: str) -> None:
    (home.folder / "a.wav").write_text("old")
    with ScriptedServer([streamed(*ANSWER)]).in_thread() as server:
        home.configure(server.base_url)
        line = f"ulimit -f 8; {' '.join(COMMAND)} {command}"
        # it would leave cut-off bytecode behind
        environment = home.environment(LOCAL_KEY="sk-x-PlantedWord7", PYTHONDONTWRITEBYTECODE="1")
        ran = subprocess.run(["bash", "-c", line], cwd=home.folder, env=environment, capture_output=True)
    assert (ran.returncode, ran.stderr) == (2, b"modelport: a.wav: cannot be written: File too large\n")
    assert (home.folder / "a.wav").read_text() == "old"
    assert sorted(path.name for path in home.folder.iterdir()) == ["a.wav", "cfg"]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["speak"], "the text is empty"),
        (["speak", " "], "the text is empty"),
        (["speak", "hi", "--out", "no/such/folder.wav"], "folder.wav: cannot be written: No such file or directory"),
        (["speak", "hi", "--out", "."], "is a directory"),
        (["speak", "hi", "--out", "-", "--json"], "--out FILE"),
        (["speak", "hi", "--voice", ""], "voice: String should have at least 1 character"),
        (["speak", "hi", "--settings", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["speak", "hi", "--model", "deepseek/x"], "DEEPSEEK_API_KEY"),
        (["chat", "hi", "--speak", "-"], "--speak needs a file"),
    ],
)
def test_mistakes_are_one_line(home: Home, arguments: list[str], found: str) -> None:
    ran = home.run(*arguments)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert ran.stderr.startswith("modelport: ") and found in ran.stderr
    assert list(home.folder.iterdir()) == []


def test_the_voice_is_among_the_models(home: Home) -> None:
    (card,) = json.loads(home.run("models", "--kind", "tts", "--provider", "embedded", "--json").stdout)
    assert (card["name"], card["classes"], "cmn" in card["voices"]) == ("espeak-ng", ["EmbeddedTTSModel"], True)


def test_an_answer_is_spoken_while_it_is_written(home: Home) -> None:
    go = asyncio.Event()
    answer = ScriptedAnswer.sse(
        *(chunk(content=ANSWER[0]), chunk(content=ANSWER[1]), go, chunk(content=ANSWER[2])), chunk("stop"), DONE
    )
    with ScriptedServer([answer]).in_thread() as server:
        home.configure(server.base_url)
        with home.start("chat", "hi", "--speak", "answer.wav") as process:
            assert process.stdout is not None
            assert process.stdout.read(len("".join(ANSWER[:2]))).decode() == "".join(ANSWER[:2])
            part = home.folder / ".answer.wav.part"
            _wait(lambda: part.stat().st_size > 2 * 22_050)
            server.set(go)
            assert process.communicate(timeout=30) == (f"{ANSWER[2]}\n".encode(), b"")
    assert process.returncode == 0
    assert 2.5 < seconds(home.folder / "answer.wav") < 8 and not part.exists()


def test_thinking_is_not_spoken(home: Home) -> None:
    events = [chunk(reasoning_content="A very long thought about nothing. " * 20), chunk(content="Yes."), chunk("stop")]
    with ScriptedServer([ScriptedAnswer.sse(*events, DONE)]).in_thread() as server:
        home.configure(server.base_url)
        assert home.run("chat", "hi", "--speak", "yes.wav").stdout == "Yes.\n"
    assert seconds(home.folder / "yes.wav") < 1.5


def test_text_does_not_wait_for_a_voice_that_hangs(home: Home) -> None:
    chat, voice = ScriptedServer([streamed(*ANSWER)]), ScriptedServer([ScriptedAnswer(before=[HANG])])
    with chat.in_thread() as answering, voice.in_thread() as hanging:
        _add_voice(home.configure(answering.base_url), hanging.base_url, timeouts={"first_event": 3})
        (home.folder / "answer.wav").write_text("old")
        with home.start("chat", "hi", "--speak", "answer.wav", "--json") as process:
            assert process.stdout is not None
            while (last := json.loads(process.stdout.readline()))["type"] == "delta":
                pass
            assert (last["type"], last["text"]) == ("response", "".join(ANSWER))
            assert process.poll() is None, "the voice has not failed yet"
            found = json.loads(process.stdout.readline())
            assert process.wait(30) == 1
    assert (found["type"], found["error"]) == ("error", "ModelTimeoutError")
    assert (home.folder / "answer.wav").read_text() == "old"


def test_an_answer_that_breaks_off_leaves_no_file(home: Home) -> None:
    with ScriptedServer([ScriptedAnswer.sse(chunk(content=ANSWER[0]), chunk(content="And"))]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("chat", "hi", "--speak", "answer.wav")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, f"{ANSWER[0]}And\n", 1)
    assert [path.name for path in home.folder.iterdir()] == ["cfg"]


def test_ctrl_c_leaves_nothing_behind(home: Home) -> None:
    with ScriptedServer([ScriptedAnswer.sse(chunk(content=ANSWER[0]), HANG)]).in_thread() as server:
        home.configure(server.base_url)
        with home.start("chat", "hi", "--speak", "answer.wav") as process:
            _wait(lambda: (home.folder / ".answer.wav.part").stat().st_size > 44)
            process.send_signal(signal.SIGINT)
            out, found = process.communicate(timeout=30)
    assert (process.returncode, out.strip().decode(), found.strip()) == (130, ANSWER[0].strip(), b"")
    assert [path.name for path in home.folder.iterdir()] == ["cfg"]


def test_a_conversation_is_one_file_of_the_answers_that_came(home: Home) -> None:
    terminal = Terminal()
    answers = [streamed("The first answer."), ScriptedAnswer.sse(chunk(content="Broken off. ")), streamed("The third.")]
    with ScriptedServer(answers).in_thread() as server:
        home.configure(server.base_url)
        with terminal.start(home, "chat", "--speak", "talk.wav") as process:
            for question, shown in (("one", "first answer."), ("two", "modelport: "), ("three", "The third.")):
                terminal.read_until(READY)
                terminal.type(f"{question}\r")
                terminal.read_until(shown)
            terminal.read_until(READY)
            terminal.type("/exit\r")
            assert process.wait(30) == 0
    os.close(terminal.ours)
    os.close(terminal.theirs)
    one, three = (_alone(home, text) for text in ("The first answer.", "The third."))
    assert seconds(home.folder / "talk.wav") == pytest.approx(one + three, rel=0.01)


@pytest.mark.skipif(ModelStore().path(SMOLLM2) is None, reason="the model file is not in the cache folder")
def test_both_embedded_models_together(home: Home) -> None:
    pytest.importorskip("xllamacpp")
    settings = {
        "credentials": {"embedded": {"provider": "embedded", "directory": str(ModelStore().directory)}},
        "chat": {"main": {"provider": "embedded", "model": SMOLLM2.name, "parameters": {"max_tokens": 12}}},
    }
    (home.folder / "modelport.yaml").write_text(json.dumps(settings))
    ran = home.run("chat", "Name three primary colours.", "--speak", "colours.wav", "--config", "modelport.yaml")
    assert ran.returncode == 0 and ran.stdout.strip()
    assert seconds(home.folder / "colours.wav") > 0.5


def _alone(home: Home, text: str) -> float:
    assert home.run("speak", text, "--out", "alone.wav").returncode == 0
    return seconds(home.folder / "alone.wav")


def _add_voice(path: Path, base_url: str, **tts: Any) -> None:
    settings = json.loads(path.read_text())
    settings["credentials"]["voice"] = {"provider": "dashscope", "api_key": "k-PlantedWord7", "base_url": base_url}
    settings["tts"] = {"v": {"credential": "voice", "model": "qwen3-tts-flash", "retry": {"max_retries": 0}, **tts}}
    path.write_text(json.dumps(settings))


def _wait(true: Any, limit: float = 30) -> None:
    """Until it is true; a file may not be there yet."""
    ends = time.monotonic() + limit
    while time.monotonic() < ends:
        try:
            if true():
                return
        except FileNotFoundError:
            pass
        time.sleep(0.01)
    raise AssertionError("it did not come about")
