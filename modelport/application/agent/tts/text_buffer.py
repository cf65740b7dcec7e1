"""Buffers the text of a reply for its speech: in order, block by block."""

from __future__ import annotations

import asyncio
from collections import deque

from ....domain.errors import ModelError
from ....domain.message.events import EventBase, ReplyEvent, TextBlockDeltaEvent, TextBlockEndEvent

__all__ = ["SpokenText"]


class SpokenText:
    """Takes text events without waiting, and returns their text to one reading task.

    Pending text is joined and bounded: when it exceeds `most_pending` characters, the buffer closes and the reader gets
    a `ModelError`.
    """

    def __init__(self, most_pending: int) -> None:
        self._most_pending = most_pending
        self._blocks: deque[_Block] = deque()
        self._pending = 0
        self._changed = asyncio.Event()
        self._closed = False
        self.reply_id = ""
        """The id of the reply, once it has started."""

    def feed(self, event: EventBase) -> None:
        """Take an event; only those of text blocks matter."""
        if self._closed:
            return
        if not self.reply_id and isinstance(event, ReplyEvent):
            self.reply_id = event.reply_id
            self._changed.set()
        if isinstance(event, TextBlockDeltaEvent):
            self._block(event.block_id).pieces.append(event.delta)
            self._pending += len(event.delta)
            if self._pending > self._most_pending:
                self.close()
        elif isinstance(event, TextBlockEndEvent):
            self._block(event.block_id).ended = True
        else:
            return
        self._changed.set()

    def close(self) -> None:
        """No more text follows."""
        self._closed = True
        self._changed.set()

    async def started(self) -> None:
        """Wait for the first event of the reply."""
        while not self.reply_id and not self._closed:
            await self._wait()

    async def next_block(self) -> str | None:
        """Wait for the next block that is not blank, and start it; its id, or `None` when none follows."""
        while True:
            while self._blocks and self._blocks[0].done():
                self._pending -= sum(map(len, self._blocks.popleft().pieces))
            if self._blocks and self._blocks[0].has_text():
                return self._blocks[0].id
            if self._closed:
                return None
            await self._wait()

    async def more(self) -> str:
        """Wait for more text of the current block; empty at its end."""
        block = self._blocks[0]
        while not block.pieces and not block.ended and not self._closed:
            await self._wait()
        return self._take(block)

    async def rest(self) -> str:
        """Wait for the end of the current block; its whole remaining text."""
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
            if block.id == block_id and not block.ended:
                return block
        self._blocks.append(_Block(block_id))
        return self._blocks[-1]

    async def _wait(self) -> None:
        self._check()
        self._changed.clear()
        await self._changed.wait()
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

    def has_text(self) -> bool:
        return any(not piece.isspace() for piece in self.pieces)

    def done(self) -> bool:
        return self.ended and not self.has_text()
