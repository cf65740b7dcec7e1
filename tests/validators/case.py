"""What a row of the table of illegal bodies holds."""

from __future__ import annotations

from dataclasses import dataclass

from .common import Json


@dataclass(frozen=True)
class Case:
    """A body that breaks one rule; `also` names rules that cannot be kept whole at the same time."""

    rule: str
    body: Json
    targets: tuple[str, ...]
    model: str | None = None
    also: frozenset[str] = frozenset()
