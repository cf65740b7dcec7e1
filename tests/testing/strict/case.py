"""What a row of the table of illegal bodies holds."""

from __future__ import annotations

from dataclasses import dataclass

from modelport.testing.servers.strict.common import Json

ILLEGAL_ROOTS: tuple[Json, ...] = (
    {},
    {"type": "array"},
    {"type": ["object", "null"]},
    {"type": "object", "oneOf": [{"properties": {"a": {}}}]},
    {"type": "object", "allOf": [{"properties": {"a": {}}}]},
    {"type": "object", "$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}},
    {"type": "object", "properties": None},
    {"type": "object", "properties": {"a": {"type": "any"}}},
    {"type": "object", "properties": {"a": {"type": "number", "exclusiveMinimum": True}}},
    {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?<a"}}},
)
"""Schemas of tools that every server refuses."""


ILLEGAL_FUNCTIONS: tuple[Json, ...] = tuple(
    {"type": "function", "function": {"name": "a", "parameters": schema}} for schema in ILLEGAL_ROOTS
)


@dataclass(frozen=True)
class Case:
    """A body that breaks one rule; `also` names rules that cannot be kept whole at the same time."""

    rule: str
    body: Json
    targets: tuple[str, ...]
    model: str | None = None
    also: frozenset[str] = frozenset()
