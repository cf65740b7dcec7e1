"""The neutral settings of the Messages API.

Facts: docs/protocols/settings-across-providers.md#tier-identity-and-metadata,
docs/protocols/settings-across-providers.md#prompt-caching.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...domain.chat.breakpoints import BreakpointRules
from ...domain.chat.settings import SettingRules, at, stop_texts

__all__ = ["ANTHROPIC_BREAKPOINTS", "ANTHROPIC_SETTINGS"]

_TIMES = ("1h", "5m")


def _cache(value: str) -> Mapping[str, Any] | str:
    """A marker at the top level, with which the API places the breakpoints by itself; nothing is cached without."""
    if value == "off":
        return {}
    if value == "auto":
        return {"cache_control": {"type": "ephemeral"}}
    if value in _TIMES:
        return {"cache_control": {"type": "ephemeral", "ttl": value}}
    return f"the API keeps prompts for {' or '.join(_TIMES)}"


ANTHROPIC_SETTINGS: SettingRules = {
    "stop": stop_texts("stop_sequences", blank=False),
    "service_tier": at("service_tier"),
    "user": at("metadata", "user_id"),
    "cache": _cache,
}


def _mark(time: str) -> Mapping[str, Any]:
    return {"cache_control": {"type": "ephemeral", **({"ttl": time} if time else {})}}


ANTHROPIC_BREAKPOINTS = BreakpointRules(_mark, most=4, times=_TIMES, default_time="5m", whole_counts=True)
