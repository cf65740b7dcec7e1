"""Small words about JSON Schemas, which their adaptation and the undoing of it share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["ANNOTATIONS", "Node", "Schema", "is_object", "json_type", "local_target", "merged", "nullable", "without"]

Schema = dict[str, Any]
"""A JSON Schema (Any: JSON values of any shape)."""
Node = Schema | bool

ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "discriminator"}
)
"""Keywords that allow and forbid nothing."""


def without(schema: Mapping[str, Any], keys: Collection[str]) -> Schema:
    """The schema without these keywords."""
    return {key: value for key, value in schema.items() if key not in keys}


def is_object(schema: Mapping[str, Any]) -> bool:
    """Whether a schema describes objects and nothing else."""
    return schema.get("type") == "object" or ("type" not in schema and "properties" in schema)


def json_type(value: Any) -> str:  # Any: a JSON value
    """The name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if float(value).is_integer() else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def local_target(root: Mapping[str, Any], reference: str) -> Node | None:
    """What a reference into the same document names; `None` when it names nothing."""
    if reference != "#" and not reference.startswith("#/"):
        return None
    node: Any = root  # Any: a place in a JSON Schema
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list):
            node = node[int(name)] if name.isdigit() and int(name) < len(node) else None
        else:
            node = node.get(name) if isinstance(node, Mapping) else None
    return dict(node) if isinstance(node, Mapping) else node if isinstance(node, bool) else None


def merged(schema: Mapping[str, Any], other: Mapping[str, Any]) -> Schema:
    """Both schemas as one that allows whatever both allow, and perhaps more.

    Properties are united and so is what is required; of any other keyword that both have, `other`'s is taken.
    """
    result = {**schema, **other}
    if schema.get("properties") and other.get("properties"):
        result["properties"] = {**schema["properties"], **other["properties"]}
    if schema.get("required") and other.get("required"):
        result["required"] = list(dict.fromkeys([*schema["required"], *other["required"]]))
    for key in ("anyOf", "oneOf"):  # of two unions only one can be kept, which allows more
        if key in schema and key in other:
            result[key] = other[key]
    if "additionalProperties" in schema and "additionalProperties" not in other and other.get("properties"):
        del result["additionalProperties"]
    return result


def nullable(node: Node) -> Node:
    """The schema, or null."""
    if accepts_null(node):
        return node
    return {"anyOf": [node, {"type": "null"}]}


def accepts_null(node: Node) -> bool:
    """Whether a schema says of itself that null is valid; what references name is not looked at."""
    if isinstance(node, bool):
        return node
    kind = node.get("type")
    if kind == "null" or (isinstance(kind, list) and "null" in kind):
        return "enum" not in node or None in node["enum"]
    return any(accepts_null(branch) for branch in node.get("anyOf", ()))
