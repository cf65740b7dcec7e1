"""DashScope's speech over HTTP: requests, streams, wholes, and long texts."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.cards.yaml_source import YamlCardSource
from modelport.adapters.dashscope.speech.http import DashScopeTTSCodec, DashScopeTTSDecoder
from modelport.adapters.wire.framing import SSEFramer
from modelport.composition.defaults import build_runtime
from modelport.composition.providers.catalogue import catalogue
from modelport.composition.providers.registry import ProviderRegistry
from modelport.credential import DashScopeCredential
from modelport.domain.message.wav import streaming_header
from modelport.error import InvalidRequestError, ResponseDecodeError
from modelport.message import Base64Source, URLSource
from modelport.ports.codec.speech import SpeechChunk
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tts import DashScopeTTSModel, TTSResponse

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings" / "dashscope-tts"
PATH = "/api/v1/services/aigc/multimodal-generation/generation"
FILE = "http://dashscope-result-xy.oss-cn-test.aliyuncs.com/a/b.wav?Expires=1&Signature=s"
PIECES = [b"\x01\x02\x03", b"\x04\x05", b"\x06\x07\x08\x09\x0a"]
PCM = b"".join(PIECES)


def event(data: bytes = b"", reason: str = "null", **usage: int) -> str:
    audio: dict[str, Any] = {"data": base64.b64encode(data).decode(), "id": "audio_1", "expires_at": 1_790_000_000}
    if reason == "stop":
        audio["url"] = FILE
    answer = {"output": {"audio": audio, "finish_reason": reason}, "request_id": "req-1"}
    return json.dumps({**answer, "usage": usage} if usage else answer)


def spoken(*pieces: bytes, **usage: int) -> ScriptedAnswer:
    usage = usage or {"characters": 5}
    return ScriptedAnswer.sse(*[event(piece, characters=1) for piece in pieces], event(b"", "stop", **usage))


def model(url: str = "http://127.0.0.1:1", name: str = "qwen3-tts-flash", **options: Any) -> DashScopeTTSModel:
    return DashScopeTTSModel(DashScopeCredential(api_key="sk-secret-key-PlantedWord7", base_url=url), name, **options)


def audio(response: TTSResponse) -> bytes:
    if response.content is None:
        return b""
    assert isinstance(response.content.source, Base64Source)
    assert response.content.source.media_type == "audio/wav"
    return base64.b64decode(response.content.source.data)


async def streamed(subject: DashScopeTTSModel, text: str = "Hello", **fields: Any) -> list[TTSResponse]:
    stream = await subject.synthesize(text, **fields)
    assert isinstance(stream, AsyncGenerator)
    return [response async for response in stream]


async def whole(subject: DashScopeTTSModel, text: str = "Hello", **fields: Any) -> TTSResponse:
    response = await subject.synthesize(text, **fields)
    assert isinstance(response, TTSResponse)
    return response


async def test_a_stream_is_one_wav_and_its_end_repeats_nothing() -> None:
    async with ScriptedServer([spoken(*PIECES, characters=5)]) as server:
        responses = await streamed(model(server.base_url))
    assert b"".join(map(audio, responses)) == streaming_header(24_000) + PCM
    assert all((len(audio(response)) - 44 * (index == 0)) % 2 == 0 for index, response in enumerate(responses))
    assert [response.is_last for response in responses] == [False] * (len(responses) - 1) + [True]
    assert len({response.id for response in responses}) == 1
    last = responses[-1]
    assert (last.content, last.provider, last.model) == (None, "dashscope", "qwen3-tts-flash")
    assert last.usage is not None and (last.usage.characters, last.usage.raw) == (5, {"characters": 5})
    assert [(one.number, one.status_code) for one in last.attempts] == [(1, 200)]
    assert last.metadata is not None and last.metadata["requests"][0]["audio_url"] == FILE


async def test_the_request() -> None:
    parameters = DashScopeTTSModel.Parameters(voice="Serena", language_type="English")
    async with ScriptedServer([spoken(*PIECES)]) as server:
        await streamed(model(server.base_url, parameters=parameters), extra_headers={"x-mine": "1"})
        request = server.requests[0]
    assert (request.method, request.path) == ("POST", PATH)
    assert request.json() == {
        "model": "qwen3-tts-flash",
        "input": {"text": "Hello", "voice": "Serena", "language_type": "English"},
        "parameters": {},
    }
    sent = {name: request.headers[name] for name in ("authorization", "x-dashscope-sse", "accept", "x-mine")}
    assert sent == {
        "authorization": "Bearer sk-secret-key-PlantedWord7",
        "x-dashscope-sse": "enable",
        "accept": "text/event-stream",
        "x-mine": "1",
    }


@pytest.mark.parametrize("path", ["/compatible-mode/v1", "/api/v1", "", "/proxy/compatible-mode/v1"])
async def test_the_base_url_is_honoured(path: str) -> None:
    async with ScriptedServer([spoken(*PIECES)]) as server:
        await streamed(model(server.base_url + path))
        assert server.requests[0].path == ("/proxy" if "proxy" in path else "") + PATH


async def test_the_callers_fields_win_and_the_first_voice_is_the_default() -> None:
    async with ScriptedServer([spoken(*PIECES), spoken(*PIECES)]) as server:
        subject = model(server.base_url)
        await streamed(subject)
        await streamed(subject, language_type="German", parameters={"x": 1}, extra_body={"input": {"voice": "Momo"}})
        bodies = [request.json() for request in server.requests]
    assert bodies[0]["input"] == {"text": "Hello", "voice": "Cherry"}
    assert bodies[1]["input"] == {"text": "Hello", "voice": "Momo", "language_type": "German"}
    assert bodies[1]["parameters"] == {"x": 1}


async def test_without_streaming_the_sizes_are_true() -> None:
    async with ScriptedServer([spoken(*PIECES, input_tokens=7, output_tokens=40, total_tokens=47)]) as server:
        response = await whole(model(server.base_url, stream=False))
        assert server.requests[0].headers["x-dashscope-sse"] == "enable"
    assert audio(response) == streaming_header(24_000, size=len(PCM)) + PCM
    assert response.usage is not None and (response.usage.input_tokens, response.usage.output_tokens) == (7, 40)
    assert response.is_last


async def test_a_header_in_the_stream_is_not_repeated() -> None:
    async with ScriptedServer([spoken(streaming_header(24_000) + PCM[:4], PCM[4:])]) as server:
        assert b"".join(map(audio, await streamed(model(server.base_url)))) == streaming_header(24_000) + PCM


async def test_half_a_sample_at_an_end_does_not_shift_the_next_request() -> None:
    text = "a" * 599 + ". " + "b" * 10
    async with ScriptedServer([spoken(b"\x01\x02\x03"), spoken(b"\x04\x05")]) as server:
        assert audio(await whole(model(server.base_url, stream=False), text))[44:] == b"\x01\x02\x04\x05"


async def test_a_long_text_is_spoken_in_order_as_one_wav() -> None:
    sentence = "One sentence of about forty characters. "
    text = sentence * 40
    answers = [spoken(bytes([number, 0]), characters=number) for number in (1, 2, 3)]
    async with ScriptedServer(answers) as server:
        responses = await streamed(model(server.base_url), text)
        sent = [request.json()["input"]["text"] for request in server.requests]
    assert len(sent) == 3 and all(len(piece) <= 600 and piece.endswith(".") for piece in sent)
    assert " ".join(sent) == text.strip()
    assert b"".join(map(audio, responses)) == streaming_header(24_000) + b"\x01\x00\x02\x00\x03\x00"
    last = responses[-1]
    assert last.usage is not None and last.usage.characters == 6
    assert [one.number for one in last.attempts] == [1, 2, 3]
    assert sum(response.is_last for response in responses) == 1


@pytest.mark.parametrize("text", [None, "", " \n"])
async def test_a_blank_text_sends_nothing(text: str | None) -> None:
    (last,) = [response async for response in await model().synthesize(text)]  # type: ignore[union-attr]
    response = await model(stream=False).synthesize(text)
    assert isinstance(response, TTSResponse)
    assert (last.content, last.is_last, response.content, response.is_last) == (None, True, None, True)


async def test_the_card_checks_the_voice_and_tells_what_it_does_not_know() -> None:
    with pytest.raises(InvalidRequestError, match="text is a int"):
        await model().synthesize(5)  # type: ignore[arg-type]
    parameters = DashScopeTTSModel.Parameters(voice="Momo", instructions="slowly")
    async with ScriptedServer([spoken(*PIECES), spoken(*PIECES)]) as server:
        known = (await streamed(model(server.base_url, parameters=parameters)))[-1]
        unknown = (await streamed(model(server.base_url, "qwen9-tts", parameters=parameters)))[-1]
        assert [sorted(request.json()["input"]) for request in server.requests] == [
            ["text", "voice"],
            ["instructions", "text", "voice"],
        ]
    assert {(warning.kind, warning.setting) for warning in known.warnings} >= {("dropped", "instructions")}
    assert [warning.kind for warning in unknown.warnings] == ["unknown_model"]


class Files:
    """A media loader that knows one file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[str] = []

    async def load(self, source: URLSource) -> Base64Source:
        self.asked.append(source.url)
        return Base64Source(data=base64.b64encode(self.data).decode(), media_type=source.media_type)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_server_that_only_offers_a_file(stream: bool) -> None:
    files = Files(streaming_header(24_000, size=len(PCM)) + PCM + b"LIST\x00\x00\x00\x00")
    answer = ScriptedAnswer.json(json.loads(event(reason="stop", characters=5)))
    async with ScriptedServer([answer]) as server:
        runtime = dataclasses.replace(build_runtime(), media_loader=files)
        subject = model(server.base_url, stream=stream, runtime=runtime)
        found = b"".join(map(audio, await streamed(subject))) if stream else audio(await whole(subject))
    assert found == streaming_header(24_000, size=None if stream else len(PCM)) + PCM
    assert files.asked == [FILE.replace("http:", "https:")]


