"""Many realtime sessions at once: no audio is lost or swapped, and audio that waits for its reader is bounded."""

from __future__ import annotations

import asyncio
import base64
import json
import tracemalloc
from typing import Any

import pytest

from modelport.domain.message.wav import streaming_header
from modelport.testing.clock import VirtualClock
from modelport.transport import Timeouts
from tests.adapters.dashscope.speech_servers import CosyVoiceServer, Trouble, voice
from tests.adapters.dashscope.speech_support import (
    COSYVOICE,
    EACH,
    QWEN,
    Kind,
    audio,
    nothing_left,
    opened,
    read,
    whole,
)

SESSIONS = 200
MIB = 1024 * 1024


def text_of(number: int) -> str:
    return f"I am number {number}. " + "".join(chr(0x4E00 + (number * 31 + step) % 5000) for step in range(50))


async def session(kind: Kind, server: Any, number: int) -> bytes:  # Any: the server of the kind
    """Pushes word by word, and listens in between."""
    text, heard = text_of(number), b""
    async with kind.model(server) as model:
        for start in range(0, len(text), 7):
            heard += audio(await model.push(text[start : start + 7]))
            await asyncio.sleep(0)
        return heard + b"".join(map(audio, await read(await opened(model))))


@EACH
async def test_two_hundred_sessions_at_once(kind: Kind) -> None:
    async with kind.server(frame=63) as server, nothing_left(server):
        heard = await asyncio.gather(*(session(kind, server, number) for number in range(SESSIONS)))
        assert server.connections == SESSIONS and sorted(server.utterances) == sorted(map(text_of, range(SESSIONS)))
    assert len(set(heard)) == SESSIONS
    for number, got in enumerate(heard):
        assert got == streaming_header(24_000) + voice(text_of(number))


async def test_two_hundred_sessions_are_small() -> None:
    async with COSYVOICE.server(frame=255) as server, nothing_left(server):
        tracemalloc.start()
        try:
            await asyncio.gather(*(session(COSYVOICE, server, number) for number in range(SESSIONS)))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 64 * MIB, "a third of a megabyte a session at the most, both ends counted"


@pytest.mark.parametrize("kind", [QWEN, COSYVOICE])
async def test_a_listener_who_is_slow_makes_the_server_wait(kind: Kind) -> None:
    """A server that has 32 MiB to say, and a caller who does not listen: what waits here is bounded."""
    sent, piece, flowing = 0, b"\1\2" * 8192, asyncio.Event()

    async def flood(connection: Any) -> None:  # Any: the server's connection
        nonlocal sent
        for _ in range(2048):
            delta = {"type": "response.audio.delta", "delta": base64.b64encode(piece).decode()}
            await connection.send(json.dumps(delta) if kind is QWEN else piece)
            sent += len(piece)
            if sent > MIB:
                flowing.set()

    async with kind.server(Trouble("audio", flood)) as server, nothing_left(server):
        clock = VirtualClock()
        async with kind.model(server, clock, timeouts=Timeouts(idle=5, first_event=5, total=None)) as model:
            await model.push("Hello.")
            await flowing.wait()
            stream = await opened(model)
            before = -1
            while before != sent:
                before = sent
                await asyncio.sleep(0.1)
            assert sent < 16 * MIB, "the server waits"
            clock.advance(60)  # it is not the server's fault
            await asyncio.sleep(0.01)
            size = 0
            async for response in stream:
                size += len(audio(response))
        assert size == 44 + 2048 * len(piece) + len(voice("Hello"))


async def test_who_wants_the_whole_gets_it_however_much_it_is() -> None:
    async def flood(connection: Any) -> None:  # Any: the server's connection
        for _ in range(64):
            await connection.send(b"\1\2" * 32768)

    async with CosyVoiceServer(Trouble("audio", flood)) as server, nothing_left(server):
        response = await whole(COSYVOICE.model(server, stream=False), "Hello.")
    assert len(audio(response)) == 44 + 64 * 65536 + len(voice("Hello"))
