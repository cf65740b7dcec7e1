"""The events of a voice session, those of each reply through the middlewares."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import Any

from ...domain.message.events import ReplyEndEvent, ReplyStartEvent
from ...domain.realtime.events import RealtimeEvent
from .middleware import AgentView, Middleware, apply_middleware
from .streams import Owned

__all__ = ["VoiceEvents"]


class VoiceEvents:
    """All events of one session. A reply's are those from its start to its end; replies do not overlap.

    Args:
        following: the session's next event; raises `StopAsyncIteration` at its end.
    """

    def __init__(
        self, middlewares: Sequence[Middleware], agent: AgentView, following: Callable[[], Awaitable[RealtimeEvent]]
    ) -> None:
        self._middlewares = middlewares
        self._agent = agent
        self._following = following
        self._in_reply = False

    async def stream(self) -> AsyncGenerator[RealtimeEvent, None]:
        """Up to the end of the session."""
        while (event := await self._next()) is not None:
            if not self._middlewares or not isinstance(event, ReplyStartEvent):
                yield event
                continue
            async with AsyncExitStack() as layers:
                events: AsyncIterator[Any] = await layers.enter_async_context(aclosing(Owned(self._reply(event))))
                for middleware in reversed(self._middlewares):
                    layer = Owned(apply_middleware(middleware, self._agent, events))
                    events = await layers.enter_async_context(aclosing(layer))
                async for changed in events:
                    yield changed
            while self._in_reply and await self._next() is not None:
                pass  # a middleware has left the reply before its end

    async def _reply(self, event: RealtimeEvent) -> AsyncGenerator[RealtimeEvent, None]:
        following: RealtimeEvent | None = event
        while following is not None:
            yield following
            following = await self._next() if self._in_reply else None

    async def _next(self) -> RealtimeEvent | None:
        """The next event; `None` at the end of the session."""
        try:
            event = await self._following()
        except StopAsyncIteration:
            self._in_reply = False
            return None
        if isinstance(event, ReplyStartEvent | ReplyEndEvent):
            self._in_reply = isinstance(event, ReplyStartEvent)
        return event
