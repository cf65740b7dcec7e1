"""The neutral settings of generateContent.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#tier-identity-and-metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...domain.chat.settings import SettingRules, at, stop_texts
from ..wire.setting_rules import automatic_cache

__all__ = ["GEMINI_SETTINGS"]

_CONFIG = "generationConfig"


def _logprobs(value: bool | int) -> Mapping[str, Any]:
    if value is False:
        return {}
    count = {} if value is True else {"logprobs": value}
    return {_CONFIG: {"responseLogprobs": True, **count}}


GEMINI_SETTINGS: SettingRules = {
    "stop": stop_texts(_CONFIG, "stopSequences", most=5),
    "seed": at(_CONFIG, "seed"),
    "presence_penalty": at(_CONFIG, "presencePenalty"),
    "frequency_penalty": at(_CONFIG, "frequencyPenalty"),
    "logprobs": _logprobs,
    "service_tier": at("serviceTier"),
    "cache": automatic_cache,
}
