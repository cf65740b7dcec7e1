"""The voice in this process: the real one, which comes with its package.

Its samples differ from time to time, by a part of a sound wave; so texts are compared by how long they are.
"""

from __future__ import annotations

import asyncio
import base64
import io
import os
import subprocess
import sys
import threading
import time
import wave
from array import array
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.adapters.embedded.credential import EmbeddedCredential
from modelport.adapters.embedded.speech import ESPEAK, EmbeddedTTSModel
from modelport.domain.message.blocks import Base64Source, DataBlock
from modelport.domain.message.wav import HEADER_SIZE, streaming_header
from modelport.error import InvalidRequestError, NotFoundError, SettingsError
from modelport.tts import TTSResponse

pytest.importorskip("espeakng_loader")

from modelport.adapters.embedded.espeak import Espeak, Manner, with_espeak

RATE = 22_050
LONG = "The quick brown fox jumps over the lazy dog, and then it does so again. " * 25
NUMBERS = "1234 5678 9012"
MANNER = Manner("en-us", None, 175, 50, 100)


def model(stream: bool = False, **parameters: Any) -> EmbeddedTTSModel:
    return EmbeddedTTSModel(EmbeddedCredential(), ESPEAK, EmbeddedTTSModel.Parameters(**parameters), stream)


def audio(block: DataBlock | None) -> bytes:
    assert block is not None and isinstance(block.source, Base64Source) and block.source.media_type == "audio/wav"
    return base64.b64decode(block.source.data)


async def spoken(subject: EmbeddedTTSModel, text: str, **kwargs: Any) -> bytes:
    """The samples of a whole answer."""
    response = await subject.synthesize(text, **kwargs)
    assert isinstance(response, TTSResponse) and response.is_last
    return audio(response.content)[HEADER_SIZE:]


def alike(samples: bytes, others: bytes) -> bool:
    """Whether both may be the same text in the same manner."""
    return len(samples) == pytest.approx(len(others), rel=0.01)


async def streamed(subject: EmbeddedTTSModel, text: str) -> AsyncGenerator[TTSResponse, None]:
    responses = await subject.synthesize(text)
    assert not isinstance(responses, TTSResponse)
    return responses


async def test_a_whole_answer_is_a_wav_of_true_sizes() -> None:
    response = await model().synthesize("Hello world. How are you?")
    assert isinstance(response, TTSResponse)
    with wave.open(io.BytesIO(audio(response.content))) as file:
        assert file.getparams()[:3] == (1, 2, RATE)
        samples = file.readframes(file.getnframes())
    assert len(samples) == len(audio(response.content)) - HEADER_SIZE == 2 * file.getnframes()
    assert 1.0 < file.getnframes() / RATE < 4.0
    assert max(array("h", samples)) > 5_000, "silence"
    assert response.usage is not None
    assert (response.usage.characters, response.provider, response.model) == (25, "embedded", ESPEAK)
    assert (list(response.warnings), response.metadata) == ([], None)


async def test_the_steps_of_a_stream_are_the_whole() -> None:
    responses = [response async for response in await streamed(model(stream=True), LONG)]
    *steps, last = responses
    assert (last.content, last.is_last, len(steps) > 5) == (None, True, True)
    assert not any(response.is_last for response in responses[:-1]) and len({step.id for step in responses}) == 1
    joined = b"".join(audio(step.content) for step in steps)
    assert joined[:HEADER_SIZE] == streaming_header(RATE)
    assert alike(joined[HEADER_SIZE:], await spoken(model(), LONG))
    assert b"RIFF" not in joined[4:] and len(joined) % 2 == 0


async def test_audio_leaves_before_the_whole_text_is_spoken() -> None:
    started = time.perf_counter()
    first: float | None = None
    async for response in await streamed(model(stream=True), LONG * 8):
        if response.content and first is None:
            first = time.perf_counter() - started
    assert first is not None and first < (time.perf_counter() - started) / 2


