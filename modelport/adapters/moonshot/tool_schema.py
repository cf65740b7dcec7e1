"""JSON Schema to Moonshot's flavour of it (MFJS).

Facts: docs/protocols/moonshot.md#tool-schema.

The root is an object, lists of `items` are `prefixItems`, and no `type` stands beside `anyOf`. What cannot be said that
way is said more loosely: arguments that the original allows stay allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["to_kimi_schema"]

Schema = dict[str, Any]  # Any: a JSON Schema

_OF_NAMES = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_OF_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_OF_ONE = frozenset(
    {"items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)


def to_kimi_schema(schema: Mapping[str, Any]) -> Schema:  # Any: a JSON Schema
    """The schema of a tool's parameters as the API takes it; the original is left alone."""
    adapted: Schema = _adapted(_as_object({key: value for key, value in schema.items() if key != "$schema"}))
    return adapted


def _as_object(root: Schema) -> Schema:
    """The root as an object without a choice: arguments are an object in any case."""
    root = _resolved(root, root)
    if "anyOf" in root:
        root = _without_choice(root)
    return {**root, "type": "object", "properties": root.get("properties", {})}


def _without_choice(root: Schema) -> Schema:
    """All branches of a root's `anyOf` at once: any of their properties, and what every one of them requires."""
    branches = [_resolved(branch, root) for branch in root["anyOf"] if isinstance(branch, dict)]
    properties: Schema = dict(root.get("properties", {}))
    for branch in branches:
        for name, value in branch.get("properties", {}).items():
            properties[name] = _either(properties[name], value) if name in properties else value
    required = [set(branch.get("required", ())) for branch in branches]
    common = set.intersection(*required) if required else set()
    kept = {key: value for key, value in root.items() if key not in ("anyOf", "additionalProperties", "required")}
    all_required = sorted(common.union(root.get("required", ())))
    return {**kept, "properties": properties, **({"required": all_required} if all_required else {})}


def _either(one: Any, other: Any) -> Any:  # Any: JSON Schemas
    if one == other:
        return one
    known = one["anyOf"] if isinstance(one, dict) and one.keys() == {"anyOf"} else [one]
    return {"anyOf": known if other in known else [*known, other]}


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The schema with what its own local `$ref` points to written out."""
    seen: set[str] = set()
    while isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        target = _target(reference, root)
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        properties = {**target.get("properties", {}), **rest.get("properties", {})}
        schema = {**target, **rest, **({"properties": properties} if properties else {})}
    return schema


def _target(reference: str, root: Schema) -> Schema:
    found: Any = root  # Any: a place in a JSON Schema
    for step in reference.removeprefix("#").split("/")[1:]:
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found if isinstance(found, dict) and reference.startswith("#/") else {}


def _adapted(schema: Any) -> Any:  # Any: a JSON Schema, which may be a boolean
    if not isinstance(schema, dict):
        return schema
    changed = _type_in_branches(_prefix_items(schema))
    return {key: _adapted_below(key, value) for key, value in changed.items()}


def _adapted_below(key: str, value: Any) -> Any:  # Any: the value of a keyword
    if key in _OF_NAMES and isinstance(value, dict):
        return {name: _adapted(inner) for name, inner in value.items()}
    if key in _OF_LISTS and isinstance(value, list):
        return [_adapted(inner) for inner in value]
    return _adapted(value) if key in _OF_ONE else value


def _prefix_items(schema: Schema) -> Schema:
    """A list of `items` in the words of the newer drafts."""
    if not isinstance(schema.get("items"), list):
        return schema
    changed = {key: value for key, value in schema.items() if key not in ("items", "additionalItems")}
    if schema["items"]:
        changed["prefixItems"] = schema["items"]
    if "additionalItems" in schema:
        changed["items"] = schema["additionalItems"]
    return changed


def _type_in_branches(schema: Schema) -> Schema:
    """The `type` beside an `anyOf` in each of its branches."""
    if "anyOf" not in schema or "type" not in schema:
        return schema
    kind = schema["type"]
    kept = {key: value for key, value in schema.items() if key not in ("type", "anyOf")}
    branches = [_typed(branch, kind) for branch in schema["anyOf"]]
    return {**kept, "anyOf": branches} if branches else {**kept, "type": kind}


def _typed(branch: Any, kind: Any) -> Any:  # Any: a JSON Schema and the value of its `type`
    """The branch for values of that type; one that refers elsewhere is left to what it refers to."""
    if branch is True:
        return {"type": kind}
    if not isinstance(branch, dict) or "$ref" in branch:
        return branch
    if "type" not in branch:
        return {"type": kind, **branch}
    both = _common(kind, branch["type"])
    return {**branch, "type": both[0] if len(both) == 1 else both} if both else False


def _common(one: Any, other: Any) -> list[str]:  # Any: values of `type`
    """The types in both, where an integer is a number too."""
    ours, theirs = ([each] if isinstance(each, str) else list(each) for each in (one, other))
    return [name for name in dict.fromkeys(ours + theirs) if _among(name, ours) and _among(name, theirs)]


def _among(name: str, types: list[str]) -> bool:
    return name in types or (name == "integer" and "number" in types)
