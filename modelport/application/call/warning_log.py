"""Warnings of calls in the log: one line for each setting of a model, however often it is called."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...domain.message.responses import ModelWarning

__all__ = ["log_once"]

_log = logging.getLogger("modelport.warnings")
_log.addHandler(logging.NullHandler())  # responses hold the warnings too, so none goes to stderr unasked
_logged: set[tuple[str, str, str, str]] = set()
_MOST = 10_000
"""How many lines are remembered."""


def log_once(provider: str, model: str, warnings: Sequence[ModelWarning]) -> None:
    """A WARNING for each setting that was dropped or changed, unless this model's was logged before."""
    for warning in warnings:
        key = (provider, model, warning.kind, warning.setting)
        if warning.kind in ("dropped", "changed", "unsupported") and key not in _logged:
            if len(_logged) >= _MOST:
                _logged.clear()
            _logged.add(key)
            _log.warning("%s/%s: %s: %s", provider, model, warning.setting, warning.message)
