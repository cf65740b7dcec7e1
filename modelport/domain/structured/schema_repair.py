"""Makes a valid JSON Schema (draft 2020-12) of what applications pass as one.

Schemas of tools come from many generators: `null` where a keyword has no value, keywords of draft 4, types of Python,
patterns of another dialect. Servers refuse the whole request for one of these. A keyword whose value means nothing is
left out, which allows more. Facts: docs/protocols/structured-output.md#schemas-of-tools.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .schema_nodes import Node, Schema
from .schema_size import disentangled

__all__ = ["repaired", "subschemas"]

_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SINGLES = frozenset(
    {"items", "additionalProperties", "additionalItems", "contains", "propertyNames", "not", "if", "then", "else"}
    | {"unevaluatedItems", "unevaluatedProperties", "contentSchema"}
)
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_TYPE_WORDS = {
    **{name: name for name in _TYPES},
    "str": "string",
    "int": "integer",
    "float": "number",
    "double": "number",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
    "none": "null",
}
_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_ANY_VALUE = frozenset({"default", "const"})
_DEEPEST = 200


def repaired(schema: Mapping[str, Any]) -> tuple[Schema, list[str]]:  # Any: what should be a JSON Schema
    """The schema as a valid one, and what was left out, as `place: keyword`. The original is not changed."""
    repair = _Repair()
    node = repair.node(schema, "$", 0)
    if not isinstance(node, dict):
        return {}, repair.removed
    return node, repair.removed + disentangled(node)


def subschemas(node: Any) -> Iterator[Schema]:  # Any: a valid JSON Schema, or a part of one
    """The schema and every schema below it, definitions included."""
    if not isinstance(node, dict):
        return
    yield node
    for key, value in node.items():
        parts: Sequence[Any] = ()
        if key in _MAPS and isinstance(value, dict):
            parts = list(value.values())
        elif key in _LISTS or key in _SINGLES:
            parts = value if isinstance(value, list) else [value]
        for part in parts:
            yield from subschemas(part)


class _Repair:
    def __init__(self) -> None:
        self.removed: list[str] = []

    def node(self, value: Any, place: str, depth: int) -> Node:  # Any: what should be a schema
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in _TYPE_WORDS:
            return {"type": _TYPE_WORDS[value.lower()]}
        if not isinstance(value, Mapping) or depth > _DEEPEST:
            if value is not None:
                self.removed.append(f"{place}: schema")
            return {}
        node: Schema = {}
        for key, item in value.items():
            if isinstance(key, str) and (item is not None or key in _ANY_VALUE):
                self._keep(node, key, item, f"{place}.{key}", depth)
        return _with_numeric_limits(node)

    def _keep(self, node: Schema, key: str, value: Any, place: str, depth: int) -> None:  # Any: the keyword's value
        if key in _MAPS:
            fixed: Any = self._map(value, place, depth, patterns=key == "patternProperties")
        elif key in _LISTS or (key == "items" and isinstance(value, list)):
            fixed = self._list(value, place, depth)
        elif key in _SINGLES:
            fixed = self.node(value, place, depth + 1) if isinstance(value, Mapping | bool | str) else None
        else:
            fixed = _CHECKS[key](value) if key in _CHECKS else value
        if fixed is not None or key in _ANY_VALUE:
            node[key] = fixed
        elif key not in _SILENT and value not in ([], {}, False):
            self.removed.append(place)

    def _map(self, value: Any, place: str, depth: int, *, patterns: bool) -> Schema | None:  # Any: as above
        if not isinstance(value, Mapping):
            return None
        kept = {str(name): part for name, part in value.items() if not patterns or _pattern(name) is not None}
        self.removed += [f"{place}.{name}" for name in value if str(name) not in kept]
        return {name: self.node(part, f"{place}.{name}", depth + 1) for name, part in kept.items()}

    def _list(self, value: Any, place: str, depth: int) -> list[Node] | None:  # Any: as above
        if not isinstance(value, list | tuple) or not value:
            return None
        return [self.node(part, f"{place}[{number}]", depth + 1) for number, part in enumerate(value)]


def _with_numeric_limits(node: Schema) -> Schema:
    """Draft 4 says with a boolean whether `minimum` and `maximum` are exclusive."""
    for exclusive, limit in _EXCLUSIVE.items():
        if isinstance(node.get(exclusive), bool):
            is_exclusive = node.pop(exclusive)
            if is_exclusive and limit in node:
                node[exclusive] = node.pop(limit)
    return node


def _type(value: Any) -> str | list[str] | None:  # Any: the value of `type`
    if isinstance(value, str):
        return _TYPE_WORDS.get(value.lower())
    words = value if isinstance(value, list | tuple) else ()
    known = [_TYPE_WORDS.get(word.lower()) for word in words if isinstance(word, str)]
    if not known or None in known or len(known) < len(words):
        return None
    return list(dict.fromkeys(name for name in known if name))


def _names(value: Any) -> list[str] | None:  # Any: the value of `required`
    if not isinstance(value, list | tuple):
        return None
    return list(dict.fromkeys(name for name in value if isinstance(name, str)))


def _names_by_name(value: Any) -> dict[str, list[str]] | None:  # Any: the value of `dependentRequired`
    found = {str(name): _names(names) for name, names in value.items()} if isinstance(value, Mapping) else {}
    return {name: names for name, names in found.items() if names is not None} or None


def _distinct(value: Any) -> list[Any] | None:  # Any: the value of `enum`
    if not isinstance(value, list | tuple) or not value:
        return None
    return list({json.dumps(item, default=repr): item for item in value}.values())


def _pattern(value: Any) -> str | None:  # Any: the value of `pattern`
    """The pattern, if Python understands it: servers check it with such a parser."""
    if not isinstance(value, str):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(value)
    except (re.error, OverflowError, RecursionError):
        return None
    return value


def _matching(pattern: str) -> Callable[[Any], str | None]:  # Any: as above
    return lambda value: value if isinstance(value, str) and re.fullmatch(pattern, value) else None


def _text(value: Any) -> str | None:  # Any: as above
    return value if isinstance(value, str) else None


def _number(value: Any) -> int | float | None:  # Any: as above
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _limit(value: Any) -> int | float | None:  # Any: as above; a boolean in draft 4
    return value if isinstance(value, int | float) else None


def _positive(value: Any) -> int | float | None:  # Any: as above
    number = _number(value)
    return number if number is not None and number > 0 else None


def _count(value: Any) -> int | None:  # Any: as above
    number = _number(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def _flag(value: Any) -> bool | None:  # Any: as above
    return value if isinstance(value, bool) else None


def _examples(value: Any) -> list[Any] | None:  # Any: as above
    return value if isinstance(value, list) else None


def _gone(value: Any) -> None:  # Any: as above
    """For keywords of older drafts that servers refuse or ignore."""


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "type": _type,
    "required": _names,
    "enum": _distinct,
    "pattern": _pattern,
    "multipleOf": _positive,
    "minimum": _number,
    "maximum": _number,
    "exclusiveMinimum": _limit,
    "exclusiveMaximum": _limit,
    "examples": _examples,
    "dependentRequired": _names_by_name,
    "$id": _matching(r"[^#]*#?"),
    **dict.fromkeys(("$anchor", "$dynamicAnchor"), _matching(r"[A-Za-z_][-A-Za-z0-9._]*")),
    **dict.fromkeys(("id", "dependencies", "$recursiveRef", "$recursiveAnchor", "$vocabulary"), _gone),
    **dict.fromkeys(("$schema", "$comment", "$dynamicRef"), _text),
    **dict.fromkeys(("title", "description", "format", "$ref", "contentEncoding", "contentMediaType"), _text),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _count),
    **dict.fromkeys(("minContains", "maxContains"), _count),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _flag),
}
_SILENT = frozenset(
    {
        "id",
        "$id",
        "$schema",
        "$comment",
        "$anchor",
        "$vocabulary",
        "title",
        "description",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
    }
)
"""Keywords that allow and forbid nothing."""
