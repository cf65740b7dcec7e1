"""Fits a value to a JSON Schema before it is checked: fills in defaults and converts scalars of the wrong type.

Only unambiguous values are converted: `"12"` where an integer is expected, `"true"` where a boolean is. Values that a
union or a condition leaves ambiguous stay as they are. The given value is not changed; the result shares its parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..json_values import read_json
from .schema_nodes import Node, json_type, local_target, resolved

__all__ = ["fitted"]

_DEEPEST = 200
_SCALARS = frozenset({"integer", "number", "boolean", "null"})


def fitted(value: Any, schema: Mapping[str, Any]) -> Any:  # Any: a JSON value and a JSON Schema
    """The value with defaults and coercions applied."""
    return _fit(value, dict(schema), schema, 0)


def _fit(value: Any, node: Node | None, root: Mapping[str, Any], depth: int) -> Any:
    if not isinstance(node, dict) or depth > _DEEPEST:
        return value
    if isinstance(node.get("$ref"), str):
        value = _fit(value, local_target(root, node["$ref"]), root, depth + 1)
    for part in node.get("allOf", ()):
        value = _fit(value, part, root, depth + 1)
    for key in ("anyOf", "oneOf"):
        if key in node:
            value = _fit_union(value, node[key], root, depth)
    if "type" in node:
        value = _read(value, node["type"])
    if isinstance(value, dict):
        return _fit_object(value, node, root, depth)
    if isinstance(value, list) and isinstance(node.get("items"), dict):
        return [_fit(item, node["items"], root, depth + 1) for item in value]
    return value


def _fit_object(value: dict[str, Any], node: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = node.get("properties", {})
    result = {
        name: _fit(item, properties[name], root, depth + 1) if name in properties else item
        for name, item in value.items()
    }
    for name, part in properties.items():
        if name not in result and isinstance(part, dict) and "default" in part:
            result[name] = part["default"]
    return result


def _fit_union(value: Any, branches: list[Node], root: Mapping[str, Any], depth: int) -> Any:
    """The value fitted to the only branch that can describe it."""
    known = [resolved(branch, root) for branch in branches if isinstance(branch, dict)]
    kind = json_type(value)
    fitting = [branch for branch in known if _is_of(kind, branch, value)]
    return _fit(value, fitting[0], root, depth + 1) if len(fitting) == 1 else value


def _is_of(kind: str, branch: Mapping[str, Any], value: Any) -> bool:
    wanted = branch.get("type")
    kinds = wanted if isinstance(wanted, list) else [wanted]
    if wanted is not None and kind not in kinds and not (kind == "integer" and "number" in kinds):
        return False
    if not isinstance(value, dict):
        return True
    if set(branch.get("required", ())) - value.keys():
        return False
    properties = branch.get("properties", {})
    constants = {name: part["const"] for name, part in properties.items() if isinstance(part, dict) and "const" in part}
    return all(value.get(name, constant) == constant for name, constant in constants.items())


def _read(value: Any, wanted: Any) -> Any:  # Any: JSON values
    """The value as an expected type, when it is the text of one, or a whole number written as a float."""
    kinds = wanted if isinstance(wanted, list) else [wanted]
    if isinstance(value, float) and value.is_integer() and "integer" in kinds and "number" not in kinds:
        return int(value)
    if not isinstance(value, str) or "string" in kinds or not _SCALARS.intersection(kinds):
        return value
    try:
        read = read_json(value.strip().lower())
    except ValueError:
        return value
    kind = json_type(read)
    if kind == "integer":
        return value if not {"integer", "number"}.intersection(kinds) else int(read) if "integer" in kinds else read
    return read if kind in kinds else value
