"""The neutral settings of MiniMax's Chat Completions.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#tier-identity-and-metadata.
"""

from __future__ import annotations

from ...domain.chat.settings import SettingRules, at
from ..wire.setting_rules import IGNORED, automatic_cache

__all__ = ["MINIMAX_SETTINGS"]

MINIMAX_SETTINGS: SettingRules = {
    "stop": IGNORED,
    "seed": IGNORED,
    "presence_penalty": IGNORED,
    "frequency_penalty": IGNORED,
    "service_tier": at("service_tier"),
    "cache": automatic_cache,
}