async def test_sentences_spoken_apart_keep_their_pause() -> None:
    """The same text in one piece of the engine's is as long."""
    text = "This is a sentence of some length that is spoken. " * 12
    whole = await with_espeak(lambda espeak: espeak.speak(text.strip(), MANNER, bool))
    assert abs(len(await spoken(model(), text)) - len(whole)) / 2 / RATE < 0.1


async def test_a_stream_that_is_left_stops_the_engine() -> None:
    calls: list[int] = []

    def stopped() -> bool:
        calls.append(1)
        return len(calls) == 3

    cut = await with_espeak(lambda espeak: espeak.speak(LONG, MANNER, stopped))
    assert (len(calls), len(cut) > 0) == (3, True)
    alone = await spoken(model(), "Hello.")
    started = time.perf_counter()
    await spoken(model(), LONG * 4)
    four = time.perf_counter() - started
    started = time.perf_counter()
    async with aclosing(await streamed(model(stream=True), LONG * 100)) as responses:
        async for response in responses:
            if response.content:
                break
    task = asyncio.create_task(spoken(model(), LONG * 100))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alike(await spoken(model(), "Hello."), alone)
    assert time.perf_counter() - started < 20 * four, "the engine went on to speak 200 times the text"


async def test_the_event_loop_goes_on_meanwhile() -> None:
    task = asyncio.create_task(with_espeak(lambda espeak: espeak.speak(LONG * 8, MANNER, bool)))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 10 and len(await task) > RATE * 100


async def test_many_at_once_do_not_mix() -> None:
    manners = [("en-us", 175), ("de", 175), ("cmn", 300), ("fr", 120)]
    texts = [f"{LONG} {number}" for number in range(8)]

    def one(number: int) -> EmbeddedTTSModel:
        voice, rate = manners[number % len(manners)]
        return model(voice=voice, rate=rate)

    alone = [await spoken(one(number), text) for number, text in enumerate(texts)]
    together = await asyncio.gather(*(spoken(one(number), text) for number, text in enumerate(texts)))
    assert all(map(alike, together, alone)) and not alike(alone[0], alone[1])


