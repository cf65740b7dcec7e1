"""The neutral settings of OpenAI's two APIs.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#tier-identity-and-metadata.
"""

from __future__ import annotations

from ...domain.chat.settings import BY_EFFORT, SettingRules, at
from ..dialects.openai_chat.settings import CHAT_SETTINGS
from ..wire.setting_rules import automatic_cache, counted_logprobs

__all__ = ["OPENAI_CHAT_SETTINGS", "OPENAI_RESPONSE_SETTINGS"]

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
