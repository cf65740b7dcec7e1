"""A transport that answers from memory, for costs in which no socket has a part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from modelport.ports.http import HttpRequest


class FromMemory:
    """A transport whose every answer is these blocks, each in a turn of the loop of its own."""

    def __init__(self, blocks: Sequence[bytes], content_type: str = "text/event-stream") -> None:
        self.status, self.headers, self.blocks = 200, {"content-type": content_type}, blocks

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> FromMemory:
        if on_connected is not None:
            on_connected()
        return self

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in self.blocks:
            await asyncio.sleep(0)
            yield block

    async def aclose(self) -> None:
        """Nothing is open."""
