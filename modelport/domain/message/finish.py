"""Why a model stopped."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FinishReason"]


class FinishReason(StrEnum):
    """Why the model stopped, with the same values for every provider."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    OTHER = "other"
