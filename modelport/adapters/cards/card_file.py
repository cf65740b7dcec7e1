"""One card file: its text, its fields, and the cards already made from it."""

from __future__ import annotations

from typing import Any, Generic, cast, get_args
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError

from ...domain.card.cards import BaseCard, C, CardKind, CardQuery
from ...domain.errors import CardError
from ..wire.yaml_text import YamlDocument, YamlFault, read_yaml

__all__ = ["CardFile", "Stamp", "Template"]

Stamp = tuple[int, int]
"""When a file was changed (nanoseconds) and its size in bytes: together they tell whether it is still the same."""

Variant = tuple[type[BaseCard], str | None]
"""Which card was made: its kind, and the class whose differences were applied."""

_PER_CLASS = "per_class"
_NOT_WRITTEN = ("parameter_schema", "given_overrides", "known")
_TELLING: dict[str, CardKind] = {
    "voices": "tts",
    "realtime": "tts",
    "dimensions": "embedding",
    "supported_dimensions": "embedding",
    "limits": "embedding",
    "output_size": "chat",
}

_new, _set_state = object.__new__, BaseModel.__setstate__


class Template(Generic[C]):
    """A finished card, from which copies are handed out that callers may change."""

    def __init__(self, card: C) -> None:
        self.card = card
        self.checked = False
        self._kind = type(card)
        self._values = dict(card.__dict__)
        self._given = card.model_fields_set
        self._private = card.__pydantic_private__ or {}
        self._lists = [(name, value) for name, value in card.__dict__.items() if isinstance(value, list)]

    def copy(self) -> C:
        """A card of the caller's own, with its own lists: made as `pickle` makes it, in half the time of `copy`.

        The form and the overrides need no copying here: a card copies them when it is asked for them.
        """
        values = self._values.copy()
        for name, value in self._lists:
            values[name] = value[:]
        card = _new(self._kind)
        _set_state(
            card,
            {
                "__dict__": values,
                "__pydantic_extra__": None,
                "__pydantic_fields_set__": self._given.copy(),
                "__pydantic_private__": self._private.copy(),
            },
        )
        return card


class CardFile:
    """A file as it was at one moment; read and parsed when first needed."""

    def __init__(self, path: str, stamp: Stamp) -> None:
        self.path = path
        self.stamp = stamp
        self._text: bytes | None = None
        self._facts: dict[str, Any] | None = None
        self._made: WeakKeyDictionary[type[BaseModel], dict[Variant, Template[Any]]] = WeakKeyDictionary()

    def mentions(self, word: str) -> bool:
        """Whether the text holds the word anywhere, without parsing it."""
        return word.encode() in self._read()

    def kind(self, wanted: CardKind) -> CardKind:
        """The kind of card: as written, else by its output, else by a field only one kind has, else the one wanted."""
        facts = self._parsed()
        if "type" in facts:
            return self._written_kind(facts["type"])
        outputs = facts.get("output_types")
        if isinstance(outputs, list) and outputs:
            return _kind_of_outputs([str(output) for output in outputs])
        return next((kind for field, kind in _TELLING.items() if field in facts), wanted)

    def variant(self, query: CardQuery[C]) -> Variant:
        """Which of the file's cards a query is about."""
        differing = self._parsed().get(_PER_CLASS) or {}
        return query.card, next((name for name in query.class_names if name in differing), None)

    def facts_for(self, class_name: str | None) -> dict[str, Any]:
        """The card's fields, with the differences of one class applied."""
        facts = self._parsed()
        facts = {**facts, **self._differing(class_name)}
        facts.pop(_PER_CLASS, None)
        facts.pop("type", None)
        return facts

    def _differing(self, class_name: str | None) -> dict[str, Any]:
        """The fields that are written for one class only."""
        found: dict[str, Any] = (self._parsed().get(_PER_CLASS) or {}).get(class_name) or {}
        return found

    def templates(self, parameters: type[BaseModel]) -> dict[Variant, Template[Any]]:
        """The cards made so far for one `Parameters` class."""
        made = self._made.get(parameters)
        if made is None:
            made = self._made[parameters] = {}
        return made

    def keep(self, parameters: type[BaseModel], variant: Variant, card: C) -> Template[C]:
        """Remember a finished card."""
        template = self.templates(parameters)[variant] = Template(card)
        return template

    def fault(self, error: ValidationError, class_name: str | None = None) -> CardError:
        """What is wrong with the card's fields, or with those of one class, each with its line."""
        document = self._document()
        faults = []
        for detail in error.errors(include_url=False):
            place = tuple(str(part) for part in detail["loc"])
            if place[0] == "parameter_overrides" and self.facts_for(class_name).get("parameters_overrides"):
                place = ("parameters_overrides", *place[1:])
            own = (_PER_CLASS, class_name) if place[0] in self._differing(class_name) else ()
            line = document.line((*own, *place))
            where = f"line {line}, " if line else ""
            faults.append(f"{where}field {'.'.join(place)!r}: {detail['msg']}")
        return CardError(f"{self.path}: {'; '.join(faults)}")

    def _written_kind(self, value: object) -> CardKind:
        kind = str(value).removesuffix("_model")
        if kind not in get_args(CardKind):
            raise self._error("field 'type'", f"{value!r} is not one of {', '.join(get_args(CardKind))}")
        return cast("CardKind", kind)

    def _read(self) -> bytes:
        if self._text is None:
            try:
                with open(self.path, "rb") as stream:
                    self._text = stream.read()
            except OSError as error:
                raise self._error("file", f"cannot be read: {error.strerror}") from error
        return self._text

    def _parsed(self) -> dict[str, Any]:
        if self._facts is None:
            self._facts = self._checked(self._document().value)
        return self._facts

    def _document(self) -> YamlDocument:
        try:
            return read_yaml(self._read())
        except YamlFault as error:
            raise CardError(f"{self.path}: {error}") from error

    def _checked(self, facts: object) -> dict[str, Any]:
        if not isinstance(facts, dict):
            raise self._error("line 1", f"a card is a mapping of fields, not {type(facts).__name__}")
        for field in facts:
            if not isinstance(field, str) or field in _NOT_WRITTEN:
                raise self._error(f"field {field!r}", "is not a field of a card file")
        differing = facts.get(_PER_CLASS) or {}
        if not isinstance(differing, dict) or not all(isinstance(part, dict | None) for part in differing.values()):
            raise self._error(f"field {_PER_CLASS!r}", "must map class names to fields")
        return facts

    def _error(self, where: str, reason: str) -> CardError:
        return CardError(f"{self.path}: {where}: {reason}")


def _kind_of_outputs(outputs: list[str]) -> CardKind:
    if "application/x-embedding" in outputs:
        return "embedding"
    return "tts" if all(output.startswith("audio/") for output in outputs) else "chat"