def test_a_file_elsewhere_is_not_fetched() -> None:
    body = event(reason="stop").replace("dashscope-result-xy.oss-cn-test.aliyuncs.com", "aliyuncs.com.evil.example")
    with pytest.raises(ResponseDecodeError, match=r"evil\.example"):
        DashScopeTTSDecoder().body(body.encode())


async def test_fields_that_cannot_go_into_the_input() -> None:
    with pytest.raises(InvalidRequestError, match="field input is not a dict, so voice cannot be added to it"):
        await model().synthesize("Hi", input="none", voice="Cherry")


@pytest.mark.parametrize("url", [3, {"a": 1}, [FILE], "http://[::1", "file.wav"])
def test_a_file_that_is_nowhere_is_garbage(url: object) -> None:
    body = json.loads(event(reason="stop"))
    body["output"]["audio"]["url"] = url
    with pytest.raises(ResponseDecodeError, match="not the provider's storage"):
        DashScopeTTSDecoder().body(json.dumps(body).encode())


def test_cards_and_classes() -> None:
    assert [card.name for card in DashScopeTTSModel.list_models()] == ["qwen3-tts-flash"]
    assert DashScopeTTSModel in DashScopeCredential.get_tts_model_classes()
    assert "qwen3-tts-flash" in [card.name for card in DashScopeCredential.list_tts_models()]
    assert "sk-secret-key-PlantedWord7" not in repr(model().endpoint())
    listed = catalogue(ProviderRegistry(), YamlCardSource(), "dashscope", "tts")
    assert {"qwen3-tts-flash": ("DashScopeTTSModel",)}.items() <= {e.card.name: e.classes for e in listed}.items()
    assert "cosyvoice-v3-plus" in [entry.card.name for entry in listed], "cards are listed before their class exists"


