"""The neutral settings of OpenAI's two APIs.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#tier-identity-and-metadata,
docs/protocols/settings-across-providers.md#prompt-caching.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...domain.card.capabilities import CacheFacts
from ...domain.chat.breakpoints import BreakpointRules
from ...domain.chat.settings import BY_EFFORT, SettingRule, SettingRules, at
from ..dialects.openai_chat.settings import CHAT_SETTINGS
from ..wire.setting_rules import automatic_cache, counted_logprobs

__all__ = ["OPENAI_CHAT_SETTINGS", "OPENAI_RESPONSE_SETTINGS", "breakpoints", "timed_cache"]

OPENAI_CHAT_SETTINGS: SettingRules = {
    **CHAT_SETTINGS,
    "thinking": BY_EFFORT,
    "user": at("safety_identifier"),
}
OPENAI_RESPONSE_SETTINGS: SettingRules = {
    "thinking": BY_EFFORT,
    "logprobs": counted_logprobs,
    "service_tier": at("service_tier"),
    "user": at("safety_identifier"),
    "cache": automatic_cache,
}


def timed_cache(facts: CacheFacts) -> SettingRule:
    """The rule of `cache` for models that take times; in mode `explicit` only marked parts are kept."""

    def rule(value: str) -> Mapping[str, Any] | str:
        if value == "auto":
            return {}
        if value == "off":
            return {"prompt_cache_options": {"mode": "explicit"}}
        if value in facts.times:
            return {"prompt_cache_options": {"mode": "implicit", "ttl": value}}
        return f"the model keeps prompts for {' or '.join(facts.times)}"

    return rule


def breakpoints(facts: CacheFacts) -> BreakpointRules:
    """How parts are marked for models that take times."""
    return BreakpointRules(_mark, most=4, times=tuple(facts.times))


def _mark(time: str) -> Mapping[str, Any]:
    return {"prompt_cache_breakpoint": {"mode": "explicit", **({"ttl": time} if time else {})}}
