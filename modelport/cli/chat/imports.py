"""Python objects that the command line names: `module:name`, or `./file.py:name`.

A module is looked for among the installed ones first. One of the current folder is imported only with the user's
consent, as a folder that somebody else filled may hold anything; a path says by itself which file is meant.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import click

from ..trust import require_file_consent

__all__ = ["named_object"]


def named_object(given: str, option: str) -> Any:  # Any: whatever the module holds
    """The object. A `UsageError` says what could not be found or imported."""
    place, colon, name = given.rpartition(":")
    if not colon or not place or not name:
        raise click.UsageError(f"{option} {given}: expected module:name or ./file.py:name")
    try:
        module = _of_file(Path(place)) if place.endswith(".py") else _of_name(place)
    except (click.ClickException, KeyboardInterrupt):
        raise
    except Exception as error:  # of the user's own module
        raise click.UsageError(f"{option} {given}: {place} cannot be imported: {error}") from error
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise click.UsageError(f"{option} {given}: {place} has no {name}")
        found = getattr(found, part)
    return found


def _of_file(path: Path) -> Any:  # Any: a module
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError("it is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # where pydantic and pickle look names up
    spec.loader.exec_module(module)
    return module


def _of_name(name: str) -> Any:  # Any: a module
    with _current_folder_last() as folder:
        top = name.partition(".")[0]
        installed = [path for path in sys.path if path != folder]
        if top not in sys.modules and PathFinder.find_spec(top, installed) is None:
            found = PathFinder.find_spec(top, [folder])
            if found is not None:
                require_file_consent(Path(found.origin or folder), f"is imported as {top}", "give ./file.py:name")
        return importlib.import_module(name)


@contextmanager
def _current_folder_last() -> Iterator[str]:
    """The current folder as the last place where modules are looked for, whatever way the command was started."""
    before, folder = list(sys.path), str(Path.cwd())
    sys.path[:] = [*(path for path in before if path not in ("", folder)), folder]
    try:
        yield folder
    finally:
        sys.path[:] = before
