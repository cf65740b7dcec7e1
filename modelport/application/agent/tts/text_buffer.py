"""The text of a reply on its way to speech: in order, block by block, however far the speech is behind."""

from __future__ import annotations

import asyncio
from collections import deque

from ....domain.errors import ModelError
from ....domain.message.events import EventBase, ReplyEvent, TextBlockDeltaEvent, TextBlockEndEvent

__all__ = ["SpokenText"]


class SpokenText:
    """Takes text events at once and never waits; hands their text out to one task.

    What is pending is joined, and bounded: when more than `most_pending` characters are, the task gets a `ModelError`
    and the rest is not taken.
    """

    def __init__(self, most_pending: int) -> None:
        self._most_pending = most_pending
        self._blocks: deque[_Block] = deque()
        self._pending = 0
        self._news = asyncio.Event()
        self._closed = False
        self.reply_id = ""
        """The reply that all this belongs to, once it has begun."""

    def hear(self, event: EventBase) -> None:
        """Take an event; those that are not about text are passed over."""
        if self._closed:
            return
        if not self.reply_id and isinstance(event, ReplyEvent):
            self.reply_id = event.reply_id
            self._news.set()
        if isinstance(event, TextBlockDeltaEvent):
            self._block(event.block_id).pieces.append(event.delta)
            self._pending += len(event.delta)
            if self._pending > self._most_pending:
                self.close()
        elif isinstance(event, TextBlockEndEvent):
            self._block(event.block_id).ended = True
        else:
            return
        self._news.set()

    def close(self) -> None:
        """There will be no more text."""
        self._closed = True
        self._news.set()

    async def begun(self) -> None:
        """Wait for the first event of the reply."""
        while not self.reply_id and not self._closed:
            await self._wait()

    async def next_block(self) -> str | None:
        """Wait for the next block that says something, and begin it; its id, or `None` when there will be none."""
        while True:
            while self._blocks and self._blocks[0].over():
                self._pending -= sum(map(len, self._blocks.popleft().pieces))
            if self._blocks and self._blocks[0].says_something():
                return self._blocks[0].id
            if self._closed:
                return None
            await self._wait()

    async def more(self) -> str:
        """Wait for more text of the block that was begun; empty once all of it was handed out."""
        block = self._blocks[0]
        while not block.pieces and not block.ended and not self._closed:
            await self._wait()
        return self._take(block)

    async def rest(self) -> str:
        """Wait for the end of the block that was begun; the whole of it."""
        block = self._blocks[0]
        while not block.ended and not self._closed:
            await self._wait()
        return self._take(block)

    def _take(self, block: _Block) -> str:
        self._check()
        text = "".join(block.pieces)
        block.pieces.clear()
        self._pending -= len(text)
        block.ended = block.ended or self._closed
        return text

    def _block(self, block_id: str) -> _Block:
        for block in self._blocks:
            if block.id == block_id:
                return block
        self._blocks.append(_Block(block_id))
        return self._blocks[-1]

    async def _wait(self) -> None:
        self._check()
        self._news.clear()
        await self._news.wait()
        self._check()

    def _check(self) -> None:
        if self._pending > self._most_pending:
            raise ModelError(f"the speech is more than {self._most_pending} characters behind the text")


class _Block:
    """One block's pending text."""

    __slots__ = ("ended", "id", "pieces")

    def __init__(self, block_id: str) -> None:
        self.id = block_id
        self.pieces: list[str] = []
        self.ended = False

    def says_something(self) -> bool:
        return any(not piece.isspace() for piece in self.pieces)

    def over(self) -> bool:
        return self.ended and not self.says_something()
