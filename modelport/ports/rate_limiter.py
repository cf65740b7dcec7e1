"""Keeping within a provider's requests and tokens per period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["RateLimiter"]


class RateLimiter(Protocol):
    """Asked before each attempt and told of each answer's headers.

    Contract: `acquire` waits until the attempt may start, and ends at once when cancelled without using up anything.
    """

    @property
    def counts_tokens(self) -> bool:
        """Whether `acquire` looks at tokens; where it does not, nobody need estimate them."""
        ...

    async def acquire(self, key: str, tokens: int) -> None:
        """Wait for leave to make one request of about so many tokens; `key` names provider, account and model."""
        ...

    def observe(self, key: str, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer's status and rate-limit headers (lower-case names)."""
        ...
