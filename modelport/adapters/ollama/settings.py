"""The neutral settings of Ollama's native chat.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits.
"""

from __future__ import annotations

from ...domain.chat.settings import SettingRules, at, stop_texts
from ..wire.setting_rules import automatic_cache, logprobs

__all__ = ["OLLAMA_SETTINGS"]

OLLAMA_SETTINGS: SettingRules = {
    "stop": stop_texts("options", "stop"),
    "seed": at("options", "seed"),
    "presence_penalty": at("options", "presence_penalty"),
    "frequency_penalty": at("options", "frequency_penalty"),
    "logprobs": logprobs(20),
    "cache": automatic_cache,
}
