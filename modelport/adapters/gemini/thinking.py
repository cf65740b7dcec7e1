"""How much a model thinks, as its generation is told.

Facts: docs/protocols/gemini.md#thinking.

Gemini 2.5 takes a budget of tokens, Gemini 3 and later a level; both together are an error. The card says which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...domain.message.responses import ModelWarning
from ...ports.codec.chat import ChatRequest

if TYPE_CHECKING:
    from ...domain.card.capabilities import ThinkingFacts

__all__ = ["thinking_config"]

Json = dict[str, Any]  # Any: the provider's JSON

_LEVELS = ("minimal", "low", "medium", "high", "xhigh")
_DYNAMIC = -1


def thinking_config(request: ChatRequest) -> tuple[Json, list[ModelWarning]]:
    """`thinkingConfig`, empty when the caller said nothing, and what could not be done."""
    values = request.parameters
    facts = request.card.thinking if request.card else None
    if "thinking_enable" in request.chosen and values.get("thinking_enable") is False:
        known = request.card is not None and request.card.known
        return ({}, []) if known and facts is None else _off(request, facts)
    config: Json = {"includeThoughts": True} if values.get("thinking_enable") else {}
    amount, warnings = _amount(request, facts)
    if config and not amount and facts is not None and facts.default == "disabled" and facts.budget is not None:
        amount = {"thinkingBudget": _DYNAMIC if facts.budget.dynamic else facts.budget.maximum}
    return {**config, **amount}, warnings


def _amount(request: ChatRequest, facts: ThinkingFacts | None) -> tuple[Json, list[ModelWarning]]:
    budget, level = (request.parameters.get(name) for name in ("thinking_budget", "thinking_level"))
    if budget is None:
        return ({"thinkingLevel": level} if level else {}), []
    if level is None:
        return {"thinkingBudget": budget}, []
    if facts is not None and facts.budget is not None:
        return {"thinkingBudget": budget}, [_dropped("thinking_level", "a budget was given too")]
    return {"thinkingLevel": level}, [_dropped("thinking_budget", "a level was given too")]


def _off(request: ChatRequest, facts: ThinkingFacts | None) -> tuple[Json, list[ModelWarning]]:
    """The least thinking that the model can do, which is none only on some."""
    given = [name for name in ("thinking_budget", "thinking_level") if request.parameters.get(name) is not None]
    warnings = [_dropped(name, "thinking is switched off") for name in given]
    if facts is not None and facts.budget is not None:
        if facts.can_disable:
            return {"thinkingBudget": 0}, warnings
        least = facts.budget.minimum
        return {"thinkingBudget": least}, [*warnings, _changed(f"sent with the smallest budget, {least}")]
    if facts is not None and facts.efforts:
        level = min(facts.efforts, key=lambda word: _LEVELS.index(word) if word in _LEVELS else len(_LEVELS))
        return {"thinkingLevel": level}, [*warnings, _changed(f"sent with the lowest level, {level}")]
    return {}, [*warnings, _changed("its thoughts are not shown")]


def _changed(what: str) -> ModelWarning:
    message = f"thinking cannot be switched off on this model as far as is known; {what}"
    return ModelWarning("changed", "thinking_enable", message)


def _dropped(name: str, reason: str) -> ModelWarning:
    return ModelWarning("dropped", name, f"{name} was not sent: {reason}, and the API takes only one of the settings")
