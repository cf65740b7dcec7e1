"""Options of one call: parameters of the model's form, neutral settings, thinking and streaming."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ...domain.errors import InvalidRequestError

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = ["THINKING", "chosen"]

THINKING = ("off", "on", "minimal", "low", "medium", "high", "max")
_SWITCH = {"off": False, "on": True}


def chosen(
    model: ChatModelBase, options: Sequence[tuple[str, str]], thinking: str | None, stream: bool
) -> ChatModelBase:
    """The model with these options, each checked with its card; a `UsageError` says what is wrong with one."""
    for name, text in options:
        model = _with(model, name, _value(model, name, text))
    if thinking is not None:
        model = model.with_options(thinking=_SWITCH.get(thinking, thinking))
    return model if stream else model.with_options(stream=False)


def _with(model: ChatModelBase, name: str, value: Any) -> ChatModelBase:  # Any: a JSON value
    from ...domain.chat.settings import CallSettings

    known = {**type(model).Parameters.model_fields, **CallSettings.__annotations__}
    if name not in known:
        form = model.card.parameter_schema.get("properties", {})
        raise click.UsageError(
            f"-o {name}: {model.model} has no such option; it has {', '.join([*form, *CallSettings.__annotations__])}"
        )
    try:
        made = model.with_options(**{name: value})
    except (InvalidRequestError, TypeError) as error:
        raise click.UsageError(f"-o {name}: {str(error).partition('with_options: ')[2] or error}") from error
    _check(made, name, value)
    return made


def _check(model: ChatModelBase, name: str, value: Any) -> None:  # Any: a JSON value
    from ...domain.card.checks import check_parameters

    if name not in type(model).Parameters.model_fields or model.card_checks == "off":
        return
    try:
        check_parameters(model.card, {name: value})
    except InvalidRequestError as error:
        raise click.UsageError(f"-o {error}; `modelport models {model.model}` shows what it takes") from error


def _value(model: ChatModelBase, name: str, text: str) -> Any:  # Any: a JSON value
    """The text as JSON, else as it is; a parameter that is a text stays one."""
    if _is_text(model.card.parameter_schema.get("properties", {}).get(name, {})):
        return text
    if name in ("service_tier", "user", "cache", "stop"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_text(field: dict[str, Any]) -> bool:
    kinds = {option.get("type") for option in field.get("anyOf", [field])} - {"null"}
    return kinds == {"string"}
