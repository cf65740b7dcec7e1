"""The token counts of a turn. Facts: docs/protocols/realtime-gemini.md#server-frames."""

from __future__ import annotations

from typing import Any

from ....domain.message.responses import ChatUsage
from ...wire.words.counts import count

__all__ = ["live_usage"]


def live_usage(raw: Any) -> ChatUsage | None:  # Any: whatever stands where the usage should
    """Responses leave out thoughts; Vertex calls them candidates."""
    if not isinstance(raw, dict) or not raw:
        return None
    thoughts = count(raw, "thoughtsTokenCount")
    answered = count(raw, "responseTokenCount") or count(raw, "candidatesTokenCount")
    return ChatUsage(
        input_tokens=count(raw, "promptTokenCount"),
        output_tokens=answered + thoughts,
        cache_input_tokens=count(raw, "cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        raw=raw,
    )
