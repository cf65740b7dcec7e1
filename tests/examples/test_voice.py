"""Speech to and from files, with made-up providers on this machine; the transcription's answer is written by hand."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import pytest

from modelport.testing import RecordedRequest, ScriptedAnswer, offline_providers
from modelport.testing.providers import answer_provider
from tests.examples.running import module_of


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """Made up, in the form of docs/protocols/speech-to-text.md#dashscope-short-files; else `answer_provider`."""
    if request.json()["model"] != "qwen3-asr-flash":
        return answer_provider(request)
    message = {"role": "assistant", "content": "You said tell me about trams."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return ScriptedAnswer.json({"choices": [choice], "usage": {"prompt_tokens": 42, "completion_tokens": 6}})


@pytest.fixture
def voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:  # Any: a module that is loaded by its path
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "any-PlantedWord7")
    return module_of("voice", "voice")


def seconds(path: str) -> float:
    with wave.open(path) as audio:
        assert (audio.getnchannels(), audio.getsampwidth()) == (1, 2)
        return float(audio.getnframes() / audio.getframerate())


async def test_from_text_to_a_file(voice: Any) -> None:
    with offline_providers(answer):
        await voice.narrate("The train leaves at nine.", "train.wav")
    assert seconds("train.wav") > 0


async def test_speech_while_the_answer_is_written_and_the_way_back(
    voice: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with offline_providers(answer) as server:
        await voice.talk("Tell me about trams.", "answer.wav")
        assert capsys.readouterr().out == "You said: Tell me about trams.\n"
        assert seconds("answer.wav") > 0
        await voice.write_down("answer.wav")
        sent = server.requests[-1].json()
    assert capsys.readouterr().out == "You said tell me about trams.\n"
    assert "UklGR" in json.dumps(sent)  # the file itself, in base64
