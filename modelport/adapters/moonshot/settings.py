"""The neutral settings of Moonshot.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#tier-identity-and-metadata.
"""

from __future__ import annotations

from ...domain.chat.settings import SettingRules, at, stop_texts
from ..wire.setting_rules import automatic_cache

__all__ = ["MOONSHOT_SETTINGS"]

MOONSHOT_SETTINGS: SettingRules = {
    "stop": stop_texts("stop"),
    "presence_penalty": at("presence_penalty"),
    "frequency_penalty": at("frequency_penalty"),
    "user": at("safety_identifier"),
    "cache": automatic_cache,
}
