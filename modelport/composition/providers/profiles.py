"""The providers of this package that are only data: one folder each, with `provider.yaml` and cards in `_models`."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ...adapters import profiles
from ...adapters.wire.yaml_text import YamlFault, read_yaml
from ...domain.errors import SettingsError
from ..settings import ProviderSettings
from ..validation import validated

__all__ = ["profile_fields", "profile_names"]

_FILE = "provider.yaml"


@lru_cache(maxsize=1)
def profile_names() -> tuple[str, ...]:
    """The names of all of them; no file is read."""
    folders = (place for place in profiles.FOLDER.iterdir() if place.is_dir())
    return tuple(sorted(place.name for place in folders if place.joinpath(_FILE).is_file()))


@lru_cache(maxsize=128)
def profile_fields(name: str) -> dict[str, Any]:  # Any: the values of `Provider`'s fields
    """The fields of a provider, its cards beside it; `SettingsError` for a file with a mistake."""
    folder = profiles.FOLDER.joinpath(name)
    models = folder / "_models" if isinstance(folder, Path) else f"{profiles.__name__}:{name}/_models"
    return {**_read(folder.joinpath(_FILE)).model_dump(), "models": models}


def _read(path: Traversable) -> ProviderSettings:
    try:
        value = read_yaml(path.read_bytes()).value
    except (OSError, KeyError, YamlFault) as error:
        raise SettingsError(f"{path}: {error}") from error
    found: ProviderSettings = validated(ProviderSettings, value, str(path))
    return found
