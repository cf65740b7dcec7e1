"""Illegal native Ollama chat bodies."""

from __future__ import annotations

from modelport.testing.servers.strict.common import Json
from tests.testing.strict.case import ILLEGAL_FUNCTIONS, Case

_ANYTHING: Json = {"type": "object", "properties": {"a": True}}
USER: Json = {"role": "user", "content": "hi"}
ASKS: Json = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "c", "function": {"name": "look", "arguments": {}}}],
}
RESULT: Json = {"role": "tool", "tool_name": "look", "tool_call_id": "c", "content": "42"}


def ask(*messages: Json, **fields: Json) -> Json:
    """A body with these messages, or with one plain question."""
    return {"model": "m", "messages": list(messages) or [USER], **fields}


def _case(rule: str, body: Json) -> Case:
    return Case(rule, body, ("ollama",))


def _call(**function: Json) -> Json:
    return {"role": "assistant", "content": "", "tool_calls": [{"function": function}]}


CASES: tuple[Case, ...] = (
    _case("model-required", {"messages": [USER]}),
    _case("messages-list", {"model": "m", "messages": "hi"}),
    _case("field-value", ask(stream="yes")),
    _case("unsupported-field", ask(tool_choice="auto")),
    _case("think-value", ask(think="minimal")),
    _case("format-value", ask(format="json_object")),
    _case("format-value", ask(format={"type": "json_schema", "json_schema": {"schema": {}}})),
    _case("keep-alive", ask(keep_alive="five minutes")),
    _case("option-value", ask(options={"temperature": "hot"})),
    _case("option-value", ask(options={"stop": "x"})),
    _case("tool-shape", ask(tools=[{"type": "function", "name": "look"}])),
    _case("tool-schema", ask(tools=[{"type": "function", "function": {"name": "a", "parameters": _ANYTHING}}])),
    *(_case("tool-schema", ask(tools=[tool])) for tool in ILLEGAL_FUNCTIONS),
    _case("role-legal", ask({"role": "developer", "content": "x"})),
    _case("content-string", ask({"role": "user", "content": [{"type": "text", "text": "hi"}]})),
    _case("thinking-string", ask(USER, {"role": "assistant", "content": "x", "thinking": True})),
    _case("images-base64", ask({**USER, "images": ["https://host/a.png"]})),
    _case("images-base64", ask({**USER, "images": ["data:image/png;base64,aGk="]})),
    _case("media-fields", ask({**USER, "audio": ["aGk="]})),
    _case("tool-images", ask(USER, ASKS, {**RESULT, "images": ["aGk="]})),
    _case("tool-call-shape", ask(USER, _call(arguments={}))),
    _case("tool-call-arguments-object", ask(USER, _call(name="look", arguments="{}"))),
    _case("tool-result-name", ask(USER, ASKS, {"role": "tool", "tool_call_id": "c", "content": "42"})),
    _case("tool-result-id", ask(USER, ASKS, {"role": "tool", "tool_name": "look", "content": "42"})),
    _case("tool-result-after-call", ask(USER, ASKS, {**RESULT, "tool_call_id": "d"})),
    _case("tool-result-after-call", ask(USER, ASKS, {**RESULT, "tool_name": "listen"})),
    _case("foreign-reasoning", ask(USER, {"role": "assistant", "content": "x", "reasoning_content": "hm"})),
)
