"""The recogniser in this process: the real one, on speech of the voice in this process."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from modelport import Modelport
from modelport.adapters.embedded.credential import EmbeddedCredential
from modelport.adapters.embedded.speech import EmbeddedTTSModel
from modelport.error import InvalidRequestError, NotFoundError, SettingsError
from modelport.message import DataBlock
from modelport.stt import EmbeddedTranscriptionModel, Transcript
from modelport.tts import TTSResponse

pytest.importorskip("espeakng_loader")
pytest.importorskip("moonshine_voice", exc_type=ImportError)

import numpy as np

from modelport.adapters.embedded import moonshine
from modelport.adapters.embedded.wav_samples import WavSamples

QUESTION = "What is the capital of France?"


def model(stream: bool = False, **options: Any) -> EmbeddedTranscriptionModel:
    return EmbeddedTranscriptionModel(EmbeddedCredential(), stream=stream, **options)


@pytest.fixture(scope="module")
def speech() -> bytes:
    """Two questions with a pause between them."""

    async def speak() -> bytes:
        voice = EmbeddedTTSModel[TTSResponse](
            EmbeddedCredential(), stream=False, parameters=EmbeddedTTSModel.Parameters(variant="f3", rate=150)
        )
        spoken = await voice.synthesize(QUESTION)
        assert spoken.content is not None
        with wave.open(io.BytesIO(spoken.content.to_bytes())) as file:
            once = file.readframes(file.getnframes())
            rate = file.getframerate()
        return wav(once + bytes(2 * rate) + once, rate)

    return asyncio.run(speak())


def wav(samples: bytes, rate: int, width: int = 2, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(samples)
    return out.getvalue()


async def steps_of(answer: Transcript | AsyncGenerator[Transcript, None]) -> list[Transcript]:
    assert not isinstance(answer, Transcript)
    return [step async for step in answer]


async def test_a_file_is_written_down_with_times(speech: bytes) -> None:
    transcript = await model().transcribe(speech)
    assert isinstance(transcript, Transcript) and transcript.is_last and transcript.language == "en"
    assert transcript.text == f"{QUESTION} {QUESTION}" and len(transcript.segments) == 2
    first, second = transcript.segments
    assert first.start_ms is not None and first.end_ms is not None and second.start_ms is not None
    assert first.start_ms < first.end_ms < second.start_ms
    assert transcript.usage is not None and transcript.duration_ms == round(1000 * transcript.usage.seconds)
    assert len(transcript.attempts) == 1 and transcript.provider == "embedded"


async def test_a_stream_says_line_by_line_what_is_new(speech: bytes) -> None:
    steps = await steps_of(await model(stream=True).transcribe(DataBlock.from_bytes(speech, "audio/wav")))
    assert "".join(step.text for step in steps[:-1]) == steps[-1].text == f"{QUESTION} {QUESTION}"
    assert [step.is_last for step in steps] == [False] * (len(steps) - 1) + [True]


async def test_silence_is_an_empty_text() -> None:
    for seconds in (0.001, 1.0):
        transcript = await model().transcribe(wav(bytes(2 * int(16_000 * seconds)), 16_000))
        assert isinstance(transcript, Transcript) and (transcript.text, [*transcript.segments]) == ("", [])


async def test_a_stream_that_is_left_gives_its_memory_back(speech: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    await moonshine.in_recogniser_thread(bool)  # what earlier tests left
    closed = []
    close = moonshine.Recording.close

    def count(recording: moonshine.Recording) -> None:
        closed.append(recording)
        close(recording)

    monkeypatch.setattr(moonshine.Recording, "close", count)
    answer = await model(stream=True).transcribe(speech)
    assert not isinstance(answer, Transcript)
    async with aclosing(answer):
        await anext(answer)
    await moonshine.in_recogniser_thread(bool)
    assert len(closed) == 1
    task = asyncio.create_task(model().transcribe(speech))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await moonshine.in_recogniser_thread(bool)
    assert len(closed) <= 2


async def test_a_long_recording_goes_on_in_another_stream(speech: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times still count from the start of the audio."""
    monkeypatch.setattr(moonshine, "_MOST_LINES", 1)
    wave_file = WavSamples(speech)

    def listen() -> list[moonshine.Line]:
        recording = moonshine.Recording(wave_file.rate)
        lines: list[moonshine.Line] = []
        while len(samples := wave_file.read(0.5)):
            lines += recording.add(samples).complete
        lines += recording.finish().complete
        recording.close()
        return lines

    first, second = await moonshine.in_recogniser_thread(listen)
    assert (first.text, second.text) == (QUESTION, QUESTION)
    assert second.start_ms > first.end_ms + 500


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_of_every_width(width: int, channels: int) -> None:
    """Silence, half of the largest value, and half of the smallest; a cut sample is left out."""
    half = 1 << (8 * width - 2)
    values = [128, 192, 64] if width == 1 else [0, half, -half]
    raw = b"".join(v.to_bytes(width, "little", signed=width > 1) * channels for v in values)
    samples = WavSamples(wav(raw, 8000, width, channels)[: 44 + len(raw)] + b"").read(1)
    assert np.allclose(samples, [0, 0.5, -0.5], atol=0.01)


