"""Speech without any audio is an error after its retries, and a warning where the text has nothing to pronounce."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from modelport.credential import DashScopeCredential
from modelport.domain.speech.text import cut_text, makes_sound
from modelport.error import ServerError, StreamTruncatedError
from modelport.ports.websocket import Frame, WebSocketClosed
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tts import DashScopeTTSModel, TTSResponse
from tests.adapters.dashscope.speech_support import audio, opened, read, whole
from tests.application.speech import test_realtime_tts as realtime


class Dying(realtime.Wire):
    """The connection ends without any frame of the server's."""

    async def receive(self) -> Frame:
        await self.arriving.get()
        raise WebSocketClosed(1011)


def silent_wire() -> realtime.Wire:
    wire = realtime.Wire()
    wire.arriving.put_nowait("!")
    return wire


@pytest.mark.parametrize("retries", [0, 2])
async def test_realtime_speech_without_audio_is_an_error_after_its_retries(retries: int) -> None:
    wires = [silent_wire() for _ in range(retries + 1)]
    with pytest.raises(ServerError, match="without any audio for 5 characters") as caught:
        await read(await opened(realtime.model(*wires, max_retries=retries), "Hello"))
    assert len(caught.value.attempts) == retries + 1
    assert all(wire.sent[:2] == ["Hello", "!"] and wire.closed for wire in wires)


async def test_realtime_speech_that_comes_with_a_retry_is_no_error() -> None:
    good = realtime.Wire()
    good.arriving.put_nowait(b"1234")
    good.arriving.put_nowait("!")
    responses = await read(await opened(realtime.model(silent_wire(), good), "Hello"))
    assert b"".join(map(audio, responses)) == b"1234" and len(responses[-1].attempts) == 2


@pytest.mark.parametrize("text", ["...", "?!", "—", "<break/>", "🎉"])
async def test_a_text_with_nothing_to_pronounce_is_warned_of(text: str) -> None:
    response = await whole(realtime.model(silent_wire(), stream=False), text)
    assert response.content is None
    (warning,) = [warning for warning in response.warnings if warning.kind == "other"]
    assert warning.setting == "text" and "pronounce" in warning.message


def over_http(url: str, **options: Any) -> DashScopeTTSModel:
    return DashScopeTTSModel(
        DashScopeCredential(api_key="sk-secret-key-PlantedWord7", base_url=url), "qwen3-tts-flash", **options
    )


def http_answer(stream: bool, data: bytes = b"") -> ScriptedAnswer:
    audio = {"data": base64.b64encode(data).decode(), "id": "a", "expires_at": 1_790_000_000}
    value = {"output": {"audio": audio, "finish_reason": "stop"}, "request_id": "r", "usage": {"characters": 5}}
    return ScriptedAnswer.sse(json.dumps(value)) if stream else ScriptedAnswer.json(value)


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("streamed", [True, False])
async def test_speech_over_http_without_audio_is_an_error_after_its_retries(
    stream: bool, streamed: bool, retries: int
) -> None:
    """Whether the caller or the server streams does not matter."""
    async with ScriptedServer([http_answer(streamed)] * 4) as server:
        subject = over_http(server.base_url, stream=stream, max_retries=retries, retry_delay=0)
        with pytest.raises(ServerError, match="without any audio for 5 characters") as caught:
            await whole_of(subject, "Hello")
        assert len(caught.value.attempts) == len(server.requests) == retries + 1


@pytest.mark.parametrize("stream", [True, False])
async def test_speech_over_http_that_comes_with_a_retry_is_no_error(stream: bool) -> None:
    async with ScriptedServer([http_answer(stream), http_answer(stream, b"12")]) as server:
        responses = await whole_of(over_http(server.base_url, stream=stream, retry_delay=0), "Hello")
    assert b"".join(map(audio, responses)).endswith(b"12") and len(responses[-1].attempts) == 2


@pytest.mark.parametrize("text", ["...", "?!", "🎉"])
@pytest.mark.parametrize("stream", [True, False])
async def test_over_http_a_text_with_nothing_to_pronounce_is_warned_of(stream: bool, text: str) -> None:
    async with ScriptedServer([http_answer(stream)]) as server:
        responses = await whole_of(over_http(server.base_url, stream=stream), text)
    assert b"".join(map(audio, responses))[44:] == b""
    (warning,) = [warning for warning in responses[-1].warnings if warning.kind == "other"]
    assert warning.setting == "text" and "pronounce" in warning.message


async def whole_of(subject: DashScopeTTSModel, text: str) -> list[TTSResponse]:
    answer = await subject.synthesize(text)
    return [answer] if isinstance(answer, TTSResponse) else [response async for response in answer]


async def test_a_text_given_to_a_spare_connection_is_an_attempt() -> None:
    spare, fresh = Dying(), realtime.Wire()
    subject = realtime.model(spare, fresh, max_retries=0)
    await subject.connect()
    await subject.push("Hello")
    await realtime.settle()
    spare.arriving.put_nowait("close")
    with pytest.raises(StreamTruncatedError) as caught:
        await read(await opened(subject))
    assert len(caught.value.attempts) == 1 and fresh.sent == []
    await subject.close()


SOUNDS = {"a": True, "7": True, "字": True, "...": False, "<b>…</b>": False}


@pytest.mark.parametrize(("text", "sound"), SOUNDS.items())
def test_what_makes_a_sound(text: str, sound: bool) -> None:
    assert makes_sound(text) is sound


@pytest.mark.parametrize("limit", [1, 3, 7, 10, None])
def test_pieces_of_one_utterance_are_the_text_again(limit: int | None) -> None:
    text = "One sentence. Another, longer one!  Two spaces\nand a line – 字字。字"
    pieces = cut_text(text, limit)
    assert "".join(pieces) == text and all(len(piece) <= (limit or len(text)) for piece in pieces)
