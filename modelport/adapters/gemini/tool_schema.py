"""Tool schemas as the API takes them.

Facts: docs/protocols/gemini.md#request.

They are sent as real JSON Schema, in which the API knows no recursion: references are replaced by what they refer to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["inlined_schema"]

Json = dict[str, Any]  # Any: a JSON Schema

_LEFT_OUT = frozenset({"$schema", "$id", "$defs", "definitions", "$comment", "$anchor"})
_MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_PLAIN_VALUES = frozenset({"enum", "const", "default", "examples", "required"})
_MOST_NODES = 20_000


def inlined_schema(schema: Mapping[str, Any]) -> tuple[Json, bool]:
    """The schema without references, and whether something was cut off: recursion, or a reference that leads nowhere.

    What is cut off becomes the empty schema, which allows any value.
    """
    inliner = _Inliner(schema)
    result = inliner.schema(schema, ())
    return (result if isinstance(result, dict) else {}), inliner.cut


class _Inliner:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._nodes = 0
        self.cut = False

    def schema(self, node: Any, path: tuple[str, ...]) -> Any:  # Any: a schema, or a plain boolean
        """One schema; `path` holds the references that lead here."""
        if isinstance(node, list):
            return [self.schema(part, path) for part in node]
        if not isinstance(node, Mapping):
            return node
        self._nodes += 1
        if self._nodes > _MOST_NODES:  # references that double at every level
            return self._cut()
        if isinstance(node.get("$ref"), str):
            return self._referred(node, path)
        return self._fields(node, path)

    def _fields(self, node: Mapping[str, Any], path: tuple[str, ...]) -> Json:
        result: Json = {}
        for key, value in node.items():
            if key in _MAPS_OF_SCHEMAS and isinstance(value, Mapping):
                result[key] = {name: self.schema(part, path) for name, part in value.items()}
            elif key in _PLAIN_VALUES:
                result[key] = value
            elif key not in _LEFT_OUT:
                result[key] = self.schema(value, path)
        return result

    def _referred(self, node: Mapping[str, Any], path: tuple[str, ...]) -> Json:
        """What the reference names, under what stands beside the reference."""
        reference = node["$ref"]
        beside = self._fields({key: value for key, value in node.items() if key != "$ref"}, path)
        target = self._target(reference)
        if reference in path or target is None:
            return {**self._cut(), **beside}
        resolved = self.schema(target, (*path, reference))
        return {**resolved, **beside} if isinstance(resolved, dict) else beside

    def _target(self, reference: str) -> Any:  # Any: a schema, or `None`
        if not reference.startswith("#"):
            return None
        node: Any = self._root
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, Mapping) else None
        return node

    def _cut(self) -> Json:
        self.cut = True
        return {}
