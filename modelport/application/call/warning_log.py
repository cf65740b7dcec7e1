"""Warnings of calls in the log: one line for each setting of a model, however often it is called."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...domain.errors import UnsupportedFeatureError

if TYPE_CHECKING:
    from ...domain.message.responses import ModelWarning

__all__ = ["log_once", "refuse"]

_log = logging.getLogger("modelport.warnings")
_log.addHandler(logging.NullHandler())  # responses hold the warnings too, so none goes to stderr unasked
_LESS = ("dropped", "changed", "unsupported")
"""The kinds of warnings that say that something was not done as asked."""
_logged: set[tuple[str, str, str, str]] = set()
_MOST = 10_000
"""How many lines are remembered."""


def log_once(provider: str, model: str, warnings: Sequence[ModelWarning]) -> None:
    """A WARNING for each setting that was dropped or changed, unless this model's was logged before."""
    for warning in warnings:
        key = (provider, model, warning.kind, warning.setting)
        if warning.kind in _LESS and key not in _logged:
            if len(_logged) >= _MOST:
                _logged.clear()
            _logged.add(key)
            _log.warning("%s/%s: %s: %s", provider, model, warning.setting, warning.message)


def refuse(warnings: Sequence[ModelWarning]) -> None:
    """Raise for the first thing that would be dropped or changed: what `on_unsupported="error"` means."""
    for warning in warnings:
        if warning.kind in _LESS:
            raise UnsupportedFeatureError(f"{warning.setting}: {warning.message}")
