"""Schemas whose references multiply are found before anything follows them."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.application.structured.output_spec import OutputSpec
from modelport.domain.structured.schema_adapt import adapt
from modelport.domain.structured.schema_repair import repaired
from modelport.domain.structured.schema_rules import ANTHROPIC, GEMINI, OPENAI_STRICT, TOOL
from modelport.domain.structured.schema_size import is_entangled
from modelport.error import InvalidRequestError
from modelport.model import OpenAIChatModel
from tests.contract.samples import OPENAI


def pairs(levels: int, key: str = "allOf") -> dict[str, Any]:
    """Each definition is two of the next one."""
    made = {f"n{level}": {key: [{"$ref": f"#/$defs/n{level + 1}"}] * 2} for level in range(levels)}
    return {"type": "object", "anyOf": [{"$ref": "#/$defs/n0"}], "$defs": {**made, f"n{levels}": {"type": "object"}}}


CIRCLE = {"type": "object", "allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}
DEEP: dict[str, Any] = {"type": "object"}
for _ in range(150):
    DEEP = {"type": "object", "allOf": [DEEP]}
ENTANGLED = {
    "allOf": pairs(30),
    "anyOf": pairs(30, "anyOf"),
    "oneOf": pairs(30, "oneOf"),
    "circle": CIRCLE,
    "deep": DEEP,
}


@pytest.mark.parametrize("name", ENTANGLED)
def test_they_are_refused_as_output_and_cut_in_tools(name: str) -> None:
    assert is_entangled(ENTANGLED[name])
    with pytest.raises(InvalidRequestError, match="more than 5000 schemas for one value"):
        OutputSpec(ENTANGLED[name])
    schema, removed = repaired(ENTANGLED[name])
    assert removed and not is_entangled(schema)
    for rules in (OPENAI_STRICT, ANTHROPIC, GEMINI, TOOL):
        adapt(schema, rules)


def test_real_schemas_are_not() -> None:
    union = {"anyOf": [{"const": number} for number in range(1_000)]}
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "kind": union}}
    for schema in (union, tree, pairs(8)):
        assert not is_entangled(schema)
    assert repaired(tree)[1] == []


async def test_a_call_with_such_a_tool_is_sent() -> None:
    from modelport.message import UserMsg
    from modelport.testing.servers.http import ScriptedServer

    tool = {"type": "function", "function": {"name": "f", "description": "d", "parameters": pairs(40)}}
    async with ScriptedServer([OPENAI.whole_stream]) as server:
        model = OPENAI.model(server.base_url)
        assert isinstance(model, OpenAIChatModel)
        async for response in await model([UserMsg("user", "Hi")], tools=[tool]):
            last = response
        assert last.text == "Hello world"
        assert any(warning.setting == "tools" for warning in last.warnings)
