"""The port that fetches media which an API cannot fetch itself."""

from __future__ import annotations

from typing import Protocol

from ..domain.message.blocks import Base64Source, URLSource

__all__ = ["MediaLoader"]


class MediaLoader(Protocol):
    """Loads media by URL.

    Contract: asynchronous and size-limited; refuses addresses and files that the settings do not allow, also after
    redirects and name resolution; raises `MediaError` with the reason; may cache.
    """

    async def load(self, source: URLSource) -> Base64Source:
        """The media itself, with the media type that the source declares."""
        ...
