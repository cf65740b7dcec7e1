"""The three realtime protocols side by side, for tests that hold for each of them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from modelport.application.speech.realtime.model import RealtimeTTSModel
from modelport.credential import DashScopeCredential
from modelport.message import Base64Source, DataBlock
from modelport.testing.clock import VirtualClock
from modelport.tts import DashScopeCosyVoiceRealtimeTTSModel, DashScopeRealtimeTTSModel, TTSResponse
from tests.adapters.dashscope.speech_servers import CosyVoiceServer, QwenServer, SambertServer, SpeechServer
from tests.contract.runtimes import runtime_with

__all__ = [
    "COSYVOICE",
    "EACH",
    "QWEN",
    "SAMBERT",
    "Kind",
    "Stream",
    "audio",
    "bytes_of",
    "nothing_left",
    "opened",
    "read",
    "whole",
]

Stream = AsyncGenerator[TTSResponse, None]


@dataclass(frozen=True)
class Kind:
    server: type[SpeechServer]
    cls: type[RealtimeTTSModel]
    name: str

    def model(self, server: SpeechServer, clock: VirtualClock | None = None, **options: Any) -> RealtimeTTSModel:
        """A model at this server; without a clock of the test's, waits take no time."""
        runtime = runtime_with(clock or VirtualClock(skip_sleeps=True))
        credential = DashScopeCredential(api_key="sk-secret-key-PlantedWord7", base_url=server.base_url)
        return self.cls(credential, self.name, runtime=runtime, **options)


QWEN = Kind(QwenServer, DashScopeRealtimeTTSModel, "qwen3-tts-flash-realtime")
COSYVOICE = Kind(CosyVoiceServer, DashScopeCosyVoiceRealtimeTTSModel, "cosyvoice-v3-plus")
SAMBERT = Kind(SambertServer, DashScopeCosyVoiceRealtimeTTSModel, "sambert-zhichu-v1")
EACH = pytest.mark.parametrize("kind", [QWEN, COSYVOICE, SAMBERT], ids=lambda kind: kind.server.__name__[:-6].lower())


def audio(response: TTSResponse) -> bytes:
    return bytes_of(response.content)


def bytes_of(block: Any) -> bytes:  # Any: a block of any kind
    if block is None:
        return b""
    assert isinstance(block, DataBlock) and isinstance(block.source, Base64Source)
    return base64.b64decode(block.source.data)


async def opened(model: RealtimeTTSModel, text: str | None = None, **fields: Any) -> Stream:
    stream = await model.synthesize(text, **fields)
    assert isinstance(stream, AsyncGenerator)
    return stream


async def read(stream: Stream) -> list[TTSResponse]:
    return [response async for response in stream]


async def whole(model: RealtimeTTSModel, text: str | None = None, **fields: Any) -> TTSResponse:
    response = await model.synthesize(text, **fields)
    assert isinstance(response, TTSResponse)
    return response


@asynccontextmanager
async def nothing_left(server: SpeechServer) -> AsyncGenerator[None, None]:
    """What runs inside leaves no task and no connection."""
    before = asyncio.all_tasks()
    yield
    await server.emptied()
    left = asyncio.all_tasks() - before
    if left:
        _, left = await asyncio.wait(left, timeout=5)
    assert not left
