"""The neutral settings of Volcengine's Chat Completions.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#tier-identity-and-metadata.
"""

from __future__ import annotations

from ...domain.chat.settings import SettingRules, at, stop_texts
from ..wire.setting_rules import automatic_cache, logprobs

__all__ = ["VOLCENGINE_SETTINGS"]

VOLCENGINE_SETTINGS: SettingRules = {
    "stop": stop_texts("stop", most=4),
    "seed": at("seed"),
    "presence_penalty": at("presence_penalty"),
    "frequency_penalty": at("frequency_penalty"),
    "top_k": at("top_k"),
    "logprobs": logprobs(20),
    "service_tier": at("service_tier"),
    "user": at("user"),
    "cache": automatic_cache,
}