@pytest.mark.parametrize("data", [b"ID3 no wav", b"RIFF", wav(b"\0\0", 1)[:60]])
async def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="ffmpeg"):
        await model().transcribe(data)


async def test_what_it_does_not_know_is_refused(speech: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequestError, match="expected the language en, got 'de'"):
        await model().transcribe(speech, language="de")
    with pytest.raises(InvalidRequestError, match="no such parameter"):
        await model().transcribe(speech, speakers=True)
    with pytest.raises(NotFoundError, match="expected moonshine-tiny-en"):
        EmbeddedTranscriptionModel(EmbeddedCredential(), "moonshine-base")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'modelport\[embedded-recognition\]'"):
        model()


@pytest.mark.parametrize("silence", [0, 44_100])
async def test_live_segments_come_while_it_is_said_and_end_with_the_audio(speech: bytes, silence: int) -> None:
    subject = model()
    pcm = speech[44:] + bytes(silence)
    async with subject.live(sample_rate=22_050) as session:

        async def push() -> None:
            for start in range(0, len(pcm), 8820):
                await session.push_audio(pcm[start : start + 8820])
            await session.finish()

        pushing = asyncio.create_task(push())
        segments = [segment async for segment in session]
        await pushing
    final = [segment for segment in segments if segment.is_final]
    assert [segment.text for segment in final] == [QUESTION, QUESTION]
    assert any(not segment.is_final and QUESTION.startswith(segment.text[:7]) for segment in segments)
    first, second = final
    assert first.end_ms is not None and second.start_ms is not None and second.end_ms is not None
    assert first.end_ms < second.start_ms < second.end_ms
    assert session.transcript.text == f"{QUESTION} {QUESTION}"
    assert len(asyncio.all_tasks()) == 1


async def test_a_live_session_that_is_left_stops() -> None:
    async with model().live() as session:
        await session.push_audio(bytes(64_000))
    assert len(asyncio.all_tasks()) == 1
    async with model().live() as session:
        await session.push_audio(bytes(64_000))
        await session.finish()
        assert [segment async for segment in session] == [], "silence is no segment"


async def test_settings_and_the_catalogue(speech: bytes) -> None:
    settings = {"stt": {"ear": {"provider": "embedded", "model": "moonshine-tiny-en"}}}
    async with Modelport.from_mapping(settings, {}) as hub:
        transcript = await hub.stt().transcribe(speech)
        assert isinstance(transcript, Transcript) and transcript.text.startswith(QUESTION)
        assert "moonshine-tiny-en" in [entry.name for entry in hub.catalogue("stt")]
