"""Undoes on an answer what the adaptation of its schema changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .schema_adapt import WRAPPED, Adapted
from .schema_nodes import Node, local_target

__all__ = ["restored"]

_DEEPEST = 200


def restored(value: Any, original: Mapping[str, Any], adapted: Adapted) -> Any:  # Any: JSON values and a JSON Schema
    """The answer in the terms of the original schema: unwrapped, and without the nulls of optional properties."""
    if adapted.wrapped and isinstance(value, dict) and value.keys() == {WRAPPED}:
        value = value[WRAPPED]
    return _Restorer(original).value(value, [dict(original)], 0) if adapted.rules.all_required else value


class _Restorer:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def value(self, value: Any, nodes: list[Node], depth: int) -> Any:
        """The value; `nodes` are the schemas that may describe it."""
        if depth > _DEEPEST or not isinstance(value, dict | list):
            return value
        branches = [branch for node in nodes for branch in self._branches(node, 0)]
        if isinstance(value, list):
            return [
                self.value(item, [part for branch in branches for part in _item_schemas(branch, place)], depth + 1)
                for place, item in enumerate(value)
            ]
        fitting = [branch for branch in branches if self._fits(value, branch)] or branches
        required = {id(branch): frozenset(branch.get("required", ())) for branch in branches}
        result = {}
        for name, item in value.items():
            owners = [branch for branch in fitting if name in branch.get("properties", {})]
            if item is None and branches:
                kept = any(
                    name in required[id(branch)] or self._keeps_null(branch, name) for branch in owners or branches
                )
                if not kept:
                    continue
            result[name] = self.value(item, [branch["properties"][name] for branch in owners], depth + 1)
        return result

    def _fits(self, value: Mapping[str, Any], branch: Mapping[str, Any]) -> bool:
        """Whether an object may belong to this branch, by its keys, its constants and its nulls."""
        properties, required = branch.get("properties", {}), branch.get("required", ())
        if value.keys() - properties.keys() or set(required) - value.keys():
            return False
        if any(value[name] is None and not self._takes_null(properties[name], 0) for name in required):
            return False
        return all(_may_be(value[name], properties[name]) for name in value)

    def _keeps_null(self, branch: Mapping[str, Any], name: str) -> bool:
        """Whether a null may be intended: the property accepts null, or any value."""
        known = branch.get("properties", {})
        return self._takes_null(known[name] if name in known else branch.get("additionalProperties", not known), 0)

    def _takes_null(self, node: Node | None, depth: int) -> bool:
        if not isinstance(node, dict) or depth > _DEEPEST:
            return bool(node)
        if not _may_be_null(node):
            return False
        if "$ref" in node and not self._takes_null(local_target(self._root, node["$ref"]), depth + 1):
            return False
        if not all(self._takes_null(part, depth + 1) for part in node.get("allOf", ())):
            return False
        unions = [node[key] for key in ("anyOf", "oneOf") if key in node]
        return all(any(self._takes_null(part, depth + 1) for part in union) for union in unions)

    def _branches(self, node: Node | None, depth: int) -> list[dict[str, Any]]:
        """The schemas that may describe a value of this one: references followed, unions spread."""
        if node is True:
            return [{}]
        if not isinstance(node, dict) or depth > _DEEPEST:
            return []
        found = [node]
        if isinstance(node.get("$ref"), str):
            found += self._branches(local_target(self._root, node["$ref"]), depth + 1)
        for key in ("anyOf", "oneOf", "allOf"):
            for branch in node.get(key, ()):
                found += self._branches(branch, depth + 1)
        return [part for part in found if not part.keys() & {"$ref", "anyOf", "oneOf", "allOf"} or "properties" in part]


def _item_schemas(branch: Mapping[str, Any], place: int) -> list[Node]:
    """The schemas of the item at this index of a list."""
    items = branch.get("items")
    first, rest = branch.get("prefixItems"), items
    if isinstance(items, list):
        first, rest = items, branch.get("additionalItems")
    part = first[place] if first and place < len(first) else rest
    return [part] if isinstance(part, dict) else []


def _may_be_null(node: Mapping[str, Any]) -> bool:
    """Whether a schema's own `enum`, `const` and `type` allow null."""
    if "enum" in node and None not in node["enum"]:
        return False
    if node.get("const") is not None:
        return False
    kind = node.get("type")
    return kind is None or kind == "null" or (isinstance(kind, list) and "null" in kind)


def _may_be(item: Any, node: Node) -> bool:
    if isinstance(node, bool) or item is None:
        return True
    if "const" in node:
        return bool(item == node["const"])
    return item in node["enum"] if "enum" in node else True
