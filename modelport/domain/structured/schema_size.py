"""How many schemas apply to one place of a value, when references are followed.

A schema of a few hundred bytes can pair references to pairs of references, so that reading them one by one takes a
power of two. Its size is found without that: each schema is counted once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["MOST_AT_ONE_PLACE", "disentangled", "is_entangled"]

MOST_AT_ONE_PLACE = 5_000
"""Unions of a thousand branches are real; a power of two passes this soon."""
_DEEPEST = 100
_BESIDE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref")
"""Keywords whose schemas apply to the same place of the value."""


def is_entangled(schema: Any) -> bool:  # Any: a JSON Schema
    """Whether more schemas apply to one place than anybody can mean."""
    sizes = _Sizes(schema)
    return any(sizes.of(node) > MOST_AT_ONE_PLACE for node in _objects(schema))


def disentangled(schema: dict[str, Any]) -> list[str]:  # Any: a JSON Schema
    """Take the combinations out of each schema that has too many, in place; what was taken out."""
    sizes = _Sizes(schema)
    too_large = [node for node in _objects(schema) if sizes.of(node) > MOST_AT_ONE_PLACE]
    found = [key for node in too_large for key in _BESIDE if node.pop(key, None) is not None]
    return [f"$: {key} (of more than {MOST_AT_ONE_PLACE} schemas)" for key in dict.fromkeys(found)]


class _Sizes:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._known: dict[int, int] = {}

    def of(self, node: Any, depth: int = 0) -> int:
        if not isinstance(node, dict):
            return 1
        if depth > _DEEPEST:
            return MOST_AT_ONE_PLACE + 1
        known = self._known.get(id(node))
        if known is None:
            self._known[id(node)] = MOST_AT_ONE_PLACE + 1  # for those that lead here in a circle
            known = 1 + sum(self.of(part, depth + 1) for part in self._beside(node))
            self._known[id(node)] = known
        return known

    def _beside(self, node: dict[str, Any]) -> Iterator[Any]:
        for key in _BESIDE:
            value = node.get(key)
            if key == "$ref":
                yield self._target(value)
            elif isinstance(value, list):
                yield from value
            elif value is not None:
                yield value

    def _target(self, reference: Any) -> Any:
        """The very schema that a local reference names."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        node = self._root
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, list):
                node = node[int(name)] if name.isdecimal() and len(name) < 9 and int(name) < len(node) else None
            else:
                node = node.get(name) if isinstance(node, dict) else None
        return node


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    left, seen = [value], set()
    while left:
        item = left.pop()
        if not isinstance(item, dict | list) or id(item) in seen:
            continue
        seen.add(id(item))
        left.extend(item.values() if isinstance(item, dict) else item)
        if isinstance(item, dict):
            yield item
