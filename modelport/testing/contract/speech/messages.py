"""Messages of any WebSocket protocol: their kinds, the stages that they form, and the ids in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ....ports.websocket import Frame

__all__ = ["ids_between", "json_of", "kind_of", "leaves", "stages"]

_KINDS = ("type", "action", "event")
_ID = re.compile(r"id\Z", re.IGNORECASE)


def kind_of(frame: Frame) -> tuple[str, ...]:
    """The kind of the message: the values of its members `type`, `action` and `event`."""
    value = json_of(frame)
    if not isinstance(value, dict):
        return ("binary",) if isinstance(frame, bytes) else ("text",)
    return tuple(str(leaf) for key, leaf in leaves(value) if key in _KINDS and isinstance(leaf, str))


def stages(frames: Sequence[Frame]) -> int:
    """How many runs of messages of one kind there are."""
    kinds = [kind_of(frame) for frame in frames]
    return sum(number == 0 or kind != kinds[number - 1] for number, kind in enumerate(kinds))


def ids_between(recorded: Sequence[Frame], sent: Sequence[Frame]) -> Iterator[tuple[str, str]]:
    """Which id was sent in the place of which recorded one, in the first message of each kind and later ones."""
    pairs = zip(_first_of_stages(recorded), _first_of_stages(sent), strict=False)
    for one, other in pairs:
        theirs = dict(leaves(json_of(other)))
        for key, value in leaves(json_of(one)):
            if _ID.search(key) and isinstance(value, str) and isinstance(theirs.get(key), str) and value:
                yield value, theirs[key]


def _first_of_stages(frames: Sequence[Frame]) -> Iterator[Frame]:
    last: tuple[str, ...] | None = None
    for frame in frames:
        if kind_of(frame) != last:
            yield frame
        last = kind_of(frame)


def json_of(frame: Frame) -> Any:  # Any: JSON, or `None`
    try:
        return json.loads(frame) if isinstance(frame, str) else None
    except ValueError:
        return None


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:  # Any: JSON
    """Every value that is neither an object nor a list, with the name of its member."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)
    else:
        yield key, value
