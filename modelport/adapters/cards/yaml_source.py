"""Model cards in YAML files, one file a model. Files are parsed once and again only when they change."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError

from ...domain.errors import CardError
from ...domain.records import record
from .folder import GONE, SUFFIXES, CardFolder, stamp_of

if TYPE_CHECKING:
    from ...domain.card.cards import BaseCard, C, CardQuery
    from .card_file import CardFile, Stamp, Template

__all__ = ["YamlCardSource", "file_stem"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_ListKey: TypeAlias = "tuple[str, type[BaseCard], tuple[str, ...], bool | None]"


@record(frozen=True, slots=True)
class _Listing:
    """What a folder held when it was last listed, and the cards asked for then (Any: of one kind)."""

    names: list[str]
    files: list[str]
    stamps: list[Stamp]
    templates: list[Template[Any]]


def file_stem(model: str) -> str:
    """The name, without suffix, of the file that holds a model's card: `qwen3:8b` is in `qwen3_8b`."""
    return _UNSAFE.sub("_", model)


class YamlCardSource:
    """A `CardSource` over folders of YAML files; safe to share between threads and models.

    A file may also hold `per_class`: for a model class, the fields whose values differ from the rest of the file.
    """

    def __init__(self) -> None:
        self._files: dict[str, CardFile] = {}
        self._lists: WeakKeyDictionary[type[BaseModel], dict[_ListKey, _Listing]] = WeakKeyDictionary()
        self._schemas: WeakKeyDictionary[type[BaseModel], dict[str, Any]] = WeakKeyDictionary()

    def find(self, directory: Path, name: str, query: CardQuery[C]) -> C | None:
        """The card of one model, by its name or an alias; `None` when the folder has none.

        Raises:
            CardError: the model's own card is broken; broken neighbours do not matter.
        """
        stem = os.path.join(directory, file_stem(name))
        for suffix in SUFFIXES:
            file = self._file(stem + suffix)
            template = self._made(file, query) if file else None
            if template and template.card.name == name:
                return template.copy()
        return self._search(directory, name, query)

    def list_all(self, directory: Path, query: CardQuery[C]) -> list[C]:
        """The cards asked for, sorted by name; empty when the folder does not exist.

        Raises:
            CardError: a file is broken, or two hold the same model.
        """
        folder = str(directory)
        lists = self._lists.setdefault(query.parameters, {})
        key = (folder, query.card, query.class_names, query.realtime)
        known = lists.get(key)
        with CardFolder(folder) as now:
            if known is None or known.names != now.names or known.stamps != now.stamps(known.files):
                files = now.files()
                stamps = now.stamps(files)
                paths = [f"{folder}{os.sep}{file}" for file in files]
                known = lists[key] = _Listing(now.names, files, stamps, self._templates(paths, stamps, query))
        return [template.copy() for template in known.templates]

    def _templates(self, paths: list[str], stamps: list[Stamp], query: CardQuery[C]) -> list[Template[Any]]:
        """The cards asked for, sorted by name."""
        made: dict[str, tuple[Template[C], str]] = {}
        for path, stamp in zip(paths, stamps, strict=True):
            template = self._made(self._current(path, stamp), query) if stamp != GONE else None
            if template is None:
                continue
            name = template.card.name
            if name in made:
                raise CardError(f"{path}: field 'name': {name} has a card in {made[name][1]} already")
            made[name] = template, path
        return [made[name][0] for name in sorted(made)]

    def _search(self, directory: Path, name: str, query: CardQuery[C]) -> C | None:
        """Look through the folder for a file of another name, or an alias; parses only files that hold the word."""
        by_alias: Template[C] | None = None
        folder = str(directory)
        with CardFolder(folder) as now:
            files = now.files()
        for file_name in files:
            file = self._file(f"{folder}{os.sep}{file_name}")
            if file is None or not file.mentions(name):
                continue
            template = self._made(file, query)
            if template and template.card.name == name:
                return template.copy()
            if template and name in template.card.aliases:
                by_alias = by_alias or template
        return by_alias.copy() if by_alias else None

    def _file(self, path: str) -> CardFile | None:
        stamp = stamp_of(path)
        return self._current(path, stamp) if stamp != GONE else None

    def _current(self, path: str, stamp: Stamp) -> CardFile:
        file = self._files.get(path)
        if file is None or file.stamp != stamp:
            from .card_file import CardFile  # with the YAML library, for the first card

            file = self._files[path] = CardFile(path, stamp)
        return file

    def _made(self, file: CardFile, query: CardQuery[C]) -> Template[C] | None:
        """The file's card, if it is one of those asked for; made once."""
        if file.kind(query.card.kind) != query.card.kind:
            return None
        variant = file.variant(query)
        schema = self._schema(query.parameters)
        template: Template[C] | None = file.templates(query.parameters).get(variant)
        try:
            if template is None:
                card = query.card.from_facts(file.facts_for(variant[1]), schema)
                template = file.keep(query.parameters, variant, card)
            if not query.wants(template.card):
                return None
            if query.class_names and not template.checked:
                template.card.check_form(schema)
                template.checked = True
        except ValidationError as error:
            raise file.fault(error, variant[1]) from error
        return template

    def _schema(self, parameters: type[BaseModel]) -> dict[str, Any]:
        schema = self._schemas.get(parameters)
        if schema is None:
            schema = self._schemas[parameters] = parameters.model_json_schema()
        return schema
