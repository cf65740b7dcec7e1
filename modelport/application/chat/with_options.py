"""Siblings of a chat model: the same model with some other options."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from ...domain.chat.settings import CallSettings, checked_settings
from ...domain.errors import InvalidRequestError
from ...domain.retry import Timeouts
from ...domain.suggestions import nearest
from ..call.arguments import check_type, check_word
from ..model.base import ModelBase, retry_policy_of

__all__ = ["sibling"]

M = TypeVar("M", bound=ModelBase)

_SETTINGS = frozenset(CallSettings.__annotations__)
_PLAIN = frozenset({"stream", "formatter", "card_checks", "on_unsupported", "timeouts"})
_RETRY = ("max_retries", "retry_delay", "retry_policy")
_OTHERS = frozenset({*_RETRY, "context_size", "settings", "parameters"})
_WORDS: dict[str, tuple[object, ...]] = {
    "stream": (True, False),
    "card_checks": ("on", "off"),
    "on_unsupported": ("warn", "error"),
}


def sibling(model: M, changes: Mapping[str, Any]) -> M:
    """A shallow copy of the model with these changes; a parameter comes before a setting of the same name."""
    fields = frozenset(model.Parameters.model_fields)
    for name in changes:
        if name not in fields | _SETTINGS | _PLAIN | _OTHERS:
            hint = nearest(name, sorted(fields | _SETTINGS | _PLAIN | _OTHERS))
            raise TypeError(f"{type(model).__name__}.with_options has no {name!r}{hint}")
    made: Any = copy.copy(model)  # Any: the attributes of every class
    vars(made).pop("_checked", None)
    for name in _PLAIN & changes.keys():
        if name in _WORDS:
            check_word(name, changes[name], _WORDS[name])
        if name == "timeouts":
            check_type(name, changes[name], Timeouts)
        setattr(made, name, changes[name])
    if "context_size" in changes:
        made._context_size = changes["context_size"]
    if changes.keys() & set(_RETRY):
        made.retry_policy = retry_policy_of(*(changes.get(name) for name in _RETRY))
    if "parameters" in changes:
        made.parameters = made._checked_parameters(changes["parameters"])
    own = {name: value for name, value in changes.items() if name in fields}
    if own:
        made.parameters = _parameters(made, own)
    _set_settings(made, changes, fields)
    return made  # type: ignore[no-any-return]


def _parameters(model: Any, changes: Mapping[str, Any]) -> Any:  # Any: the class's Parameters
    given = {**model.parameters.model_dump(exclude_unset=True), **changes}
    try:
        return type(model.parameters)(**given)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise InvalidRequestError(f"{type(model).__name__}.with_options: {problems}") from error


def _set_settings(made: Any, changes: Mapping[str, Any], fields: frozenset[str]) -> None:
    own = {name: value for name, value in changes.items() if name in _SETTINGS and name not in fields}
    if not own and "settings" not in changes:
        return
    before = made.settings if "settings" not in changes else checked_settings(changes["settings"] or {})
    merged = {**before, **own}
    made.settings = checked_settings({name: value for name, value in merged.items() if value is not None})
