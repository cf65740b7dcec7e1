"""What is wrong with a schema itself: the keywords that `schema_check` compares values with must be comparable."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["schema_fault"]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


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
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), ("a number", _is_number)),
    "multipleOf": ("a number above 0", lambda value: _is_number(value) and value > 0),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), ("a whole number", _is_count)),
    "pattern": ("a regular expression", _is_pattern),
    "type": ("the name of a type", _names_types),
    "enum": ("a list", lambda value: isinstance(value, list)),
    "hidden": ("true or false", lambda value: isinstance(value, bool)),
}


def schema_fault(schema: Mapping[str, Any], place: str) -> str | None:
    """The first fault, e.g. `max_tokens.maximum must be a number, not 'many'`; `None` when there is none.

    A keyword that is null counts as not there. (Any: JSON values.)
    """
    return next(_faults(schema, place), None)


def _faults(schema: Any, place: str) -> Iterator[str]:
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
            yield from _faults(branch, f"{place}.{name}.{index}")
    if "items" in schema:
        yield from _faults(schema["items"], f"{place}.items")
