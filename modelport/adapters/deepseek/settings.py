"""The neutral settings of DeepSeek.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#tier-identity-and-metadata.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...domain.chat.settings import SettingRules, stop_texts
from ..wire.setting_rules import IGNORED, automatic_cache, logprobs

__all__ = ["DEEPSEEK_SETTINGS"]

_USER = re.compile(r"[A-Za-z0-9_-]{1,512}")


def _user(value: str) -> Mapping[str, Any] | str:
    taken = _USER.fullmatch(value)
    return {"user_id": value} if taken else "the API takes 1 to 512 letters, digits, - and _"


DEEPSEEK_SETTINGS: SettingRules = {
    "stop": stop_texts("stop", most=16),
    "presence_penalty": IGNORED,
    "frequency_penalty": IGNORED,
    "logprobs": logprobs(20),
    "user": _user,
    "cache": automatic_cache,
}
