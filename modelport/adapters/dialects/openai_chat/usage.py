"""Usage objects of Chat Completions to ours. Facts: wire/openai-chat, "Non-stream response" and "Traps"."""

from __future__ import annotations

from typing import Any

from ....domain.responses import ChatUsage

__all__ = ["chat_usage"]


def chat_usage(usage: dict[str, Any]) -> ChatUsage:  # Any: the provider's JSON
    """Input includes cached tokens and output includes reasoning already, as we count."""
    prompt = _details(usage, "prompt_tokens_details")
    completion = _details(usage, "completion_tokens_details")
    return ChatUsage(
        input_tokens=_count(usage, "prompt_tokens"),
        output_tokens=_count(usage, "completion_tokens"),
        cache_input_tokens=_count(prompt, "cached_tokens")
        or _count(usage, "cached_tokens")
        or _count(usage, "prompt_cache_hit_tokens"),
        cache_creation_input_tokens=_count(prompt, "cache_write_tokens")
        or _count(prompt, "cache_creation_input_tokens"),
        reasoning_tokens=_count(completion, "reasoning_tokens"),
        raw=usage,
    )


def _details(usage: dict[str, Any], key: str) -> dict[str, Any]:
    value = usage.get(key)
    return value if isinstance(value, dict) else {}


def _count(source: dict[str, Any], key: str) -> int:
    value = source.get(key)
    return value if isinstance(value, int) and value > 0 else 0
