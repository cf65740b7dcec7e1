"""Lazy re-exports for the public faces, so that importing one class imports one provider."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["lazy_exports"]


def lazy_exports(module: str, places: Mapping[str, str]) -> Callable[[str], Any]:  # Any: the exported objects
    """A module's `__getattr__`; `places` maps each public name to its module below `modelport`."""

    def get(name: str) -> Any:
        place = places.get(name)
        if place is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}; it has {sorted(places)}")
        value = getattr(importlib.import_module(f"modelport.{place}"), name)
        setattr(sys.modules[module], name, value)
        return value

    return get