def test_several_event_loops_and_threads() -> None:
    found: list[bytes] = []

    def run() -> None:
        found.append(asyncio.run(spoken(model(), "Hello world.")))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run()
    assert len(found) == 5 and all(alike(found[0], one) for one in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_a_voice() -> None:
    program = """
import asyncio, os
from modelport.adapters.embedded.credential import EmbeddedCredential
from modelport.adapters.embedded.speech import EmbeddedTTSModel
def size():
    model = EmbeddedTTSModel(EmbeddedCredential(), stream=False)
    return len(asyncio.run(model.synthesize("Hello world.")).content.source.data)
here, child = size(), os.fork()
if not child:
    os._exit(0 if abs(size() - here) < here / 100 else 1)
print(os.waitpid(child, 0)[1])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert ran.stdout == "0\n", ran.stderr


@settings(max_examples=40)
@given(text=st.text(max_size=80))
def test_any_text_can_be_spoken_and_leaves_nothing_behind(text: str) -> None:
    before = asyncio.run(spoken(model(), "Hello."))
    response = asyncio.run(model().synthesize(text))
    assert isinstance(response, TTSResponse)
    assert response.content is None or len(audio(response.content)) % 2 == 0
    assert alike(asyncio.run(spoken(model(), "Hello.")), before)


@pytest.mark.parametrize(
    ("command", "same"),
    [("\x0120S Hello.", " 20S Hello."), ("\x01500S Hello.", " 500S Hello."), ("a\0b", "a b"), ("\ud800a", "?a")],
)
async def test_commands_are_not_obeyed(command: str, same: str) -> None:
    before = await spoken(model(), "Hello.")
    assert alike(await spoken(model(), command), await spoken(model(), same))
    assert alike(await spoken(model(), "Hello."), before)


async def test_markup_is_spoken_as_it_stands() -> None:
    assert len(await spoken(model(), "<b>Hello</b>")) > 2 * len(await spoken(model(), "Hello"))
    assert len(await spoken(model(), "[[h@loU]]")) > len(await spoken(model(), "Hello"))


async def test_parameters_change_what_is_heard() -> None:
    text = "The quick brown fox jumps over the lazy dog."
    usual = await spoken(model(), text)
    assert len(await spoken(model(rate=350), text)) < 0.7 * len(usual)
    quiet = await spoken(model(volume=20), text)
    assert max(array("h", quiet)) < max(array("h", usual)) / 2
    assert pitch_of(await spoken(model(pitch=90), text)) > 1.3 * pitch_of(usual)
    assert pitch_of(await spoken(model(variant="f3"), text)) > 1.3 * pitch_of(usual)
    assert not alike(await spoken(model(voice="de"), text), usual)
    assert alike(await spoken(model(), text, rate=350), await spoken(model(rate=350), text))


def pitch_of(samples: bytes) -> float:
    """How often a second the wave is most like itself, roughly: 60 to 500, by autocorrelation over its loudest part."""
    wave_form = array("h", samples)
    loudest = max(range(0, len(wave_form) - 2048, 512), key=lambda start: max(wave_form[start : start + 512]))
    part = wave_form[loudest : loudest + 2048]
    lags = range(RATE // 500, RATE // 60)
    return RATE / max(lags, key=lambda lag: sum(a * b for a, b in zip(part, part[lag:], strict=False)))


@pytest.mark.parametrize(
    ("name", "same"),
    [("EN-US", "en-us"), ("de_AT", "de"), ("zh-CN", "cmn"), ("German", "de"), ("gmw/de", "de"), ("fr-fr", "fr")],
)
async def test_voices_have_several_names(name: str, same: str) -> None:
    assert alike(await spoken(model(voice=name), NUMBERS), await spoken(model(voice=same), NUMBERS))
    assert not alike(await spoken(model(voice=name), NUMBERS), await spoken(model(voice="ru"), NUMBERS))


async def test_a_variant_may_follow_the_voice() -> None:
    assert pitch_of(await spoken(model(voice="en-us+F3"), NUMBERS)) > 1.3 * pitch_of(await spoken(model(), NUMBERS))


@pytest.mark.parametrize("blank", ["", " \n", None])
async def test_a_blank_text_has_no_audio(blank: str | None) -> None:
    response = await model().synthesize(blank)
    assert isinstance(response, TTSResponse) and response.content is None
    (last,) = [response async for response in await streamed(model(stream=True), "")]
    assert last.is_last and last.content is None


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"voice": "klingonic"}, "klingon"),
        ({"voice": "../../../etc/passwd"}, "unknown voice"),
        ({"variant": "../f1"}, "unknown variant"),
        ({"voice": "en+nobody"}, "unknown variant 'nobody'"),
        ({"speed": 2}, "the parameters are voice, variant, rate, pitch, volume"),
        ({"rate": 5000}, "rate: .* 450"),
    ],
)
async def test_what_it_cannot_do_is_said(kwargs: dict[str, Any], message: str) -> None:
    for stream in (True, False):
        with pytest.raises(InvalidRequestError, match=message):
            await model(stream=stream).synthesize("Hi", **kwargs)
    with pytest.raises(NotFoundError, match=ESPEAK):
        EmbeddedTTSModel(EmbeddedCredential(), "other")


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(SettingsError, match=r"pip install 'modelport\[embedded-speech\]'"):
        model()


async def test_its_card_tells_the_truth() -> None:
    assert EmbeddedCredential.get_tts_model_classes() == [EmbeddedTTSModel]
    (card,) = EmbeddedCredential.list_tts_models()
    assert (card.name, card.realtime, card.voices[0]) == (ESPEAK, False, EmbeddedTTSModel.Parameters().voice)
    assert card.visible_parameters() == ["voice", "variant", "rate", "pitch", "volume"]

    def all_of_them(espeak: Espeak) -> None:
        for voice in card.voices:
            espeak.choose(MANNER._replace(voice=voice))
        for variant in card.parameter_schema["properties"]["variant"]["examples"]:
            espeak.choose(MANNER._replace(variant=variant))

    await with_espeak(all_of_them)
