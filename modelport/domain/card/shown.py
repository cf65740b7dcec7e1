"""Cards as their readers see them: in one line, and as a table in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["line_of", "rich_facts_of", "table_of"]

_NUMBERS = ("context_size", "output_size", "dimensions")
_ABILITIES = ("thinks", "tools", "realtime")


def line_of(card: Any) -> str:  # Any: a card of any kind, whose module imports this one
    """One line with the facts that a reader wants first."""
    facts = ", ".join(f"{name}={value!r}" for name, value in _facts(card).items())
    return f"<{type(card).__name__} {card.name!r}: {facts}>"


def table_of(card: Any) -> str:  # Any: as above
    """A table in HTML with the same facts, the parameters and the source."""
    from ..html import table  # for notebooks only

    more = {"parameters": ", ".join(card.visible_parameters()), "source": card.source, "notes": card.notes}
    return table(f"{card.label} ({card.name})", _facts(card) | more)


def rich_facts_of(card: Any) -> Iterator[Any]:  # Any: as above, and names with values
    """The name and the same facts, for rich."""
    yield card.name
    yield from _facts(card).items()


def _facts(card: Any) -> dict[str, object]:  # Any: as above
    """What a reader wants to know first, without what is not known or is as usual."""
    facts: dict[str, object] = {"kind": card.kind, "status": card.status if card.status != "active" else None}
    facts["known"] = None if card.known else "no card of this model; anything is allowed"
    facts |= {name: getattr(card, name, None) for name in _NUMBERS}
    facts |= {"takes": ", ".join(card.input_types), "gives": ", ".join(getattr(card, "output_types", ()))}
    facts |= {name: getattr(card, name, None) for name in _ABILITIES}
    return {name: value for name, value in facts.items() if value}
