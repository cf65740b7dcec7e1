"""Tool schemas for `parametersJsonSchema`: JSON Schema without recursion.

Facts: docs/protocols/gemini.md#request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...domain.structured.schema_adapt import adapt
from ...domain.structured.schema_rules import SchemaRules

__all__ = ["GEMINI_TOOL", "inlined_schema"]

GEMINI_TOOL = SchemaRules(name="gemini_tool", references=False, boolean_schemas=True, root_union="keep")


def inlined_schema(schema: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:  # Any: a JSON Schema
    """The schema without references, and whether something was cut off: recursion, or a reference to nothing.

    What is cut off becomes the empty schema, which allows any value.
    """
    adapted = adapt(schema, GEMINI_TOOL)
    return adapted.schema, adapted.cut
