"""The cards of a package that is not in a folder, such as one imported from a zip file."""

from __future__ import annotations

import atexit
import importlib.resources
import shutil
import tempfile
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType

__all__ = ["folder_of_package", "packed_folder"]

_SUFFIXES = (".yaml", ".yml")


def packed_folder(module: ModuleType, above: int = 0) -> Path | None:
    """A real folder with what is in `_models` next to the module, or so many packages above it; `None` for nothing."""
    spec = module.__spec__
    package = spec.parent if spec else None
    for _ in range(above):
        package = package.rpartition(".")[0] if package else None
    return folder_of_package(package, "_models") if package else None


@cache
def folder_of_package(package: str, name: str) -> Path | None:
    """A folder of a package, or the cards in it as a copy in a temporary folder that is removed when the program ends.

    `None` for a folder without cards that is not on the disk, and for a package that cannot be imported.
    """
    try:
        models = importlib.resources.files(package).joinpath(*name.split("/"))
        files = [file for file in models.iterdir() if file.name.endswith(_SUFFIXES)] if models.is_dir() else []
    except (ImportError, OSError, TypeError, ValueError):  # loaders differ in how they say that they have no files
        return None
    if isinstance(models, Path):
        return models
    return _copied(files) if files else None


def _copied(files: list[Traversable]) -> Path:
    folder = tempfile.mkdtemp(prefix="modelport-cards-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for file in files:
        (Path(folder) / Path(file.name).name).write_bytes(file.read_bytes())
    return Path(folder)
