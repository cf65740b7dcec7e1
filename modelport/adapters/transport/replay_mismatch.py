"""What differs between a request and the nearest recorded one, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...domain.errors import ReplayMismatchError
from .cassette_file import Asked, Interaction

__all__ = ["mismatch", "used_up"]

_SHOWN = 5
_WIDTH = 60
_ABSENT = object()


def mismatch(asked: Asked, recorded: Iterable[Interaction], source: str) -> ReplayMismatchError:
    """The error of a request that was never recorded."""
    compared = [(list(_differences(asked, one.asked)), one) for one in recorded]
    what = f"{asked.method} {asked.path} is not on {source}"
    if not compared:
        return ReplayMismatchError(f"{what}: it holds no interactions; record some")
    found, nearest = min(compared, key=lambda pair: (pair[1].asked.path != asked.path, len(pair[0])))
    lines = [f"  {line}" for line in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN} more")
    return ReplayMismatchError("\n".join([f"{what}; the nearest is {nearest.place}, which differs:", *lines]))


def used_up(asked: Asked, times: int, source: str) -> ReplayMismatchError:
    """The error of a request that comes more often than it was recorded."""
    return ReplayMismatchError(
        f"{asked.method} {asked.path} comes more often than the {times} time(s) that it is on {source}; "
        "record it again, or replay with repeat"
    )


def _differences(sent: Asked, recorded: Asked) -> Iterator[str]:
    for name in ("method", "path"):
        yield from _compared(name, getattr(sent, name), getattr(recorded, name))
    yield from _compared("query", dict(sent.query), dict(recorded.query))
    yield from _compared("body", sent.body, recorded.body)


def _compared(place: str, sent: Any, recorded: Any) -> Iterator[str]:  # Any: JSON values, or none
    """One line for each leaf that differs."""
    if isinstance(sent, dict) and isinstance(recorded, dict):
        for name in [*recorded, *(name for name in sent if name not in recorded)]:
            yield from _compared(f"{place}.{name}", sent.get(name, _ABSENT), recorded.get(name, _ABSENT))
    elif isinstance(sent, list) and isinstance(recorded, list):
        for number in range(max(len(sent), len(recorded))):
            yield from _compared(f"{place}[{number}]", _at(sent, number), _at(recorded, number))
    elif sent != recorded or isinstance(sent, bool) != isinstance(recorded, bool):
        start = _first_difference(sent, recorded)
        yield f"{place}: sent {_shown(sent, start)}, recorded {_shown(recorded, start)}"


def _at(values: list[Any], number: int) -> Any:  # Any: as above
    return values[number] if number < len(values) else _ABSENT


def _first_difference(sent: Any, recorded: Any) -> int:  # Any: as above
    """Where two long texts part, less what leads up to it; 0 for anything else."""
    if not (isinstance(sent, str) and isinstance(recorded, str)):
        return 0
    pairs = enumerate(zip(sent, recorded, strict=False))
    parted = next((number for number, (one, other) in pairs if one != other), min(len(sent), len(recorded)))
    return max(0, parted - _WIDTH // 3)


def _shown(value: Any, start: int) -> str:  # Any: as above
    if value is _ABSENT:
        return "nothing"
    text = repr(value[start : start + _WIDTH]) if isinstance(value, str) else repr(value)[:_WIDTH]
    cut = start + _WIDTH < len(value) if isinstance(value, str) else len(repr(value)) > _WIDTH
    return ("…" if start else "") + text + ("…" if cut else "")