# ---- bytes in, samples out


def decoded(received: list[bytes]) -> tuple[bytes, SpeechChunk]:
    framer, decoder, pcm = SSEFramer(), DashScopeTTSDecoder(), b""
    for data in received:
        chunk = decoder.feed(framer.feed(data))
        assert decoder.failure is None
        if chunk is not None:
            assert len(chunk.pcm) % 2 == 0
            pcm += chunk.pcm
    return pcm, decoder.finish()


STREAM = b"".join(
    f"id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n".encode()
    for number, data in enumerate([*(event(piece, characters=1) for piece in PIECES), event(reason="stop", x=1)])
)


def check(received: list[bytes]) -> None:
    pcm, last = decoded(received)
    assert (pcm, last.pcm, last.file) == (PCM, b"", None)
    assert last.usage is not None and last.usage.raw == {"x": 1}


def test_every_single_cut_gives_the_same() -> None:
    for cut in range(len(STREAM) + 1):
        check([STREAM[:cut], STREAM[cut:]])


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_any_cuts_give_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    check([STREAM[start:end] for start, end in pairwise(places)])


# ---- recorded traffic


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside the repository")
def test_recorded_answers() -> None:
    files = sorted(RECORDINGS.glob("*url*.json"))
    assert files
    for file in files:
        recording = json.loads(file.read_text())
        last = DashScopeTTSDecoder().body(recording["response"]["body"].encode())
        expected = recording["expected"]
        assert last.file is not None
        assert last.file.url == expected["audio_url"].replace("http:", "https:", 1)
        assert last.usage is not None and last.usage.raw == expected["usage"]
        assert DashScopeTTSCodec().sample_rate == 24_000
