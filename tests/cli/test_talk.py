"""`modelport talk` with a scripted realtime model, and with a microphone of the test's."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from click.testing import CliRunner

from modelport import Modelport
from modelport.adapters.embedded.speech import EmbeddedTTSModel
from modelport.cli.app import commands
from modelport.cli.microphone import converse
from modelport.cli.spoken_turn import Question, read_question, sample_rate, take_turn
from modelport.credential import EmbeddedCredential
from modelport.domain.message.wav import streaming_header
from modelport.error import InvalidRequestError
from modelport.realtime import EmbeddedRealtimeModel
from modelport.testing import ScriptedChatModel, ScriptedRealtimeModel
from modelport.tts import TTSResponse

QUESTION = "What is the capital of France?"


def run(monkeypatch: pytest.MonkeyPatch, model: Any, *arguments: str) -> tuple[int, str, str]:
    """The status, and what was written to stdout and stderr."""
    monkeypatch.setattr("modelport.cli.choice.choose_realtime", lambda config, name: (Modelport.from_env({}), model))
    result = CliRunner().invoke(commands, ["talk", *arguments], standalone_mode=False)
    assert result.exception is None, result.exception
    return int(result.return_value or 0), result.stdout, result.stderr


def test_what_is_said_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScriptedRealtimeModel(["Paris."])
    assert run(monkeypatch, model, "--text", QUESTION) == (0, f"you: {QUESTION}\nmodel: Paris.\n", "")


def test_json_and_errors_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, _ = run(monkeypatch, ScriptedRealtimeModel(["Paris."]), "--text", QUESTION, "--json")
    turn = json.loads(out)
    assert (status, turn["asked"], turn["answer"], turn["file"]) == (0, QUESTION, "Paris.", None)
    status, out, err = run(monkeypatch, ScriptedRealtimeModel([]), "--text", QUESTION)
    assert (status, out, len(err.splitlines())) == (1, "", 1) and "no further reply" in err
    status, out, _ = run(monkeypatch, ScriptedRealtimeModel([]), "--text", QUESTION, "--json")
    assert status == 1 and "no further reply" in json.loads(out)["message"]


def test_an_answer_without_audio_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.wav").write_bytes(b"older")
    model = ScriptedRealtimeModel(["Paris."], parameters=ScriptedRealtimeModel.Parameters(output="text"))
    status, _, err = run(monkeypatch, model, "--text", QUESTION, "--out", str(tmp_path / "a.wav"))
    assert status == 1 and "no audio" in err
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"older"]


def test_the_samples_of_a_stereo_file_are_mixed(tmp_path: Path) -> None:
    raw = b"".join(value.to_bytes(2, "little", signed=True) for value in (1000, 3000, -1000, -3000))
    (tmp_path / "a.wav").write_bytes(streaming_header(8000, 2, 2, len(raw)) + raw)
    question = read_question(tmp_path / "a.wav")
    expected = b"".join(value.to_bytes(2, "little", signed=True) for value in (2000, -2000))
    assert question == Question(pcm=expected, rate=8000)


@pytest.mark.parametrize(("rate", "size", "says"), [(4000, 8, "8,000 to 48,000"), (8000, 0, "holds no audio")])
def test_what_cannot_be_said(tmp_path: Path, rate: int, size: int, says: str) -> None:
    (tmp_path / "a.wav").write_bytes(streaming_header(rate, 1, 2, size) + bytes(size))
    with pytest.raises(InvalidRequestError, match=says):
        read_question(tmp_path / "a.wav")


def test_the_rate_of_the_audio_is_in_its_type() -> None:
    assert (sample_rate("audio/pcm;rate=22050", 1), sample_rate("audio/pcm", 1)) == (22_050, 1)


async def test_where_the_server_ends_turns_silence_follows_the_question() -> None:
    pytest.importorskip("espeakng_loader")
    pytest.importorskip("moonshine_voice", exc_type=ImportError)
    model = EmbeddedRealtimeModel(
        EmbeddedCredential(),
        parameters=EmbeddedRealtimeModel.Parameters(input_sample_rate=22_050),
        chat=ScriptedChatModel(["Paris."]),
    )
    async with model.connect() as session:
        turn = await take_turn(session, model, Question(pcm=await spoken_question(), rate=22_050), None)
    assert (turn.asked, turn.answer, turn.settled) == (QUESTION, "Paris.", True)
    assert turn.audio_bytes > 10_000 and len(asyncio.all_tasks()) == 1


async def spoken_question() -> bytes:
    """At the rate of eSpeak NG."""
    voice = EmbeddedTTSModel[TTSResponse](
        EmbeddedCredential(), stream=False, parameters=EmbeddedTTSModel.Parameters(variant="f3", rate=150)
    )
    spoken = await voice.synthesize(QUESTION)
    assert spoken.content is not None
    with wave.open(io.BytesIO(spoken.content.to_bytes())) as file:
        return bytes(file.readframes(file.getnframes()))


class Devices:
    """A microphone before which the question is asked, and a loudspeaker that counts."""

    question = b""
    played = 0

    def __init__(self, input_rate: int, output_rate: int) -> None:
        assert (input_rate, output_rate) == (22_050, 22_050)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def frames(self) -> AsyncIterator[bytes]:
        yield self.question + bytes(44_100)
        await asyncio.Event().wait()

    def play(self, item_id: str, pcm: bytes) -> None:
        Devices.played += len(pcm)

    def position(self) -> tuple[str, float] | None:
        return None

    def clear(self) -> None:
        pass


async def test_with_a_microphone_each_turn_is_printed_until_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("espeakng_loader")
    pytest.importorskip("moonshine_voice", exc_type=ImportError)
    monkeypatch.setattr("modelport.adapters.sound.devices.SoundDevices", Devices)
    Devices.question = await spoken_question()
    model = EmbeddedRealtimeModel(
        EmbeddedCredential(),
        parameters=EmbeddedRealtimeModel.Parameters(input_sample_rate=22_050),
        chat=ScriptedChatModel(itertools.repeat("Paris.")),
    )
    talking = asyncio.create_task(converse(Modelport.from_env({}), model, None, as_json=True))
    said: list[Any] = []
    while len(said) < 2 and not talking.done():  # what is printed has no event
        await asyncio.sleep(0.02)
        said += [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    talking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await talking
    assert said == [
        {"type": "said", "by": "you", "text": QUESTION},
        {"type": "said", "by": "model", "text": "Paris."},
    ]
    assert Devices.played > 10_000 and len(asyncio.all_tasks()) == 1
