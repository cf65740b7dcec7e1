"""Speech by `/audio/speech`: what is asked for, and every form in which audio comes back.

Facts: docs/protocols/openai-tts.md#answer-as-audio, docs/protocols/openai-tts.md#compatible-servers.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import wave
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport import Modelport
from modelport.adapters.wire.audio_pieces import SpeechPieces
from modelport.credential import OpenAICredential, XAICredential
from modelport.domain.message.wav import streaming_header
from modelport.domain.speech.audio import AudioFormat
from modelport.error import (
    AuthenticationError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.testing.servers.http import ABORT, RecordedRequest, ScriptedAnswer, ScriptedServer
from modelport.tts import OpenAITTSModel, TTSResponse, XAITTSModel, join_audio

PCM = struct.pack("<200h", *range(-100, 100))
MP3 = b"\xff\xf3\xc4\xc4" + bytes(range(200))
Json = dict[str, Any]  # Any: JSON


def audio(data: bytes, kind: str = "audio/pcm", pieces: int = 7) -> ScriptedAnswer:
    size = max(1, len(data) // pieces)
    cut = [data[start : start + size] for start in range(0, len(data), size)]
    return ScriptedAnswer(200, {"content-type": kind}, cut)


def events(*payloads: Json | str) -> ScriptedAnswer:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in payloads]
    return ScriptedAnswer(
        200, {"content-type": "text/event-stream"}, ["".join(f"data: {t}\n\n" for t in texts).encode()]
    )


def delta(data: bytes) -> Json:
    return {"type": "speech.audio.delta", "audio": base64.b64encode(data).decode()}


_NOTHING = (ServerError, StreamTruncatedError)
DONE = {"type": "speech.audio.done", "usage": {"input_tokens": 9, "output_tokens": 12, "total_tokens": 21}}


async def speak(
    *answers: ScriptedAnswer, name: str = "tts-1", text: str = "Hello.", stream: bool = False, **parameters: Any
) -> tuple[bytes, str, TTSResponse, list[RecordedRequest]]:
    """The audio, its type, the last response and the requests."""
    async with ScriptedServer([*answers]) as server:
        model = OpenAITTSModel(
            OpenAICredential(api_key="k-PlantedWord7", base_url=server.base_url),
            name,
            OpenAITTSModel.Parameters(**parameters),
            stream=stream,
            max_retries=0,
        )
        spoken = await model.synthesize(text)
        if isinstance(spoken, TTSResponse):
            assert spoken.content is not None
            return spoken.content.to_bytes(), spoken.content.source.media_type, spoken, server.requests
        steps = [step async for step in spoken]
        joined = join_audio(steps)
        return joined.to_bytes(), joined.source.media_type, steps[-1], server.requests


def samples(data: bytes) -> tuple[bytes, int]:
    with wave.open(io.BytesIO(data)) as opened:
        return opened.readframes(opened.getnframes()), opened.getframerate()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("pieces", [1, 3, 7, 399])
async def test_samples_become_a_wav_however_they_are_cut(stream: bool, pieces: int) -> None:
    data, kind, _, requests = await speak(audio(PCM, pieces=pieces), stream=stream)
    assert (samples(data), kind) == ((PCM, 24_000), "audio/wav")
    body = requests[0].json()
    assert body == {"model": "tts-1", "input": "Hello.", "voice": "alloy", "response_format": "pcm"}


@pytest.mark.parametrize("stream", [True, False])
async def test_a_wav_with_placeholder_sizes_gets_true_ones_and_its_own_rate(stream: bool) -> None:
    sent = streaming_header(48_000) + PCM
    data, _, _, _ = await speak(audio(sent, "audio/wav"), stream=stream, response_format="wav")
    assert samples(data) == (PCM, 48_000)


async def test_bare_samples_have_their_rate_in_the_type() -> None:
    data, kind, _, _ = await speak(audio(PCM), response_format="pcm")
    assert (data, kind) == (PCM, "audio/pcm;rate=24000")


@pytest.mark.parametrize("stream", [True, False])
async def test_a_file_of_another_kind_is_delivered_as_it_came(stream: bool) -> None:
    data, kind, _, requests = await speak(audio(MP3, "audio/mpeg"), stream=stream, response_format="mp3")
    assert (data, kind) == (MP3, "audio/mpeg")
    assert requests[0].json()["response_format"] == "mp3"


@pytest.mark.parametrize("end", [DONE, "[DONE]"])
async def test_events_bring_the_usage(end: Json | str) -> None:
    answer = events(delta(PCM[:101]), delta(PCM[101:]), end)
    data, _, last, requests = await speak(answer, name="gpt-4o-mini-tts", instructions="Softly.")
    assert samples(data)[0] == PCM
    assert requests[0].json()["stream_format"] == "sse" and requests[0].json()["instructions"] == "Softly."
    if end is DONE:
        assert last.usage is not None and (last.usage.input_tokens, last.usage.output_tokens) == (9, 12)


async def test_a_server_that_knows_no_events_sends_the_file_all_the_same() -> None:
    data, _, _, _ = await speak(audio(streaming_header(24_000) + PCM, "audio/wav"), name="gpt-4o-mini-tts")
    assert samples(data)[0] == PCM


async def test_events_that_were_not_asked_for_are_read() -> None:
    data, _, last, _ = await speak(events(delta(PCM), DONE))
    assert samples(data)[0] == PCM and last.usage is not None


@pytest.mark.parametrize("field", ["audio_data", "audio", "data"])
async def test_audio_inside_json(field: str) -> None:
    answer = ScriptedAnswer.json({field: base64.b64encode(MP3).decode()})
    assert (await speak(answer, response_format="mp3"))[0] == MP3


@pytest.mark.parametrize("first", [b"{", b"<", b"data:", b":"])
async def test_samples_that_look_like_text_are_samples(first: bytes) -> None:
    sent = first + bytes(501 - len(first)) + b"\x01"
    data, kind, _, _ = await speak(audio(sent), response_format="pcm")
    assert (data, kind) == (sent[: len(sent) // 2 * 2], "audio/pcm;rate=24000")


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (
            ScriptedAnswer.json({"error": {"message": "bad voice", "code": "invalid_value"}}, 400),
            InvalidRequestError,
            "bad",
        ),
        (
            ScriptedAnswer.json({"error": {"message": "no key", "code": "invalid_api_key"}}),
            AuthenticationError,
            "no key",
        ),
        (ScriptedAnswer(200, {"content-type": "text/html"}, [b"<html>Hi</html>"]), ResponseDecodeError, "HTML page"),
        (
            ScriptedAnswer(200, {"content-type": "audio/pcm"}, [b"<!doctype html><p>Hi"]),
            ResponseDecodeError,
            "HTML page",
        ),
        (ScriptedAnswer.json({"id": "1"}), ResponseDecodeError, "JSON with id"),
        (
            ScriptedAnswer(200, {"content-type": "audio/pcm"}, [b""]),
            (ServerError, StreamTruncatedError),
            "audio|last event",
        ),
        (events({"type": "speech.audio.error", "message": "it broke"}), ServerError, "it broke"),
        (events(delta(PCM)), StreamTruncatedError, "before its last event"),
    ],
    ids=["status", "error in 200", "page", "page as audio", "other JSON", "nothing", "error event", "no end"],
)
@pytest.mark.parametrize("name", ["tts-1", "gpt-4o-mini-tts"])
async def test_what_holds_no_speech_is_an_error(
    answer: ScriptedAnswer, kind: type[ModelError] | tuple[type[ModelError], ...], says: str, name: str
) -> None:
    with pytest.raises(kind, match=says):
        await speak(answer, name=name)


async def test_a_file_that_is_cut_short_is_an_error_with_the_audio_so_far() -> None:
    answer = ScriptedAnswer(200, {"content-type": "audio/pcm"}, [PCM[:100], PCM[100:200], ABORT])
    with pytest.raises(ModelConnectionError) as caught:
        await speak(answer)
    (block,) = caught.value.partial.content if caught.value.partial else ()
    assert samples(block.to_bytes())[0] == PCM[:200]  # type: ignore[union-attr]  # a block of data


async def test_long_texts_are_split_and_joined() -> None:
    text = "One sentence of some words. " * 200
    first, second = audio(streaming_header(24_000) + PCM, "audio/wav"), audio(PCM)
    data, _, _, requests = await speak(first, second, text=text)
    assert samples(data)[0] == PCM + PCM
    assert all(len(request.json()["input"]) <= 4096 for request in requests)
    data, _, _, _ = await speak(audio(MP3, "audio/mpeg"), audio(MP3, "audio/mpeg"), text=text, response_format="mp3")
    assert data == MP3 + MP3


async def test_files_that_cannot_be_joined_are_refused_before_any_request() -> None:
    with pytest.raises(InvalidRequestError, match="4096 characters for flac"):
        await speak(text="word " * 1000, response_format="flac")


async def test_audio_that_changes_its_rate_cannot_be_joined() -> None:
    one, other = (audio(streaming_header(rate) + PCM, "audio/wav") for rate in (24_000, 48_000))
    with pytest.raises(ResponseDecodeError, match="cannot be joined"):
        await speak(one, other, text="word " * 1000)


FORMAT = struct.pack("<IHHIIHH", 18, 1, 2, 48_000, 192_000, 4, 16) + b"\0\0"


async def test_a_longer_wav_header_says_the_rate_and_the_channels() -> None:
    sent = b"RIFF\xff\xff\xff\xffWAVEJUNK\2\0\0\0abfmt " + FORMAT + b"data\xff\xff\xff\xff" + PCM
    spoken, *_ = await speak(audio(sent, "audio/wav"))
    assert spoken == streaming_header(48_000, 2, size=len(PCM)) + PCM


@pytest.mark.parametrize("size", [len(PCM), 0, 100, None, 0x7FFFFFFF])
@pytest.mark.parametrize("cut", [1, 3, 44, 1000])
def test_chunks_behind_the_samples_are_no_audio_and_wrong_sizes_lose_none(size: int | None, cut: int) -> None:
    behind = b"LIST\x04\0\0\0INFO" if size == len(PCM) else b""
    sent, pieces = streaming_header(24_000, size=size) + PCM + behind, SpeechPieces(AudioFormat("audio/wav"))
    chunks = [pieces.feed(sent[start : start + cut]) for start in range(0, len(sent), cut)]
    assert b"".join(chunk.pcm for chunk in chunks if chunk) == PCM


async def test_samples_that_are_no_integers_are_refused() -> None:
    with pytest.raises(ResponseDecodeError, match="encoding 7"):
        await speak(audio(streaming_header(8_000)[:20] + b"\7\0" + streaming_header(8_000)[22:] + PCM, "audio/wav"))


@pytest.mark.parametrize(("begin", "kind"), [(b"ID3", "audio/mpeg"), (b"OggS", "audio/ogg"), (b"fLaC", "audio/flac")])
async def test_a_compressed_file_in_place_of_samples_is_what_it_is(begin: bytes, kind: str) -> None:
    spoken, found, *_ = await speak(audio(begin + PCM, kind))
    assert (spoken, found) == (begin + PCM, kind)


async def test_text_is_no_audio() -> None:
    with pytest.raises(ResponseDecodeError, match="got text"):
        await speak(audio(b"upstream connect error or disconnect", "text/plain", pieces=1))


@given(st.binary(max_size=600), st.booleans(), st.lists(st.integers(0, 700), max_size=8))
@settings(max_examples=60)
def test_pieces_of_any_size_give_the_same_samples(pcm: bytes, header: bool, cuts: list[int]) -> None:
    sent = (streaming_header(16_000) if header else b"\x01\x02") + pcm
    places = sorted({min(cut, len(sent)) for cut in cuts} | {0, len(sent)})
    pieces = SpeechPieces(AudioFormat("audio/wav", 24_000))
    chunks = [pieces.feed(sent[start:end]) for start, end in pairwise(places)]
    whole = b"".join(chunk.pcm for chunk in chunks if chunk)
    expected = pcm if header else b"\x01\x02" + pcm
    assert whole == expected[: len(expected) // 2 * 2]
    formats = [chunk.format for chunk in chunks if chunk and chunk.format]
    assert formats == [AudioFormat("audio/wav", 16_000 if header else 24_000)][: len(formats)] and len(formats) <= 1


async def test_xai_has_a_path_and_fields_of_its_own() -> None:
    async with ScriptedServer([audio(MP3, "audio/mpeg")]) as server:
        credential = XAICredential(api_key="k-PlantedWord7", base_url=server.base_url)
        model = XAITTSModel(credential, "grok-tts", XAITTSModel.Parameters(voice="eve"), stream=False, max_retries=0)
        spoken = await model.synthesize("Hello.")
        (request,) = server.requests
    assert request.path.endswith("/tts")
    assert request.json() == {"model": "grok-tts", "text": "Hello.", "language": "auto", "voice_id": "eve"}
    assert type(spoken) is TTSResponse
    assert spoken.content and spoken.content.source.media_type == "audio/mpeg"


@pytest.mark.parametrize(
    ("provider", "asked"), [("groq", "wav"), ("openrouter", "pcm"), ("mistral", None), ("together", "wav")]
)
async def test_providers_that_speak(provider: str, asked: str | None) -> None:
    async with ScriptedServer([audio(PCM)]) as server:
        settings_of: Json = {"credentials": {provider: {"api_key": "k-PlantedWord7", "base_url": server.base_url}}}
        settings_of["tts"] = {"say": {"credential": provider, "model": "any-model", "stream": False}}
        hub = Modelport.from_mapping(settings_of, {})
        model = hub.tts("say")
        await model.synthesize("Hello.")
        (request,) = server.requests
    assert (request.path, request.json().get("response_format")) == ("/audio/speech", asked)
    assert model.provider_name == provider
