"""Answers to any batch, in the form of one recorded answer.

The places of the inputs in a request and of the vectors in an answer are found by their form: the only list of the
answer whose entries each hold numbers, or base64 of float32, and the outermost list of the request that is as long.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..core.recordings import Recording

__all__ = ["Template"]

Json = Any
"""A JSON value."""
Place = tuple[str | int, ...]
"""Keys from the outside in."""

_SIZE = 8
_DEEPEST = 4


@dataclass(frozen=True)
class Template:
    """The form of one endpoint's requests and answers.

    Attributes:
        inputs_at: where a request has the list of inputs.
        entries_at: where an answer has the list of entries.
        vector_at: where an entry has its vector.
        indices: the members of an entry that say which input it is of.
        form: how vectors are written.
    """

    tape: Recording
    request: Json
    body: Json
    inputs_at: Place
    entries_at: Place
    vector_at: Place
    indices: tuple[str, ...]
    form: Literal["base64", "list"]

    @classmethod
    def of(cls, tape: Recording) -> Template | None:
        """The form of a recorded answer; `None` when no vectors are found in it."""
        try:
            body = json.loads(tape.body)
        except ValueError:
            return None
        entries_at = next((place for place, value in _lists(body) if _vector_place(value) is not None), None)
        if entries_at is None:
            return None
        entries = _at(body, entries_at)
        vector_at = _vector_place(entries)
        request = tape.interaction.asked.body
        inputs_at = next((place for place, value in _lists(request) if len(value) == len(entries)), None)
        if inputs_at is None or vector_at is None:
            return None
        form: Literal["base64", "list"] = "base64" if isinstance(_at(entries[0], vector_at), str) else "list"
        return cls(tape, request, body, inputs_at, entries_at, vector_at, _indices(entries), form)

    @property
    def count(self) -> int:
        """How many vectors the recorded answer has."""
        return len(_at(self.body, self.entries_at))

    def inputs(self, request: bytes) -> list[Json]:
        """The inputs of a request, in the provider's form."""
        found = _at(json.loads(request), self.inputs_at)
        return found if isinstance(found, list) else [found]

    def echo(self, request: bytes) -> bytes:
        """An answer to this request; the same input always has the same vector, others have others."""
        return self.with_entries([self._entry(number, item) for number, item in enumerate(self.inputs(request))])

    def with_entries(self, entries: Sequence[Json]) -> bytes:
        """The recorded answer with other entries."""
        return json.dumps(_put(self.body, self.entries_at, list(entries))).encode()

    @property
    def entries(self) -> list[Json]:
        """The recorded entries."""
        found: list[Json] = copy.deepcopy(_at(self.body, self.entries_at))
        return found

    @property
    def vectors(self) -> list[Json]:
        """The recorded vectors, as they are written."""
        return [_at(entry, self.vector_at) for entry in self.entries]

    def with_vectors(self, vectors: Sequence[Json]) -> bytes:
        """The recorded answer with other vectors."""
        pairs = zip(self.entries, vectors, strict=True)
        return self.with_entries([_put(entry, self.vector_at, vector) for entry, vector in pairs])

    def _entry(self, number: int, item: Json) -> Json:
        digest = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).digest()
        numbers = [byte + 1.0 for byte in digest[:_SIZE]]
        vector = numbers if self.form == "list" else base64.b64encode(struct.pack(f"<{_SIZE}f", *numbers)).decode()
        entry = _put(_at(self.body, self.entries_at)[0], self.vector_at, vector)
        return {**entry, **dict.fromkeys(self.indices, number)} if self.indices else entry


def numbers_of(vector: Json) -> list[float]:
    """A vector as it is written, as numbers."""
    if isinstance(vector, str):
        raw = base64.b64decode(vector)
        return list(struct.unpack(f"<{len(raw) // 4}f", raw))
    return [float(number) for number in vector]


def _lists(value: Json) -> Iterator[tuple[Place, list[Json]]]:
    """Every list in a value that is not empty, the outermost first."""
    level: list[tuple[Place, Json]] = [((), value)]
    while level:
        yield from ((place, each) for place, each in level if isinstance(each, list) and each)
        level = [((*place, key), inner) for place, each in level for key, inner in _members(each)]


def _members(value: Json) -> list[tuple[str | int, Json]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) and not _is_vector(value) else []


def _vector_place(entries: Json) -> Place | None:
    """Where each of the entries holds a vector."""
    places = _vector_places(entries[0], ()) if isinstance(entries, list) and not _is_vector(entries) else []
    longest = sorted(places, key=lambda place: -len(numbers_of(_at(entries[0], place))))
    return next((place for place in longest if all(_has_vector(entry, place) for entry in entries)), None)


def _vector_places(value: Json, place: Place) -> list[Place]:
    if _is_vector(value):
        return [place]
    if not isinstance(value, dict) or len(place) == _DEEPEST:
        return []
    return [found for key, inner in value.items() for found in _vector_places(inner, (*place, key))]


def _has_vector(entry: Json, place: Place) -> bool:
    try:
        return _is_vector(_at(entry, place))
    except (LookupError, TypeError):
        return False


def _is_vector(value: Json) -> bool:
    if isinstance(value, list):
        return len(value) > 1 and all(isinstance(each, int | float) and each is not True for each in value)
    if not isinstance(value, str) or len(value) < _SIZE:
        return False
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) >= 8 and len(raw) % 4 == 0 and all(abs(number) < 1e6 for number in numbers_of(value))


def _indices(entries: Sequence[Json]) -> tuple[str, ...]:
    """The members that count the entries, from 0."""
    if not all(isinstance(entry, dict) for entry in entries):
        return ()
    return tuple(
        key
        for key, value in entries[0].items()
        if type(value) is int and all(entry.get(key) == number for number, entry in enumerate(entries))
    )


def _at(value: Json, place: Place) -> Json:
    for key in place:
        value = value[key]
    return value


def _put(value: Json, place: Place, new: Json) -> Json:
    """A copy of the value with something else at that place."""
    if not place:
        return new
    changed = copy.copy(value)
    changed[place[0]] = _put(value[place[0]], place[1:], new)
    return changed
