"""The neutral setting `thinking`, in the parameters that a model has: a switch, an effort or level, a budget.

The model's card says which of them it has and which values it takes; what is nearest is chosen.
Facts: docs/protocols/settings-across-providers.md#sampling-and-limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ..message.responses import ModelWarning, WarningKind
from ..records import record

if TYPE_CHECKING:
    from ..card.capabilities import ThinkingFacts
    from ..card.cards import ModelCard

__all__ = ["THINKING_PARAMETERS", "ThinkingValues", "thinking_values"]

_SWITCH, _MODE, _BUDGET = "thinking_enable", "thinking_mode", "thinking_budget"
_EFFORTS = ("reasoning_effort", "thinking_level")
THINKING_PARAMETERS = frozenset({_SWITCH, _MODE, _BUDGET, *_EFFORTS})
"""The parameters that the setting replaces."""
_ORDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_MIDDLE = "medium"
_SHARE = {"minimal": 0.05, "low": 0.2, "medium": 0.5, "high": 0.8, "max": 1.0}
"""How much of the largest budget a level means."""
_LARGEST = 16_384
"""Tokens of thinking for "max" where a card knows no largest budget."""


@record(slots=True)
class ThinkingValues:
    """The parameters to send, by our names (Any: each has its own type), and what had to change."""

    values: dict[str, Any] = field(default_factory=dict)
    warnings: list[ModelWarning] = field(default_factory=list)

    def warn(self, kind: WarningKind, message: str) -> None:
        """Note what is not sent, or only nearly."""
        self.warnings.append(ModelWarning(kind, "thinking", message))


def thinking_values(
    wanted: bool | str, card: ModelCard, schema: Mapping[str, Any], *, by_effort: bool = False
) -> ThinkingValues:
    """The parameters for this wish; empty, with a warning, where a model cannot do it.

    `schema` is that of the class's parameters (Any: a JSON Schema); `by_effort` says that the API has no switch beside
    the effort.
    """
    made, facts = ThinkingValues(), card.thinking
    if card.known and not card.thinks:
        if wanted is not False:
            made.warn("dropped", f"thinking was not sent: {card.name} does not think")
        return made
    has = {name for name in schema.get("properties", {}) if card.why_missing(name) is None}
    effort = next((name for name in _EFFORTS if name in has), None)
    efforts = _efforts(card, effort, facts, schema) if effort else []
    if wanted is False:
        _off(made, card, has, effort, efforts)
        return made
    if _SWITCH in has:
        made.values[_SWITCH] = True
    elif _MODE in has and (modes := _on_modes(facts)):
        made.values[_MODE] = modes[0]
    if isinstance(wanted, str):
        _amount(made, wanted, card, has, (effort, efforts))
    elif effort and efforts and (by_effort or not made.values):
        made.values[effort] = _nearest(_default(facts), [level for level in efforts if level != "none"])
    elif not made.values:
        _without_field(made, card)
    return made


def _off(made: ThinkingValues, card: ModelCard, has: set[str], effort: str | None, efforts: Sequence[str]) -> None:
    facts = card.thinking
    if facts is not None and not facts.can_disable:
        made.warn("dropped", f"thinking=False was not sent: {card.name} cannot stop thinking")
    elif effort and "none" in efforts:
        made.values[effort] = "none"
    elif _SWITCH in has:
        made.values[_SWITCH] = False
    elif _MODE in has and facts is not None and facts.modes:
        made.values[_MODE] = facts.off_mode or "disabled"
    else:
        made.warn("dropped", f"thinking=False was not sent: {card.name} has no switch for it")


def _on_modes(facts: ThinkingFacts | None) -> list[str]:
    """The modes in which the model thinks, of which the first is that where it decides how much."""
    return [mode for mode in ("adaptive", "enabled") if facts is not None and facts.modes and mode in facts.modes]


def _amount(
    made: ThinkingValues, level: str, card: ModelCard, has: set[str], by_effort: tuple[str | None, Sequence[str]]
) -> None:
    """Set the effort, else the budget, nearest to the level."""
    effort, efforts = by_effort
    levels = [each for each in efforts if each != "none"]
    if effort and levels:
        made.values[effort] = near = _nearest(level, levels)
        if near != level:
            made.warn("changed", f"{card.name} takes {', '.join(levels)}; {near!r} was sent for {level!r}")
    elif _BUDGET in has and (card.thinking is None or card.thinking.budget is not None):
        made.values[_BUDGET] = _tokens(level, card)
    elif made.values:
        made.warn("changed", f"{card.name} has no levels of thinking; it was only switched on")
    else:
        _without_field(made, card, level)


def _without_field(made: ThinkingValues, card: ModelCard, level: str | None = None) -> None:
    if card.thinking is not None and card.thinking.default == "disabled":
        made.warn("dropped", f"thinking was not sent: {card.name} has no field for it and does not think by itself")
    elif level is None:
        made.warn("other", f"{card.name} always thinks, and its API has no field for it")
    else:
        made.warn("dropped", f"{level!r} was not sent: {card.name} always thinks, as much as it decides itself")


def _efforts(card: ModelCard, name: str, facts: ThinkingFacts | None, schema: Mapping[str, Any]) -> list[str]:
    """The values that the form offers and the card does not rule out, in their order."""
    form = card.parameter_schema.get("properties", {}).get(name) or schema["properties"][name]
    offered = _choices(form)
    known = facts.efforts if facts is not None else None
    return [level for level in _ORDER if level in offered and (known is None or level in known)]


def _choices(form: Mapping[str, Any]) -> set[str]:
    found = set(form.get("enum") or ())
    for branch in form.get("anyOf", ()):
        found |= set(branch.get("enum") or ())
    return found


def _default(facts: ThinkingFacts | None) -> str:
    given = facts.default_effort if facts is not None else None
    return given if given and given != "none" else _MIDDLE


def _nearest(level: str, levels: Sequence[str]) -> str:
    """The level, or the one next to it; the lower of two that are equally near."""
    place = _ORDER.index(level)
    return min(levels, key=lambda each: (abs(_ORDER.index(each) - place), _ORDER.index(each)))


def _tokens(level: str, card: ModelCard) -> int:
    budget = card.thinking.budget if card.thinking else None
    largest = (budget.maximum if budget else None) or min(_LARGEST, (card.output_size or _LARGEST * 2) // 2)
    least = max(budget.minimum if budget else 0, 1)
    return max(least, min(largest, int(largest * _SHARE[level])))
