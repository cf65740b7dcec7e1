"""Describes how a request differs from the nearest recorded one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ...domain.errors import ReplayMismatchError
from .http_file import Asked, Interaction

__all__ = ["ABSENT", "differing", "leaves", "mismatch", "nearest", "used_up"]

_SHOWN = 5
_WIDTH = 60
ABSENT = object()


def mismatch(asked: Asked, recorded: Iterable[Interaction], source: str) -> ReplayMismatchError:
    """The error of a request that was never recorded."""
    compared = [(list(_differences(asked, one.asked)), one) for one in recorded]
    what = f"{asked.method} {asked.path} is not on {source}"
    if not compared:
        return ReplayMismatchError(f"{what}: it holds no interactions; record some")
    found, closest = min(compared, key=lambda pair: (pair[1].asked.path != asked.path, len(pair[0])))
    return nearest(what, found, closest.place)


def nearest(what: str, found: Sequence[str], place: str) -> ReplayMismatchError:
    """The error with the differences from the nearest recording."""
    lines = [f"  {line}" for line in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN} more")
    return ReplayMismatchError("\n".join([f"{what}; the nearest is {place}, which differs:", *lines]))


def used_up(what: str, times: int, source: str) -> ReplayMismatchError:
    """The error of a request that comes more often than it was recorded."""
    return ReplayMismatchError(
        f"{what} comes more often than the {times} time(s) that it is on {source}; "
        "record it again, or replay with repeat"
    )


def _differences(sent: Asked, recorded: Asked) -> Iterator[str]:
    for name in ("method", "path"):
        yield from differing(name, getattr(sent, name), getattr(recorded, name))
    yield from differing("query", _by_name(sent.query), _by_name(recorded.query))
    yield from differing("body", sent.body, recorded.body)


def _by_name(query: Sequence[tuple[str, str]]) -> dict[str, str | list[str]]:
    """The values by their names; those of a name that comes several times as a list."""
    found: dict[str, list[str]] = {}
    for name, value in query:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def differing(place: str, sent: Any, recorded: Any) -> Iterator[str]:  # Any: JSON values, or none
    """One line for each leaf that differs."""
    for where, one, other in leaves(place, sent, recorded):
        if one != other or isinstance(one, bool) != isinstance(other, bool):
            start = _first_difference(one, other)
            yield f"{where}: sent {_shown(one, start)}, recorded {_shown(other, start)}"


def leaves(place: str, sent: Any, recorded: Any) -> Iterator[tuple[str, Any, Any]]:  # Any: as above
    """Every leaf of the two, by its place; what only one of them has is next to a mark of absence."""
    if isinstance(sent, dict) and isinstance(recorded, dict):
        for name in [*recorded, *(name for name in sent if name not in recorded)]:
            yield from leaves(f"{place}.{name}", sent.get(name, ABSENT), recorded.get(name, ABSENT))
    elif isinstance(sent, list) and isinstance(recorded, list):
        for number in range(max(len(sent), len(recorded))):
            yield from leaves(f"{place}[{number}]", _at(sent, number), _at(recorded, number))
    else:
        yield place, sent, recorded


def _at(values: list[Any], number: int) -> Any:  # Any: as above
    return values[number] if number < len(values) else ABSENT


def _first_difference(sent: Any, recorded: Any) -> int:  # Any: as above
    """Where two long texts part, less what leads up to it; 0 for anything else."""
    if not (isinstance(sent, str) and isinstance(recorded, str)):
        return 0
    pairs = enumerate(zip(sent, recorded, strict=False))
    parted = next((number for number, (one, other) in pairs if one != other), min(len(sent), len(recorded)))
    return max(0, parted - _WIDTH // 3)


def _shown(value: Any, start: int) -> str:  # Any: as above
    if value is ABSENT:
        return "nothing"
    text = repr(value[start : start + _WIDTH]) if isinstance(value, str) else repr(value)[:_WIDTH]
    cut = start + _WIDTH < len(value) if isinstance(value, str) else len(repr(value)) > _WIDTH
    return ("…" if start else "") + text + ("…" if cut else "")
