"""Helpers for JSON Schema nodes: references, merging, types. None of them changes its arguments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

__all__ = [
    "ANNOTATIONS",
    "DEFINITIONS",
    "Node",
    "Schema",
    "any_of_as_object",
    "is_object",
    "json_type",
    "local_target",
    "merged",
    "nullable",
    "of_type",
    "resolved",
    "split_by_type",
    "without",
]

Schema = dict[str, Any]
"""A JSON Schema (Any: JSON values of any shape)."""
Node = Schema | bool

ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "discriminator"}
)
"""Keywords that do not affect validity."""
DEFINITIONS = frozenset({"$defs", "definitions"})

_GROUPS = (
    {"items", "prefixItems", "additionalItems"},
    {"contains", "minContains", "maxContains"},
    {"if", "then", "else"},
)
"""Keywords that mean something only together, so that they are taken from one schema."""
_BY_TYPE = {
    "object": {"properties", "required", "additionalProperties", "patternProperties", "propertyNames"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"},
    "string": {"format", "pattern", "minLength", "maxLength"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}
"""Keywords that apply to values of one type only."""


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
        return "integer" if isinstance(value, int) or value.is_integer() else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def local_target(root: Mapping[str, Any], reference: str) -> Node | None:
    """The schema that a reference into the same document names; `None` when there is none."""
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


def resolved(schema: Schema, root: Mapping[str, Any]) -> Schema:
    """The schema with its own `$ref` replaced by what that names, repeatedly.

    The `$ref` stays when it leads in a circle, out of the document, or to a boolean schema.
    """
    seen: set[str] = set()
    while isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        target = local_target(root, reference)
        if not isinstance(target, dict):
            break
        schema = merged(without(target, DEFINITIONS), without(schema, {"$ref"}))
    return schema


def merged(schema: Mapping[str, Any], other: Mapping[str, Any]) -> Schema:
    """Both schemas as one that allows whatever both allow, and perhaps more.

    Properties are united and so is what is required; of any other keyword that both have, `other`'s is taken.
    """
    for group in _GROUPS:
        if other.keys() & group:
            schema = without(schema, group)
    result = {**schema, **other}
    properties = (schema.get("properties"), other.get("properties"))
    if isinstance(properties[0], dict) and isinstance(properties[1], dict):
        result["properties"] = {**properties[0], **properties[1]}
    required = (schema.get("required"), other.get("required"))
    if isinstance(required[0], list) and isinstance(required[1], list):
        result["required"] = [*required[0], *(name for name in required[1] if name not in required[0])]
    if "additionalProperties" in schema and "additionalProperties" not in other and other.get("properties"):
        del result["additionalProperties"]
    return result


def nullable(node: Node) -> Node:
    """The schema, or null."""
    if accepts_null(node):
        return node
    return {"anyOf": [node, {"type": "null"}]}


def accepts_null(node: Node) -> bool:
    """Whether null is valid by the schema itself; references are not followed."""
    if isinstance(node, bool):
        return node
    kind = node.get("type")
    if kind == "null" or (isinstance(kind, list) and "null" in kind):
        return "enum" not in node or None in node["enum"]
    return any(accepts_null(branch) for branch in node.get("anyOf", ()))


def any_of_as_object(schema: Schema, root: Mapping[str, Any]) -> Schema:
    """An object schema without its `anyOf`: the properties of all branches; required is what each branch requires."""
    branches = [resolved(part, root) if isinstance(part, dict) else {} for part in schema["anyOf"] if part is not False]
    properties: Schema = dict(schema.get("properties", {}))
    for branch in branches:
        for name, node in branch.get("properties", {}).items():
            properties[name] = _either(properties[name], node) if name in properties else node
    common = set.intersection(*(set(branch.get("required", ())) for branch in branches)) if branches else set()
    required = sorted(common.union(schema.get("required", ())))
    kept = without(schema, {"anyOf", "additionalProperties", "required"})
    return {**kept, "properties": properties, **({"required": required} if required else {})}


def _either(one: Node, other: Node) -> Node:
    if one == other:
        return one
    known = one["anyOf"] if isinstance(one, dict) and one.keys() == {"anyOf"} else [one]
    return {"anyOf": known if other in known else [*known, other]}


def of_type(node: Node, kind: Any) -> Node:  # Any: the value of `type`, a name or a list of names
    """The schema for values of these types only; one with a `$ref` is returned as it is."""
    if isinstance(node, bool):
        return {"type": kind} if node else node
    if "$ref" in node:
        return node
    if "type" not in node:
        return {"type": kind, **node}
    ours, theirs = ([each] if isinstance(each, str) else list(each) for each in (kind, node["type"]))
    both = [name for name in dict.fromkeys(ours + theirs) if _includes(ours, name) and _includes(theirs, name)]
    return {**node, "type": both[0] if len(both) == 1 else both} if both else False


def _includes(types: list[str], name: str) -> bool:
    return name in types or (name == "integer" and "number" in types)


def split_by_type(node: Schema) -> list[Node]:
    """One schema for each name in the list `type`, each with the keywords that apply to that type."""
    branches: list[Node] = []
    for kind in node["type"]:
        own = _BY_TYPE.get("number" if kind == "integer" else kind, set())
        others = {key for keys in _BY_TYPE.values() for key in keys} - own
        branch = {**without(node, {*others, *ANNOTATIONS}), "type": kind}
        if "enum" in branch:
            branch["enum"] = [value for value in branch["enum"] if json_type(value) == kind or kind == "number"]
            if not branch["enum"]:
                continue
        branches.append(branch)
    return branches
