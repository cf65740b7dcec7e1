"""An estimate of how many tokens a text is, by what kinds of characters it has."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TokenCount", "estimate_tokens"]


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A number of tokens; `source` is `estimate`, or the provider that counted."""

    tokens: int
    estimated: bool
    source: str


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is."""
    return max(1, len(text) // 4) if text else 0
