"""Agents with speech, for the tests of `TTSMiddleware`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from modelport.agent import Agent
from modelport.credential import CredentialBase
from modelport.event import (
    CustomEvent,
    DataBlockDeltaEvent,
    DataBlockEndEvent,
    DataBlockStartEvent,
    Event,
    TextBlockDeltaEvent,
)
from modelport.message import TextBlock
from modelport.middleware import TTSMiddleware
from modelport.model import ChatModelBase, ChatResponse, FinishReason
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.application.agent.agent_support import chat, steps, turns_of_the_loop
from tests.application.agent.voices import Voice

__all__ = ["SOUND", "WORDS", "Paced", "failures", "lookup", "order", "slow", "spoken", "timed"]

WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"]
SOUND = (DataBlockStartEvent, DataBlockDeltaEvent, DataBlockEndEvent, CustomEvent)


def failures(events: list[Event]) -> list[Any]:
    return [event.value for event in events if isinstance(event, CustomEvent) and event.name == "speech_failed"]


def lookup() -> str:
    return "here"


async def spoken(voice: Voice, *answers: ScriptedAnswer) -> list[Event]:
    async with ScriptedServer(answers) as server:
        return await steps(Agent("assistant", chat(server.base_url), [TTSMiddleware(voice)], tools=[lookup]))


def order(events: list[Event]) -> tuple[int, int]:
    """The places of the first audio and of the last text."""
    first = next(index for index, event in enumerate(events) if isinstance(event, DataBlockDeltaEvent))
    return first, max(index for index, event in enumerate(events) if isinstance(event, TextBlockDeltaEvent))


class Paced(ChatModelBase):
    """Says a word each second of the clock, in two blocks."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(CredentialBase(), "paced")
        self.clock = clock

    async def _call_api(self, *_: Any, **__: Any) -> AsyncGenerator[ChatResponse, None]:
        for index, word in enumerate(WORDS):
            await self.clock.sleep(1)
            yield ChatResponse([TextBlock(id=f"b{index // 5}", text=word)], is_last=False)
        yield ChatResponse([], is_last=False, finish_reason=FinishReason.STOP)


def slow(kind: type[Voice], clock: VirtualClock, seconds: float, error: Exception | None = None) -> Voice:
    class Slow(kind):  # type: ignore[valid-type, misc]
        async def pause(self) -> None:
            await clock.sleep(seconds)
            if error:
                raise error

    made: Voice = Slow()
    return made


async def timed(clock: VirtualClock, *middlewares: TTSMiddleware) -> list[tuple[float, Event]]:
    """The events, and the virtual time at which each was read."""
    seen: list[tuple[float, Event]] = []

    async def read() -> None:
        start = clock.monotonic()
        async for event in Agent("assistant", Paced(clock), middlewares).reply_stream("Hi"):
            seen.append((round(clock.monotonic() - start, 3), event))

    task = asyncio.create_task(read())
    while not task.done():
        await turns_of_the_loop(60)
        clock.advance(0.25)
    await task
    return seen
