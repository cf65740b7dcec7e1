"""The neutral settings of DashScope's Chat Completions.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits.
"""

from __future__ import annotations

from ...domain.chat.settings import SettingRules, at, stop_texts
from ..wire.setting_rules import IGNORED, automatic_cache, logprobs

__all__ = ["DASHSCOPE_SETTINGS"]

DASHSCOPE_SETTINGS: SettingRules = {
    "stop": stop_texts("stop"),
    "seed": at("seed"),
    "presence_penalty": at("presence_penalty"),
    "frequency_penalty": IGNORED,
    "logprobs": logprobs(5),
    "cache": automatic_cache,
}
