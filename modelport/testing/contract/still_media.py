"""Media without a network."""

from __future__ import annotations

from ...domain.blocks import Base64Source, URLSource

__all__ = ["PIXEL", "StillMedia"]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel, as base64."""


class StillMedia:
    """A loader for which every URL is the same picture."""

    async def load(self, source: URLSource) -> Base64Source:
        """The picture, said to be of the type asked for."""
        return Base64Source(data=PIXEL, media_type=source.media_type)
