"""Rules of neutral settings that several APIs share.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#prompt-caching.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...domain.chat.settings import SettingRule
from ...domain.errors import InvalidRequestError

__all__ = ["IGNORED", "NONE", "automatic_cache", "counted_logprobs", "logprobs"]

NONE = "the API has no such setting"
IGNORED = "the API takes it and ignores it"


def automatic_cache(value: str) -> Mapping[str, Any] | str:
    """Of an API that caches prompts by itself, and offers no choice."""
    return {} if value == "auto" else "the provider caches prompts by itself, and offers no choice"


def logprobs(most: int) -> SettingRule:
    """`logprobs` with `top_logprobs`, of which the API gives at most `most` for each token."""

    def rule(value: bool | int) -> Mapping[str, Any]:
        count = _counted(value, most)
        if value is False:
            return {}
        return {"logprobs": True, "top_logprobs": count} if count else {"logprobs": True}

    return rule


def counted_logprobs(value: bool | int) -> Mapping[str, Any]:
    """`top_logprobs` alone, as Responses have it."""
    return {} if value is False else {"top_logprobs": _counted(value, 20)}


def _counted(value: bool | int, most: int) -> int:
    count = 0 if isinstance(value, bool) else value
    if not 0 <= count <= most:
        raise InvalidRequestError(f"logprobs is {value}; the API gives at most {most} alternatives for each token")
    return count
