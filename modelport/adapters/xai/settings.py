"""The neutral settings of xAI's Responses.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#tier-identity-and-metadata.
"""

from __future__ import annotations

from ...domain.chat.settings import BY_EFFORT, SettingRules, at
from ..wire.setting_rules import automatic_cache, counted_logprobs

__all__ = ["XAI_SETTINGS"]

XAI_SETTINGS: SettingRules = {
    "thinking": BY_EFFORT,
    "logprobs": counted_logprobs,
    "service_tier": at("service_tier"),
    "user": at("safety_identifier"),
    "cache": automatic_cache,
}
