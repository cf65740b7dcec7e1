"""What has connections, as an asynchronous context manager."""

from __future__ import annotations

from typing import Self

__all__ = ["Closing"]


class Closing:
    """`async with` closes it at the end; it need not be used so."""

    __slots__ = ()

    async def aclose(self) -> None:
        """Close the connections."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()
