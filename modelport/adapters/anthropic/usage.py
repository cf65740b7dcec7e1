"""Usage objects of the Messages API to ours. Facts: wire/anthropic-messages, "Response" and "Streaming"."""

from __future__ import annotations

from ...domain.responses import ChatUsage
from ..wire.decoder import Json

__all__ = ["chat_usage", "merged_usage"]


def merged_usage(before: Json, later: Json) -> Json:
    """Counts are cumulative: a later one replaces the earlier, one that is absent keeps it."""
    return {**before, **{key: value for key, value in later.items() if value is not None}}


def chat_usage(usage: Json) -> ChatUsage:
    """The provider's input excludes what was read from or written to the cache; its output includes thinking."""
    cached = _count(usage, "cache_read_input_tokens")
    written = _count(usage, "cache_creation_input_tokens")
    details = usage.get("output_tokens_details")
    return ChatUsage(
        input_tokens=_count(usage, "input_tokens") + cached + written,
        output_tokens=_count(usage, "output_tokens"),
        cache_input_tokens=cached,
        cache_creation_input_tokens=written,
        reasoning_tokens=_count(details, "thinking_tokens") if isinstance(details, dict) else 0,
        raw=usage,
    )


def _count(source: Json, key: str) -> int:
    value = source.get(key)
    return value if isinstance(value, int) and value > 0 else 0
