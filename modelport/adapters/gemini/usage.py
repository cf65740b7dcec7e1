"""Usage objects of Gemini to ours. Facts: wire/gemini, "Response / chunk"."""

from __future__ import annotations

from typing import Any

from ...domain.responses import ChatUsage

__all__ = ["chat_usage"]

Json = dict[str, Any]  # Any: the provider's JSON


def chat_usage(usage: Json) -> ChatUsage:
    """Candidates leave out thoughts; any count may be missing.

    What Google's own tools read in on the way (`toolUsePromptTokenCount`) is in `raw` only: decision 0003.
    """
    thoughts = _count(usage, "thoughtsTokenCount")
    return ChatUsage(
        input_tokens=_count(usage, "promptTokenCount"),
        output_tokens=_count(usage, "candidatesTokenCount") + thoughts,
        cache_input_tokens=_count(usage, "cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        raw=usage,
    )


def _count(usage: Json, key: str) -> int:
    value = usage.get(key)
    return value if isinstance(value, int) and value > 0 else 0
