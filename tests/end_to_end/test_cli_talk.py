"""`modelport talk`: real processes, which talk to the models in them, or to a server on this machine."""

from __future__ import annotations

import json
import os
import wave
from pathlib import Path

import pytest

from modelport.adapters.embedded.store import SMOLLM2, ModelStore
from tests.end_to_end.command import Home

pytest.importorskip("espeakng_loader")
pytest.importorskip("xllamacpp")

FETCHED = ModelStore().path(SMOLLM2)
needs_model = pytest.mark.skipif(FETCHED is None, reason="the embedded model is not fetched: run modelport chat once")


@pytest.fixture
def talker(home: Home) -> Home:
    """A home with the model that this machine has fetched."""
    assert FETCHED is not None
    folder = home.folder / ".cache" / "modelport" / "models"
    folder.mkdir(parents=True)
    os.symlink(FETCHED, folder / FETCHED.name)
    return home


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, 22_050)
        return int(file.getnframes()) / 22_050


@needs_model
def test_a_typed_question_gets_a_spoken_answer(talker: Home) -> None:
    ran = talker.run("talk", "--text", "What is the capital of France?", "--out", "answer.wav", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    turn = json.loads(ran.stdout)
    assert turn["asked"] == "What is the capital of France?" and "Paris" in turn["answer"]
    assert (turn["file"], turn["seconds"]) == ("answer.wav", pytest.approx(seconds(talker.folder / "answer.wav")))
    assert turn["usage"]["output_tokens"] > 0


@needs_model
def test_a_question_in_a_file_is_answered_into_a_file(talker: Home) -> None:
    pytest.importorskip("moonshine_voice", exc_type=ImportError)
    spoken = talker.run("speak", "What is the capital of France?", "--voice", "en-us", "--out", "question.wav")
    assert spoken.returncode == 0
    ran = talker.run("talk", "--in", "question.wav", "--out", "answer.wav")
    assert ran.returncode == 0, ran.stderr
    asked, answer = ran.stdout.splitlines()
    assert asked.startswith("you: What is the capital") and "Paris" in answer
    assert ran.stderr == f"answer.wav: {seconds(talker.folder / 'answer.wav'):.1f} s of audio/wav\n"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--in", "none.wav"], 1, "none.wav: cannot be read"),
        (["--in", "notes.txt"], 1, "expected a WAV"),
        (["--in", "a.wav", "--text", "hi"], 2, "either --in FILE or --text"),
        (["--text", " "], 2, "the text is empty"),
        (["--out", "a.wav"], 2, "--out needs --in FILE or --text"),
        (["--text", "hi", "--out", "-"], 2, "--out needs a file"),
        (["--text", "hi", "--model", "openai/gpt-realtime-2.1"], 1, "no API key"),
        (["--text", "hi", "--no-pull"], 2, "run again without --no-pull"),
    ],
)
def test_errors_are_one_line(home: Home, arguments: list[str], status: int, says: str) -> None:
    (home.folder / "notes.txt").write_text("no audio")
    ran = home.run("talk", *arguments)
    assert (ran.returncode, ran.stdout) == (status, "")
    assert says in ran.stderr and len(ran.stderr.splitlines()) == 1
