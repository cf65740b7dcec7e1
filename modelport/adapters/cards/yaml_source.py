"""Model cards in YAML files, one file a model. Files are parsed once and again only when they change."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, cast
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError

from ...domain.cards import C, CardQuery
from ...domain.errors import CardError
from .card_file import CardFile, Stamp

__all__ = ["YamlCardSource", "file_stem"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_SUFFIXES = (".yaml", ".yml")


def file_stem(model: str) -> str:
    """The name, without suffix, of the file that holds a model's card: `qwen3:8b` is in `qwen3_8b`."""
    return _UNSAFE.sub("_", model)


class YamlCardSource:
    """A `CardSource` over folders of YAML files; safe to share between threads and models.

    Beside the card's own fields a file may hold `per_class`: for a model class, the fields in which the model differs
    there from what the rest of the file says.
    """

    def __init__(self) -> None:
        self._files: dict[str, CardFile] = {}
        self._schemas: WeakKeyDictionary[type[BaseModel], dict[str, Any]] = WeakKeyDictionary()

    def find(self, directory: Path, name: str, query: CardQuery[C]) -> C | None:
        """The card of one model, by its name or an alias; `None` when the folder has none.

        Raises:
            CardError: the model's own card is broken; broken neighbours do not matter.
        """
        stem = os.path.join(directory, file_stem(name))
        for suffix in _SUFFIXES:
            file = self._file(stem + suffix)
            card = self._made(file, query) if file else None
            if card and card.name == name:
                return card
        return self._search(directory, name, query)

    def list_all(self, directory: Path, query: CardQuery[C]) -> list[C]:
        """The cards asked for, sorted by name; empty when the folder does not exist.

        Raises:
            CardError: a file is broken, or two hold the same model.
        """
        cards: dict[str, C] = {}
        paths: dict[str, str] = {}
        for file in self._folder(directory):
            card = self._made(file, query)
            if card is None:
                continue
            if card.name in cards:
                raise CardError(f"{file.path}: field 'name': {card.name} has a card in {paths[card.name]} already")
            cards[card.name], paths[card.name] = card, file.path
        return [cards[name] for name in sorted(cards)]

    def _search(self, directory: Path, name: str, query: CardQuery[C]) -> C | None:
        """Look through the folder for a file of another name, or an alias; parses only files that hold the word."""
        by_alias: C | None = None
        for file in self._folder(directory):
            if not file.mentions(name):
                continue
            card = self._made(file, query)
            if card and card.name == name:
                return card
            if card and name in card.aliases:
                by_alias = by_alias or card
        return by_alias

    def _folder(self, directory: Path) -> list[CardFile]:
        try:
            with os.scandir(directory) as entries:
                found = [(entry.path, entry.stat()) for entry in entries if entry.name.endswith(_SUFFIXES)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CardError(f"{directory}: the card folder cannot be read: {error.strerror}") from error
        return [self._current(path, (info.st_mtime_ns, info.st_size)) for path, info in sorted(found)]

    def _file(self, path: str) -> CardFile | None:
        try:
            info = os.stat(path)
        except OSError:
            return None
        return self._current(path, (info.st_mtime_ns, info.st_size))

    def _current(self, path: str, stamp: Stamp) -> CardFile:
        file = self._files.get(path)
        if file is None or file.stamp != stamp:
            file = self._files[path] = CardFile(path, stamp)
        return file

    def _made(self, file: CardFile, query: CardQuery[C]) -> C | None:
        """A fresh copy of the file's card, if it is one of those asked for."""
        if file.kind(query.card.kind) != query.card.kind:
            return None
        template = file.templates(query.parameters).get(key := file.variant(query))
        if template is None:
            try:
                card = query.card.from_facts(file.facts_for(key[1]), self._schema(query.parameters))
            except ValidationError as error:
                raise file.fault(error) from error
            template = file.keep(query.parameters, key, card)
        made = cast("C", template.card)
        return template.copy() if query.wants(made) else None

    def _schema(self, parameters: type[BaseModel]) -> dict[str, Any]:
        schema = self._schemas.get(parameters)
        if schema is None:
            schema = self._schemas[parameters] = parameters.model_json_schema()
        return schema
