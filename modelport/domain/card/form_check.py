"""Checks parameter values against a form's JSON Schema, and the card's own additions to that schema.

Only the keywords that forms use are checked: `type`, `enum`, `const`, `anyOf`, `allOf`, `$ref` into `$defs`,
`minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`, `minLength`, `maxLength`, `pattern`,
`items`, `minItems`, `maxItems`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .form import HINT

__all__ = ["first_fault", "form_fault", "is_beyond_hints", "schema_fault"]

Schema = Mapping[str, Any]

_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "number": lambda value: _is_number(value),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, Mapping),
}
_RANGES: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "minimum": ("is below the minimum {}", lambda value, limit: value < limit),
    "maximum": ("is above the maximum {}", lambda value, limit: value > limit),
    "exclusiveMinimum": ("must be greater than {}", lambda value, limit: value <= limit),
    "exclusiveMaximum": ("must be less than {}", lambda value, limit: value >= limit),
    "multipleOf": ("is not a multiple of {}", lambda value, step: value % step != 0),
}
_LENGTHS: dict[str, tuple[str, Callable[[int, int], bool]]] = {
    "minLength": ("is shorter than {} characters", lambda length, limit: length < limit),
    "maxLength": ("is longer than {} characters", lambda length, limit: length > limit),
}
_SIZES: dict[str, tuple[str, Callable[[int, int], bool]]] = {
    "minItems": ("has fewer than {} items", lambda length, limit: length < limit),
    "maxItems": ("has more than {} items", lambda length, limit: length > limit),
}


def first_fault(value: Any, schema: Schema, definitions: Schema | None = None) -> str | None:
    """Why the value is invalid, e.g. `is above the maximum 4096`; `None` when it is valid.

    An `enum` together with `x-hint: true` is a suggestion and is not checked. (Any: a JSON value.)
    """
    return next(_faults(value, schema, definitions or {}), None)


def form_fault(property_schema: Schema, definitions: Schema | None = None) -> tuple[str, str] | None:
    """The keyword of a property that contradicts the others, and why; `None` when a value can be chosen."""
    lowest, highest = property_schema.get("minimum"), property_schema.get("maximum")
    if lowest is not None and highest is not None and lowest > highest:
        return "minimum", f"the minimum {lowest} is above the maximum {highest}"
    default = property_schema.get("default")
    fault = None if default is None else first_fault(default, property_schema, definitions)
    return ("default", f"the default {default!r:.60} {fault}") if fault else None


def is_beyond_hints(value: Any, schema: Schema) -> bool:
    """Whether the value is not one of the suggested ones and no range allows it (Any: a JSON value)."""
    if not schema.get(HINT) or "enum" not in schema or any(key in schema for key in ("minimum", "maximum")):
        return False
    return value is not None and value not in schema["enum"]


def _faults(value: Any, schema: Schema, definitions: Schema) -> Iterator[str]:
    if "$ref" in schema:
        target = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
        yield from _faults(value, target, definitions)
    for branch in schema.get("allOf", ()):
        yield from _faults(value, branch, definitions)
    yield from _any_of_faults(value, schema.get("anyOf", ()), definitions)
    yield from _type_faults(value, schema)
    yield from _choice_faults(value, schema)
    if _is_number(value):
        yield from _measured(value, schema, _RANGES)
    elif isinstance(value, str):
        yield from _measured(len(value), schema, _LENGTHS)
        if "pattern" in schema and re.search(schema["pattern"], value) is None:
            yield f"does not match the pattern {schema['pattern']}"
    elif isinstance(value, list | tuple):
        yield from _measured(len(value), schema, _SIZES)
        for item in value:
            yield from _faults(item, schema.get("items", {}), definitions)


def _any_of_faults(value: Any, branches: list[Schema], definitions: Schema) -> Iterator[str]:
    faults = [first_fault(value, branch, definitions) for branch in branches]
    if not faults or None in faults:
        return
    # the branch of the value's own type gives the most useful reason: "above the maximum", not "is not null"
    fitting = [fault for branch, fault in zip(branches, faults, strict=True) if not _wrong_type(value, branch)]
    yield str((fitting or faults)[0])


def _type_faults(value: Any, schema: Schema) -> Iterator[str]:
    if _wrong_type(value, schema):
        yield f"is not of type {schema['type']}"


def _wrong_type(value: Any, schema: Schema) -> bool:
    names = schema.get("type")
    if names is None:
        return False
    names = [names] if isinstance(names, str) else names
    return not any(_TYPES[name](value) for name in names if name in _TYPES)


def _choice_faults(value: Any, schema: Schema) -> Iterator[str]:
    if "const" in schema and value != schema["const"]:
        yield f"is not {schema['const']!r}"
    if "enum" in schema and not schema.get(HINT) and value not in schema["enum"]:
        yield f"is not one of {', '.join(map(repr, schema['enum']))}"


def _measured(size: Any, schema: Schema, rules: Mapping[str, tuple[str, Callable[[Any, Any], bool]]]) -> Iterator[str]:
    for keyword, (words, breaks) in rules.items():
        limit = schema.get(keyword)
        if limit is not None and breaks(size, limit):
            yield words.format(limit)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_limit(value: Any) -> bool:
    return _is_number(value) and not math.isnan(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and re.compile(value) is not None
    except re.error:
        return False


def _names_types(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(name, str) for name in names)


_KEYWORDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), ("a number", _is_limit)),
    "multipleOf": ("a number above 0", lambda value: _is_limit(value) and value > 0),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), ("a whole number", _is_count)),
    "pattern": ("a regular expression", _is_pattern),
    "type": ("the name of a type", _names_types),
    "enum": ("a list", lambda value: isinstance(value, list)),
    "hidden": ("true or false", lambda value: isinstance(value, bool)),
}


def schema_fault(schema: Mapping[str, Any], place: str) -> str | None:
    """What is wrong with a schema, e.g. `max_tokens.maximum must be a number, not 'many'`; `None` when it is usable.

    A keyword that is null counts as absent. (Any: JSON values.)
    """
    return next(_schema_faults(schema, place), None)


def _schema_faults(schema: Any, place: str) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        yield f"{place} must be a mapping, not {schema!r:.40}"
        return
    for name, (kind, fits) in _KEYWORDS.items():
        value = schema.get(name)
        if value is not None and not fits(value):
            yield f"{place}.{name} must be {kind}, not {value!r:.40}"
    for name in ("anyOf", "allOf"):
        branches = schema.get(name, ())
        if not isinstance(branches, list | tuple):
            yield f"{place}.{name} must be a list, not {branches!r:.40}"
            continue
        for index, branch in enumerate(branches):
            yield from _schema_faults(branch, f"{place}.{name}.{index}")
    if "items" in schema:
        yield from _schema_faults(schema["items"], f"{place}.items")
