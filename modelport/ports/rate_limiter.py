"""The port that keeps calls within a provider's limits of requests and tokens per period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["RateLimiter"]


class RateLimiter(Protocol):
    """Asked before each attempt, and given the headers of each answer.

    Contract: `acquire` waits until the attempt may start, and ends at once when cancelled without using up anything.
    A limiter with an attribute `unlimited = True` is neither asked nor given headers.
    """

    @property
    def counts_tokens(self) -> bool:
        """Whether `acquire` looks at tokens; otherwise a call does not estimate them."""
        ...

    async def acquire(self, key: str, tokens: int) -> None:
        """Wait until one request may be made of about so many tokens; `key` names provider, account and model."""
        ...

    def observe(self, key: str, status: int, headers: Mapping[str, str]) -> None:
        """Read the limits from an answer's status and rate-limit headers (lower-case names)."""
        ...
