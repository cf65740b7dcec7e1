"""Tool schemas in Moonshot's subset of JSON Schema.

Facts: docs/protocols/moonshot.md#tool-schema.

What the subset cannot express is loosened: arguments that the original allows stay allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...domain.structured.schema_adapt import adapt
from ...domain.structured.schema_rules import SchemaRules

__all__ = ["MOONSHOT_TOOL", "to_kimi_schema"]

MOONSHOT_TOOL = SchemaRules(name="moonshot_tool", type_beside_union=False, boolean_schemas=True, root_union="merge")


def to_kimi_schema(schema: Mapping[str, Any]) -> dict[str, Any]:  # Any: a JSON Schema
    """The schema of a tool's parameters as the API takes it; the original is not changed."""
    return adapt(schema, MOONSHOT_TOOL).schema
