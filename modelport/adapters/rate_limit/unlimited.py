"""No rate limit."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Unlimited"]


class Unlimited:
    """Lets every request through."""

    unlimited = True
    counts_tokens = False

    async def acquire(self, key: str, tokens: int) -> None:
        """At once."""

    def observe(self, key: str, status: int, headers: Mapping[str, str]) -> None:
        """Nothing to learn."""
