"""The arguments of a tool that a model may fill in: not those that the program has bound or marked as `Hidden`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial, partialmethod
from typing import Any, get_args

from pydantic.fields import FieldInfo

from ...domain.errors import InvalidRequestError

__all__ = ["Hidden", "Signature", "ToolFunction", "function_name", "innermost", "read_signature"]

ToolFunction = Callable[..., Any]
"""A sync or async function with any arguments (Any: its own return type)."""


class Hidden:
    """Marks an argument of a tool that the model neither sees nor sets: `key: Annotated[str, Hidden] = "…"`.

    The function always gets the argument's default.
    """


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of a tool.

    Attributes:
        offered: those that the model may fill in, by name.
        withheld: the names that the program has bound or hidden.
        fixed: hidden arguments whose default pydantic must compute, with their values (Any: of their own types).
    """

    offered: dict[str, inspect.Parameter]
    withheld: frozenset[str]
    fixed: dict[str, Any]


def read_signature(function: ToolFunction) -> Signature:
    """Raises `InvalidRequestError` for a function whose arguments cannot all be given by name."""
    name = function_name(function)
    try:
        parameters = inspect.signature(function, eval_str=True).parameters
    except (TypeError, ValueError, NameError) as error:
        raise InvalidRequestError(f"the signature of the tool {name!r} cannot be read: {error}") from error
    bound = {key for layer in _layers(function) if isinstance(layer, partial | partialmethod) for key in layer.keywords}
    hidden = {key: each for key, each in parameters.items() if key not in bound and _is_hidden(each.annotation)}
    offered = {key: each for key, each in parameters.items() if key not in bound and key not in hidden}
    for parameter in offered.values():
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise InvalidRequestError(
                f"the tool {name!r} takes {parameter.name!r} by position only; allow a keyword argument"
            )
    for parameter in hidden.values():
        if parameter.default is inspect.Parameter.empty or _is_required(parameter.default):
            raise InvalidRequestError(
                f"the tool {name!r} has the hidden argument {parameter.name!r} without a default; give it one, or bind "
                "it with functools.partial"
            )
    fixed = {
        key: each.default.get_default(call_default_factory=True, validated_data={})
        for key, each in hidden.items()
        if isinstance(each.default, FieldInfo)
    }
    return Signature(offered, frozenset(bound | set(hidden)), fixed)


def function_name(function: ToolFunction) -> str:
    """The name of the function below all `functools.partial`s; of an instance, its class's."""
    function = innermost(function)
    return str(getattr(function, "__name__", type(function).__name__))


def innermost(function: ToolFunction) -> ToolFunction:
    """The function below all `functools.partial`s."""
    while isinstance(function, partial):
        function = function.func
    return function


def _layers(function: ToolFunction) -> Iterator[object]:
    """The function and what it calls, as far as Python knows: partials, decorated functions, methods, instances."""
    seen: set[int] = set()
    waiting: list[object] = [function]
    while waiting:
        layer = waiting.pop()
        if layer is None or id(layer) in seen:
            continue
        seen.add(id(layer))
        yield layer
        if isinstance(layer, partial | partialmethod):
            waiting.append(layer.func)
        waiting += [getattr(layer, name, None) for name in ("__wrapped__", "__func__")]
        if not isinstance(layer, type | partial | partialmethod) and not inspect.isroutine(layer):
            waiting.append(inspect.getattr_static(type(layer), "__call__", None))


def _is_hidden(annotation: object) -> bool:
    """Whether the mark stands anywhere in the annotation, also as in `Annotated[str, Hidden] | None`."""
    waiting, aliases = [annotation], set[int]()
    while waiting:
        part = waiting.pop()
        if part is Hidden or isinstance(part, Hidden):
            return True
        waiting += get_args(part)
        if type(part).__name__ == "TypeAliasType" and id(part) not in aliases:  # an alias may name itself
            aliases.add(id(part))
            waiting.append(getattr(part, "__value__", None))
    return False


def _is_required(default: object) -> bool:
    return isinstance(default, FieldInfo) and default.is_required()
