"""The bridge between a browser and a voice model: headless Chromium with a tone as its microphone, and a provider that
answers it."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import re
import struct
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from modelport.testing.servers.websocket_loopback import WebSocketLoopbackServer
from tests.application.realtime.support import committed, created, done, heard, item, sound, speech, words
from tests.browser import Page, browser, needs_chromium
from tests.end_to_end.command import SECRET
from tests.examples.running import copy_of

pytest.importorskip("fastapi", reason="fastapi is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")

Json = dict[str, Any]
RATE, HERTZ = 24_000, 1000
PATIENCE = 60
SECOND = b"".join(struct.pack("<h", int(9000 * math.sin(2 * math.pi * 440 * n / RATE))) for n in range(RATE))
ANSWER_SECONDS = 20
"""So long that it is still played when it is interrupted, also on a busy machine."""


class Provider(WebSocketLoopbackServer):
    """One voice conversation in OpenAI's protocol, whose turns are in the hands of the test."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Json] = []
        self.speech = bytearray()
        self.arrived = asyncio.Condition()
        self.headers: dict[str, str] = {}
        self.socket: ServerConnection | None = None

    async def handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        self.headers = {name.lower(): value for name, value in request.headers.raw_items()}
        return None

    async def converse(self, socket: ServerConnection) -> None:
        self.socket = socket
        await self.say({"type": "session.created", "session": {"id": "s"}})
        async for message in socket:
            event: Json = json.loads(message)
            if event["type"] == "session.update":
                await self.say({"type": "session.updated", "session": {"id": "s"}})
            if event["type"] == "input_audio_buffer.append":
                self.speech += base64.b64decode(event["audio"])
            else:
                self.events.append(event)
            async with self.arrived:
                self.arrived.notify_all()
        self.socket = None
        async with self.arrived:
            self.arrived.notify_all()

    async def say(self, *frames: Json) -> None:
        assert self.socket is not None
        for frame in frames:
            await self.socket.send(json.dumps(frame))

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(PATIENCE), self.arrived:
            await self.arrived.wait_for(condition)

    def named(self, kind: str) -> list[Json]:
        return [event for event in self.events if event["type"] == kind]


@contextmanager
def microphone(folder: Path) -> Iterator[str]:
    """The flag that makes a tone of 1,000 Hz what Chromium records."""
    path = folder / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        numbers = (int(12_000 * math.sin(2 * math.pi * HERTZ * n / 48_000)) for n in range(48_000))
        file.writeframes(b"".join(struct.pack("<h", number) for number in numbers))
    yield f"--use-file-for-fake-audio-capture={path}"


@asynccontextmanager
async def talking(place: Path) -> AsyncIterator[tuple[Provider, Page]]:
    """A visitor whose page listens."""
    async with Provider() as provider:
        variables = {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": f"{provider.http_url}/v1"}
        uvicorn = ("-m", "uvicorn", "voice_server:app", "--port", "0", "--ws", "websockets-sansio")
        with copy_of("voice_bridge", place).start(*uvicorn, **variables) as process, microphone(place) as tone:
            assert process.stdout is not None
            said: list[str] = []
            while not (found := re.search(r"running on (http://\S+)", said[-1] if said else "")):
                line = await asyncio.to_thread(process.stdout.readline)
                assert line, "".join(said)
                said.append(line)
            fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", tone)
            async with browser(*fake) as chromium:
                page = await chromium.open(found[1])
                await page.evaluate("document.querySelector('#start').click()")
                await page.wait_for("document.querySelector('#state').textContent === 'listening'")
                yield provider, page
                assert page.errors == []


def pitch(pcm: bytes) -> float:
    """The frequency of a tone, by its crossings of zero."""
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm[: len(pcm) // 2 * 2])
    crossings = sum(1 for before, after in pairwise(samples) if (before < 0) != (after < 0))
    return crossings / 2 * RATE / len(samples)


@needs_chromium
async def test_a_visitor_talks_is_answered_and_interrupts(tmp_path: Path) -> None:
    async with talking(tmp_path) as (provider, page):
        # What the browser records reaches the provider, at its rate and in its format.
        await provider.until(lambda: len(provider.speech) >= 3 * 2 * RATE)
        format_of = provider.named("session.update")[0]["session"]["audio"]["input"]["format"]
        assert format_of == {"type": "audio/pcm", "rate": RATE}
        assert provider.headers["authorization"] == f"Bearer {SECRET}"
        recorded = bytes(provider.speech[2 * RATE : 4 * RATE])
        assert max(struct.unpack(f"<{RATE}h", recorded)) > 1000, "it is not silent"
        assert abs(pitch(recorded) - HERTZ) < 50

        # The answer is played, and the words of both are shown.
        await provider.say(speech("u1"), committed("u1", None), heard("u1", "Where is the whale?"))
        await provider.say(created(), item("a1", "u1"), words("In the hall."))
        for _ in range(ANSWER_SECONDS):
            await provider.say(sound(SECOND))
        await provider.say(done())
        await page.wait_for(f"voice.received === {ANSWER_SECONDS * len(SECOND)}")
        await page.wait_for(f"voice.played >= {len(SECOND)}")
        assert await page.evaluate("voice.waiting") > 0
        shown = await page.evaluate("[...document.querySelectorAll('#words p')].map(line => line.textContent)")
        assert shown == ["you: Where is the whale?", "guide: In the hall."]

        # The visitor interrupts: silence at once, and the provider learns how much was played.
        await provider.say(speech("u2"))
        await page.wait_for("voice.clears === 1 && voice.waiting === 0")
        played = await page.evaluate("voice.played")
        await provider.until(lambda: provider.named("conversation.item.truncate"))
        (cut,) = provider.named("conversation.item.truncate")
        assert cut["item_id"] == "a1"
        assert 300 <= cut["audio_end_ms"] <= played * 1000 / (2 * RATE) + 1
        assert played < ANSWER_SECONDS * len(SECOND)

        # Nothing of it is played any more, and the next answer is.
        await provider.say(
            committed("u2", "a1"), created("r2"), item("a2", "u2"), sound(SECOND, "a2", "r2"), done("r2")
        )
        await page.wait_for(f"voice.played === {played + len(SECOND)}")
        assert await page.evaluate("voice.received") == (ANSWER_SECONDS + 1) * len(SECOND)


@needs_chromium
async def test_a_page_that_is_closed_ends_the_session(tmp_path: Path) -> None:
    async with talking(tmp_path) as (provider, page):
        await provider.until(lambda: provider.speech)
        await page.close()
        await provider.until(lambda: provider.socket is None)


@needs_chromium
async def test_a_session_that_ends_is_shown(tmp_path: Path) -> None:
    async with talking(tmp_path) as (provider, page):
        await provider.until(lambda: provider.speech)
        await provider.say({"type": "error", "error": {"type": "x", "code": "insufficient_quota", "message": "pay"}})
        await page.wait_for("document.querySelector('#state').textContent === 'ended'")
        shown = await page.evaluate("document.querySelector('#words').textContent")
        assert shown == "error: QuotaExceededError"
