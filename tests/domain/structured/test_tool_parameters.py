"""Parameters of tools: read once for each schema, and again when the schema has changed."""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import Any

import pytest

from modelport.domain.structured import schema_adapt
from modelport.domain.structured.schema_adapt import Adapted, adapt
from modelport.domain.structured.schema_rules import OPENAI_TOOL, SchemaRules
from modelport.domain.structured.tool_parameters import legal_parameters
from modelport.tool import ToolSchema


class Size(IntEnum):
    LARGE = 2


def tool(properties: dict[str, Any]) -> ToolSchema:
    return {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": properties}}}


def test_an_unchanged_schema_is_adapted_once_and_a_changed_one_again(monkeypatch: pytest.MonkeyPatch) -> None:
    adapted: list[object] = []

    def noted(schema: dict[str, Any], rules: SchemaRules) -> Adapted:
        adapted.append(schema)
        return adapt(schema, rules)

    monkeypatch.setattr(schema_adapt, "adapt", noted)
    one = tool({"colour": {"type": "string", "description": "of which this test alone speaks"}})
    first = legal_parameters(one, OPENAI_TOOL).schema
    assert legal_parameters(tool(dict(one["function"]["parameters"]["properties"])), OPENAI_TOOL).schema is first
    assert len(adapted) == 1
    one["function"]["parameters"]["properties"]["size"] = {"type": "integer"}
    assert set(legal_parameters(one, OPENAI_TOOL).schema["properties"]) == {"colour", "size"}
    assert len(adapted) == 2


@pytest.mark.parametrize(
    ("value", "sent"), [(Size.LARGE, 2), (Decimal("1.5"), 1.5), ({"b", "a"}, ["a", "b"]), (("x",), ["x"]), (True, True)]
)
def test_values_of_python_become_those_of_json(value: object, sent: object) -> None:
    schema = legal_parameters(tool({"a": {"type": "string", "default": value}}), OPENAI_TOOL).schema
    assert schema["properties"]["a"]["default"] == sent
    assert type(schema["properties"]["a"]["default"]) is type(sent)
