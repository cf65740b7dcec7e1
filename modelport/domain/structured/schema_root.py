"""The root of a tool's parameters as one object: servers refuse a union, a reference or another type there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .schema_nodes import DEFINITIONS, Node, Schema, any_of_as_object, merged, resolved, without

__all__ = ["arguments_object"]

_UNIONS = ("anyOf", "oneOf")
_REFUSED = frozenset({"not", "enum", "const"})
_OF_OTHER_TYPES = frozenset(
    {"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"}
    | {"format", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    | {"multipleOf", "discriminator"}
)
_DEEPEST = 50
_MOST_NODES = 2_000


def arguments_object(root: Mapping[str, Any]) -> tuple[Schema, list[str]]:  # Any: a valid JSON Schema
    """The root, without definitions, as an object with `properties`, and what it no longer forbids.

    The parts of `allOf` are joined. Of a union come the properties of all branches; required is what each requires.
    """
    merger = _Merger(root)
    node = merger.object_of(without(root, DEFINITIONS), 0)
    if node.get("type") != "object":
        node = {"type": "object", **without(node, {"type"})}
    return (node if "properties" in node else {**node, "properties": {}}), merger.removed


class _Merger:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._nodes = 0
        self.removed: list[str] = []

    def object_of(self, node: Schema, depth: int) -> Schema:
        """The schema without the keywords that a root may not have; `node` is not changed."""
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            self.removed.append("$: its size")
            return {}
        node = resolved(node, self._root)
        if "$ref" in node or depth > _DEEPEST:
            self.removed.append("$: $ref")
            node = without(node, {"$ref", "allOf", *_UNIONS})
        node = self._joined(node, depth)
        for key in _UNIONS:
            if key in node:
                node = self._without_union(node, key, depth)
        self.removed += [f"$: {key}" for key in node if key in _REFUSED]
        if not _may_be_object(node):
            self.removed.append("$: type")
        return without(node, _REFUSED | _OF_OTHER_TYPES)

    def _joined(self, node: Schema, depth: int) -> Schema:
        parts = node.get("allOf") or ()
        node = without(node, {"allOf"})
        for part in parts:
            if isinstance(part, dict):
                node = merged(self.object_of(part, depth + 1), node)
            elif part is False:
                self.removed.append("$: allOf")
        return node

    def _without_union(self, node: Schema, key: str, depth: int) -> Schema:
        self.removed.append(f"$: {key}")
        branches = [self._branch(part, depth) for part in node[key] if _may_be_object(part)]
        others = {other: node[other] for other in _UNIONS if other in node and other != key}
        return {**any_of_as_object({**without(node, _UNIONS), "anyOf": branches}, {}), **others}

    def _branch(self, part: Node, depth: int) -> Node:
        return self.object_of(part, depth + 1) if isinstance(part, dict) else part


def _may_be_object(node: Node) -> bool:
    if isinstance(node, bool):
        return node
    kind = node.get("type", "object")
    return "object" in kind if isinstance(kind, list) else kind == "object"
