"""Forced tool calls of models that cannot be forced while they think.

A forced call is worth more than thinking that the caller did not ask for. Facts:
docs/protocols/structured-output.md#ways-to-json.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from ....domain.message.responses import ModelWarning
from ....ports.codec.chat import ChatRequest

__all__ = ["prepared_for_forced_call"]

_OFF = ("disabled", "none")


def prepared_for_forced_call(
    request: ChatRequest, thinks: Callable[[ChatRequest], bool | None], *, implied_by: Collection[str] = ()
) -> tuple[ChatRequest, list[ModelWarning]]:
    """The request with thinking switched off where only that lets the model be forced, and a warning that says so.

    `thinks` says whether the model would think in a request; `implied_by` names parameters that ask for thinking,
    beside those that begin with `thinking_`. A request is returned as it is when the caller asks for thinking, or when
    the model cannot stop: `plan_choice` refuses these.
    """
    choice, facts = request.tool_choice, request.card.tool_choice if request.card else None
    if choice is None or not choice.forces_call or not request.tools or facts is None or facts.with_thinking:
        return request, []
    if not (facts.required or facts.named) or _asks_to_think(request, implied_by) or not thinks(request):
        return request, []
    from ....domain.structured.plan import without_thinking  # rarely needed

    values, chosen = without_thinking(request.parameters, request.chosen)
    quiet = replace(request, parameters=values, chosen=chosen)
    if thinks(quiet):
        return request, []
    message = f"{request.model} cannot be forced to call a tool while it thinks; thinking was switched off in this call"
    return quiet, [ModelWarning("changed", "thinking_enable", message)]


def _asks_to_think(request: ChatRequest, implied_by: Collection[str]) -> bool:
    values = request.parameters
    return any(
        value and value not in _OFF
        for name, value in values.items()
        if name.startswith("thinking_") or name in implied_by
    )
