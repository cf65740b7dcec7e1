"""The parameters of a tool in the subset of JSON Schema that a provider accepts.

Facts: docs/protocols/structured-output.md#schemas-of-tools.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from ..chat.tools import ToolSchema, tool_name
from ..message.responses import ModelWarning
from ..records import record
from .schema_nodes import Schema
from .schema_rules import OPENAI_STRICT_TOOL, SchemaRules

__all__ = ["ToolParameters", "function_parameters", "legal_parameters"]

_KEPT = 512
_WITHOUT_REFERENCES = 2
"""The version of marshal's format in which equal values have equal bytes."""
_SHOWN = 3


@record(frozen=True, slots=True)
class ToolParameters:
    """The schema to send, which callers must not change, and a warning for each thing that it no longer forbids."""

    schema: Schema
    warnings: tuple[ModelWarning, ...] = ()


def legal_parameters(tool: ToolSchema, rules: SchemaRules) -> ToolParameters:
    """The tool's parameters by these rules; what they cannot express is allowed, with a warning."""
    given: Any = tool["function"].get("parameters") or {}  # Any: a JSON Schema
    try:
        schema, removed = _adapted_bytes(marshal.dumps(given, _WITHOUT_REFERENCES), rules)
    except (TypeError, ValueError):  # a value that is none of JSON's, or one that contains itself
        schema, removed = _adapted_value(given, rules)
    if not removed:
        return ToolParameters(schema)
    shown = ", ".join(removed[:_SHOWN]) + (f" and {len(removed) - _SHOWN} more" if len(removed) > _SHOWN else "")
    message = f"the parameters of the tool {tool_name(tool)!r} were loosened; the API does not accept {shown}"
    return ToolParameters(schema, (ModelWarning("changed", "tools", message),))


def function_parameters(
    tool: ToolSchema, rules: SchemaRules, warnings: list[ModelWarning], *, strict_subset: bool = True
) -> tuple[Schema, bool | None]:
    """The parameters and `strict` of a tool in OpenAI's form; a schema that is not one for `strict` goes without it.

    `strict_subset` says whether the server has a smaller subset of JSON Schema for strict tools.
    """
    strict = tool["function"].get("strict")
    if strict and strict_subset:
        schema = _strict_parameters(tool)
        if schema is not None:
            return schema, True
        message = f"the tool {tool_name(tool)!r} was sent without strict, whose part of JSON Schema is smaller"
        warnings.append(ModelWarning("dropped", "tools", message))
    parameters = legal_parameters(tool, rules)
    warnings += parameters.warnings
    return parameters.schema, None if strict is None else bool(strict) and not strict_subset


def _as_text(given: Mapping[str, Any]) -> str:  # Any: a JSON Schema
    """The schema as JSON; raises `TypeError` for values that have no form in JSON, `ValueError` for a cycle."""
    try:
        return json.dumps(given)
    except TypeError:
        return json.dumps(given, default=_as_json)


def _as_json(value: object) -> object:
    """The JSON value that a value of Python means in a schema; the members of a set are sorted."""
    if isinstance(value, set | frozenset):
        return sorted(value, key=lambda member: (type(member).__name__, str(member)))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _strict_parameters(tool: ToolSchema) -> Schema | None:
    """The parameters for OpenAI's `strict`; `None` when the schema is not one for it."""
    given: Mapping[str, Any] = tool["function"].get("parameters") or {}  # Any: a JSON Schema
    from .schema_adapt import adapt  # slow to import, as below
    from .schema_repair import repaired, subschemas

    with suppress(TypeError, ValueError):  # as in `legal_parameters`
        given = json.loads(_as_text(given))
    schema, removed = repaired(given)
    adapted = adapt(schema, OPENAI_STRICT_TOOL)
    complete = all(
        part.get("properties", {}).keys() <= set(part.get("required", ())) for part in subschemas(adapted.schema)
    )
    return adapted.schema if adapted.expressible and complete and not removed else None


def _adapted(given: Mapping[str, Any], rules: SchemaRules) -> tuple[Schema, tuple[str, ...]]:  # Any: a JSON Schema
    from .schema_adapt import adapt  # only where there are tools: each schema comes here once
    from .schema_repair import repaired

    schema, removed = repaired(given)
    adapted = adapt(schema, rules)
    return adapted.schema, tuple(dict.fromkeys([*removed, *adapted.removed]))


def _adapted_value(given: Mapping[str, Any], rules: SchemaRules) -> tuple[Schema, tuple[str, ...]]:  # Any: as above
    try:
        return _adapted(json.loads(_as_text(given)), rules)
    except (TypeError, ValueError):  # the request cannot be written either
        return _adapted(given, rules)


@lru_cache(_KEPT)
def _adapted_bytes(given: bytes, rules: SchemaRules) -> tuple[Schema, tuple[str, ...]]:
    """As `_adapted_value`, once for each schema: an agent sends the same tools with every request.

    The bytes are written by `marshal` a moment before, which is several times as fast as JSON.
    """
    return _adapted_value(marshal.loads(given), rules)  # noqa: S302 - our own bytes, of this process
