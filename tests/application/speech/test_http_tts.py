"""The engine of speech over HTTP, with a provider of the test's own."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from modelport.adapters.wire.framing import NDJSONFramer
from modelport.application.speech.http import HttpTTSModel
from modelport.credential import CredentialBase
from modelport.domain.speech.spoken import DELIVERED_KEPT
from modelport.error import MediaError, ModelError, ServerError, StreamTruncatedError
from modelport.message import Base64Source, DataBlock, URLSource
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.speech import SpeechChunk, SpeechRequest, SpeechWireCall, TTSCodec
from modelport.ports.http import HttpRequest
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tts import TTSResponse, TTSUsage
from tests.contract.runtimes import runtime_with


class Lines:
    """Each line is audio; `error` fails, `file` offers a file, and `.` ends the answer."""

    def __init__(self) -> None:
        self.ended = False
        self.failure: ModelError | None = None
        self.file: URLSource | None = None

    def feed(self, payloads: Sequence[bytes]) -> SpeechChunk | None:
        pcm = b""
        for payload in payloads:
            if payload == b"error":
                self.failure = ServerError("the server failed")
                break
            if payload == b"file":
                self.file = URLSource(url="https://files.example/a.wav", media_type="audio/wav")
            elif payload == b".":
                self.ended = True
            else:
                pcm += payload
        return SpeechChunk(pcm) if pcm else None

    def finish(self) -> SpeechChunk:
        if not self.ended:
            raise StreamTruncatedError("no end")
        return SpeechChunk(file=self.file, usage=TTSUsage(characters=3), facts={"id": "1"})


class LinesFramer:
    """Lines that are no JSON, so that their first bytes say nothing of the kind of answer."""

    def __init__(self) -> None:
        self._lines = NDJSONFramer()
        self.feed = self._lines.feed
        self.tail = self._lines.tail


class LinesCodec:
    sample_rate = 8000

    def encode(self, request: SpeechRequest) -> SpeechWireCall:
        sent = HttpRequest("POST", request.endpoint.base_url, {}, request.text.encode())
        return SpeechWireCall(sent, LinesFramer, Lines, lambda body: SpeechChunk(body, usage=TTSUsage(characters=1)))

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        return ServerError("refused", status_code=status, retryable=True)


class LinesModel(HttpTTSModel):
    codec: ClassVar[TTSCodec] = LinesCodec()
    url: ClassVar[str] = ""

    def endpoint(self) -> Endpoint:
        return Endpoint(self.url)


def model(server: ScriptedServer, **options: Any) -> LinesModel:
    runtime = runtime_with(VirtualClock(skip_sleeps=True))
    if loader := options.pop("loader", None):
        runtime = dataclasses.replace(runtime, media_loader=loader)
    subject = LinesModel(CredentialBase(), "lines", runtime=runtime, **options)
    type(subject).url = server.base_url
    return subject


def lines(*parts: str) -> ScriptedAnswer:
    return ScriptedAnswer.whole("".join(f"{part}\n" for part in parts).encode(), "application/x-ndjson")


def samples(response: TTSResponse) -> bytes:
    if response.content is None:
        return b""
    assert isinstance(response.content.source, Base64Source)
    return base64.b64decode(response.content.source.data)[44:]


async def whole(subject: LinesModel) -> TTSResponse:
    response = await subject.synthesize("Hello")
    assert isinstance(response, TTSResponse)
    return response


async def test_a_streamed_answer() -> None:
    async with ScriptedServer([lines("ab", "cd", ".")]) as server:
        stream = await model(server).synthesize("Hello")
        assert isinstance(stream, AsyncGenerator)
        responses = [response async for response in stream]
        assert server.requests[0].body == b"Hello"
    assert b"".join(samples(response) for response in responses) == b"abcd"
    last = responses[-1]
    assert (last.is_last, last.metadata) == (True, {"requests": [{"id": "1"}]})
    assert last.usage is not None and last.usage.characters == 3


async def test_a_server_that_does_not_stream() -> None:
    async with ScriptedServer([ScriptedAnswer.whole(b"abcd", "application/json")]) as server:
        response = await whole(model(server, stream=False))
    assert samples(response) == b"abcd" and response.usage is not None and response.usage.characters == 1


async def test_only_a_failure_before_the_first_audio_is_retried() -> None:
    busy = ScriptedAnswer.whole(b"", "text/plain", status=503)
    async with ScriptedServer([busy, lines("error"), lines("ab", ".")]) as server:
        response = await whole(model(server, stream=False))
    assert samples(response) == b"ab"
    assert [one.error for one in response.attempts] == ["ServerError", "ServerError", None]
    async with ScriptedServer([lines("ab", "error"), lines("ab", ".")]) as server:
        with pytest.raises(ServerError) as caught:
            await whole(model(server, stream=False))
        assert len(server.requests) == 1
    assert caught.value.partial is not None and len(caught.value.partial.content) == 1


async def test_of_a_long_stream_the_error_has_the_beginning_and_of_a_whole_file_all() -> None:
    long = "ab" * DELIVERED_KEPT
    for stream in (True, False):
        async with ScriptedServer([lines(long, long, "error")]) as server:
            subject = model(server, stream=stream)
            with pytest.raises(ServerError) as caught:
                answer = await subject.synthesize("Hello")
                assert isinstance(answer, AsyncGenerator)
                async for _ in answer:
                    pass
        (block,) = caught.value.partial.content if caught.value.partial else []
        assert isinstance(block, DataBlock)
        assert len(block.to_bytes()) - 44 == (DELIVERED_KEPT // 12 * 12 if stream else 4 * DELIVERED_KEPT)


async def test_a_file_that_cannot_be_loaded_is_not_a_failed_attempt() -> None:
    class Missing:
        async def load(self, source: URLSource) -> Base64Source:
            raise MediaError(f"{source.url} is missing")

    async with ScriptedServer([lines("file", ".")]) as server:
        with pytest.raises(MediaError, match=r"a\.wav is missing"):
            await whole(model(server, stream=False, loader=Missing()))
        assert len(server.requests) == 1, "the request succeeded, so that it is not paid for twice"
