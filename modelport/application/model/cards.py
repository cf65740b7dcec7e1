"""Finds the cards of a class: in the `_models` folder next to its source file, or to that of its nearest base."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

from ...domain.card.cards import C, CardQuery
from ...ports.cards import CardSource
from .packed_cards import packed_folder

__all__ = ["card_folders", "class_names", "find_card", "list_cards"]


def class_names(cls: type) -> tuple[str, ...]:
    """The names of the class and its bases, nearest first."""
    return tuple(base.__name__ for base in cls.__mro__ if base is not object)


@lru_cache(maxsize=256)
def card_folders(cls: type) -> tuple[Path, ...]:
    """Where the class's cards may be, nearest first; a class without a source file contributes none.

    A class may name its folder itself, as `card_folder`; its bases are then not looked at.
    """
    folders: list[Path] = []
    for base in cls.__mro__:
        named = base.__dict__.get("card_folder")
        if named is not None:
            folders.append(_named(base, Path(named)))
            break
        folder = _beside(base)
        if folder:
            folders.append(folder)
    return tuple(dict.fromkeys(folders))


def _named(cls: type, folder: Path) -> Path:
    """The folder that a class names; a copy of it where it is in a zip file, in a package of the class's module."""
    module = sys.modules.get(cls.__module__)
    parents = list(Path(getattr(module, "__file__", None) or "").parents)
    if module is None or folder.parent not in parents or folder.parent.is_dir():
        return folder
    return packed_folder(module, parents.index(folder.parent)) or folder


def _beside(cls: type) -> Path | None:
    """The folder next to the class's source file, which may be in a zip file; `None` for a class without one."""
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    if module is None or not file:
        return None
    parent = Path(file).parent
    return parent / "_models" if parent.is_dir() else packed_folder(module)


def find_card(source: CardSource, cls: type, name: str, query: CardQuery[C]) -> C | None:
    """The card of one model; only that card is read."""
    found = (source.find(folder, name, query) for folder in card_folders(cls))
    return next((card for card in found if card is not None), None)


def list_cards(source: CardSource, cls: type, query: CardQuery[C], custom: str | Path | None = None) -> list[C]:
    """The class's cards by name, from a folder of the caller's or from the nearest folder that has any."""
    if custom is not None:
        return source.list_all(Path(custom), query)
    found = (source.list_all(folder, query) for folder in card_folders(cls))
    return next((cards for cards in found if cards), [])
