"""Usage objects of Responses to ours. Facts: wire/openai-responses, "Response object"."""

from __future__ import annotations

from typing import Any

from ....domain.responses import ChatUsage

__all__ = ["response_usage"]


def response_usage(usage: dict[str, Any]) -> ChatUsage:  # Any: the provider's JSON
    """Input includes cached tokens and output includes reasoning already, as we count."""
    read = _details(usage, "input_tokens_details")
    written = _details(usage, "output_tokens_details")
    return ChatUsage(
        input_tokens=_count(usage, "input_tokens"),
        output_tokens=_count(usage, "output_tokens"),
        cache_input_tokens=_count(read, "cached_tokens"),
        cache_creation_input_tokens=_count(read, "cache_write_tokens"),
        reasoning_tokens=_count(written, "reasoning_tokens"),
        raw=usage,
    )


def _details(usage: dict[str, Any], key: str) -> dict[str, Any]:
    value = usage.get(key)
    return value if isinstance(value, dict) else {}


def _count(source: dict[str, Any], key: str) -> int:
    value = source.get(key)
    return value if isinstance(value, int) and value > 0 else 0
