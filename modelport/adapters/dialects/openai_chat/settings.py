"""The neutral settings of Chat Completions, where a provider says nothing else.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#prompt-caching.
"""

from __future__ import annotations

from ....domain.chat.breakpoints import BreakpointRules
from ....domain.chat.settings import SettingRules, at, stop_texts
from ...wire.setting_rules import NONE, automatic_cache, logprobs

__all__ = ["CHAT_SETTINGS", "EPHEMERAL_BREAKPOINTS"]

CHAT_SETTINGS: SettingRules = {
    "stop": stop_texts("stop", most=4),
    "seed": at("seed"),
    "presence_penalty": at("presence_penalty"),
    "frequency_penalty": at("frequency_penalty"),
    "top_k": NONE,
    "logprobs": logprobs(20),
    "service_tier": at("service_tier"),
    "user": at("user"),
    "cache": automatic_cache,
}
EPHEMERAL_BREAKPOINTS = BreakpointRules(
    lambda time: {"cache_control": {"type": "ephemeral"}}, most=4, times=("5m",), default_time="5m"
)
