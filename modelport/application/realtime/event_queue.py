"""The bounded queue of events between the task that reads the socket and the application."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from ...domain.message.events import DataBlockDeltaEvent
from ...domain.realtime.events import RealtimeEvent

__all__ = ["EventQueue"]


_SMALL = 64
"""What an event without audio counts beside its text: a server that sends a hundred thousand has to wait too."""


def _weight(event: RealtimeEvent) -> int:
    if type(event) is DataBlockDeltaEvent:
        return len(event.data or "")
    text = getattr(event, "delta", None) or getattr(event, "text", None) or ""
    return _SMALL + len(text)


class EventQueue:
    """Events in order. They are counted, so that the reader can pause: audio and text by their length.

    Args:
        limit: the most characters, of base64 for audio, that may wait before the reader has to.
    """

    def __init__(self, limit: int) -> None:
        self._events: deque[RealtimeEvent] = deque()
        self._limit = limit
        self._size = 0
        self._ended = False
        self._error: Exception | None = None
        self._getter: asyncio.Future[None] | None = None
        self._room = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether no more events follow."""
        return self._ended

    @property
    def full(self) -> bool:
        """Whether the reader has to wait."""
        return self._size >= self._limit and not self._ended

    def put(self, events: Iterable[RealtimeEvent]) -> None:
        """Add events."""
        for event in events:
            self._size += _weight(event)
            self._events.append(event)
        self._wake()

    def purge(self, block_ids: set[str]) -> None:
        """Drop the audio of these blocks that was not taken."""
        kept: deque[RealtimeEvent] = deque()
        for event in self._events:
            if type(event) is DataBlockDeltaEvent and event.block_id in block_ids:
                self._size -= _weight(event)
            else:
                kept.append(event)
        self._events = kept
        self._room.set()

    def end(self, error: Exception | None = None) -> None:
        """No more events follow; `error` is raised after the last one. Only the first call has an effect."""
        if not self._ended:
            self._ended, self._error = True, error
            self._room.set()
            self._wake()

    async def room(self) -> None:
        """Wait while the queue is full."""
        while self.full:
            self._room.clear()
            await self._room.wait()

    async def get(self) -> RealtimeEvent | None:
        """The next event; `None` at the end. Raises the error of a session that failed, once."""
        while not self._events:
            if self._ended:
                error, self._error = self._error, None
                if error is not None:
                    raise error
                return None
            if self._getter is not None:
                raise RuntimeError("two tasks iterate over the events of one session; use one, and pass the events on")
            self._getter = asyncio.get_running_loop().create_future()
            try:
                await self._getter
            finally:
                self._getter = None
        event = self._events.popleft()
        self._size -= _weight(event)
        self._room.set()
        return event

    def _wake(self) -> None:
        if self._getter is not None and not self._getter.done():
            self._getter.set_result(None)
