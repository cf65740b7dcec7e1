"""Placeholder until the loader lands in this change."""

from __future__ import annotations

from ...domain.blocks import Base64Source, URLSource
from ...domain.errors import MediaError
from ...ports.transport import HttpTransport


class HttpMediaLoader:
    """Loads nothing yet."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport

    async def load(self, source: URLSource) -> Base64Source:
        """Refuse."""
        raise MediaError(f"{source.url}: not loadable yet")
