"""Illegal Chat Completions bodies that every server of that shape refuses."""

from __future__ import annotations

from modelport.testing.servers.strict.common import Json
from tests.testing.strict.case import ILLEGAL_FUNCTIONS, Case

CHAT = ("openai_chat", "dashscope", "deepseek", "moonshot", "xai_chat", "ollama_compatible", "chat_completions")

USER: Json = {"role": "user", "content": "Answer in JSON."}
TOOL: Json = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def chat(*messages: Json, **fields: Json) -> Json:
    """A body with these messages, or with one plain question."""
    return {"model": "m", "messages": list(messages) or [USER], **fields}


def asks(*ids: str, **fields: Json) -> Json:
    """An assistant message that calls the tool once per id."""
    calls = [{"id": each, "type": "function", "function": {"name": "look", "arguments": "{}"}} for each in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls, **fields}


def answer(name: str, content: Json = "42") -> Json:
    """A tool message."""
    return {"role": "tool", "tool_call_id": name, "content": content}


def shows(*parts: Json) -> Json:
    """A user message made of parts."""
    return {"role": "user", "content": list(parts)}


def wants(schema: Json, name: str = "out", **fields: Json) -> Json:
    """A response format with a schema."""
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, **fields}}


def _call(**changes: Json) -> Json:
    return {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}, **changes}


def _shared(rule: str, body: Json, *also: str) -> Case:
    return Case(rule, body, CHAT, also=frozenset(also))


CASES: tuple[Case, ...] = (
    _shared("model-required", {"messages": [USER]}),
    _shared("messages-required", {"model": "m", "messages": []}, "json-word"),
    *(
        _shared("empty-content", chat(USER, {"role": role, "content": content}))
        for role in ("system", "user")
        for content in ("", " \n", [], [{"type": "text", "text": ""}, {"type": "text", "text": "x"}])
    ),
    _shared("field-value", chat(stream="yes")),
    _shared("field-value", chat(max_tokens=0)),
    _shared("field-value", chat(temperature=2.5)),
    _shared("field-value", chat(top_p=True)),
    _shared("field-value", chat(reasoning_effort="extreme")),
    _shared("field-value", chat(stop=["a", "b", "c", "d", "e"])),
    _shared("field-value", chat(metadata={"k" * 65: "v"})),
    _shared("field-value", chat(stream=True, stream_options={"include_usage": 1})),
    _shared("tools-empty", chat(tools=[])),
    _shared("tool-shape", chat(tools=[{"type": "function", "function": {"parameters": {}}}]), "tool-schema"),
    _shared("tool-shape", chat(tools=[{"function": {"name": "look"}}])),
    _shared(
        "tool-shape",
        chat(tools=[{"type": "function", "function": {"name": "a", "parameters": "{}"}}]),
        "tool-schema",
    ),
    *(_shared("tool-schema", chat(tools=[tool])) for tool in ILLEGAL_FUNCTIONS),
    _shared("tool-choice-shape", chat(tools=[TOOL], tool_choice="always")),
    _shared("tool-choice-shape", chat(tools=[TOOL], tool_choice={"type": "function", "name": "look"})),
    _shared("tool-choice-without-tools", chat(tool_choice="none")),
    _shared("stream-options-without-stream", chat(stream_options={"include_usage": True})),
    _shared("response-format", chat(response_format={"type": "xml"})),
    _shared("json-word", chat({"role": "user", "content": "hi"}, response_format={"type": "json_object"})),
    _shared("role-legal", chat(USER, {"role": "model", "content": "x"})),
    _shared("content-shape", chat({"role": "user", "content": {"text": "hi"}})),
    _shared("content-shape", chat({"role": "user"})),
    _shared("assistant-content-null", chat(USER, {"role": "assistant", "content": None}, USER)),
    _shared("part-type", chat(shows({"type": "thinking", "thinking": "hm"}))),
    _shared(
        "part-type",
        chat({"role": "system", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]}),
        "part-type-model",
    ),
    _shared("part-fields", chat(shows({"type": "text"}))),
    _shared("part-fields", chat(shows({"type": "image_url", "image_url": PIXEL})), "part-type-model"),
    _shared(
        "image-url",
        chat(shows({"type": "image_url", "image_url": {"url": "data:text/plain;base64,aGk="}})),
        "part-type-model",
    ),
    _shared(
        "image-url",
        chat(shows({"type": "image_url", "image_url": {"url": "iVBORw0KGgo="}})),
        "part-type-model",
        "media-inline",
    ),
    _shared(
        "tool-call-shape",
        chat(USER, {"role": "assistant", "content": None, "tool_calls": [_call(type="x")]}, answer("a")),
    ),
    _shared(
        "tool-call-shape",
        chat(USER, {"role": "assistant", "content": "x", "tool_calls": [_call(id="")]}, answer("")),
    ),
    _shared(
        "tool-call-arguments-string",
        chat(
            USER,
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [_call(function={"name": "look", "arguments": {"a": 1}})],
            },
            answer("a"),
        ),
    ),
    *(
        _shared(
            "tool-call-arguments-json",
            chat(
                USER,
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [_call(function={"name": "look", "arguments": broken})],
                },
                answer("a"),
            ),
        )
        for broken in ('{"a": ', "null", "{'a': 1}", '["a"]', "{}{}", '{"a": NaN}')
    ),
    _shared("tool-call-id-unique", chat(USER, asks("a", "a"), answer("a"))),
    _shared("tool-call-unanswered", chat(USER, asks("a", "b"), answer("a"))),
    _shared("tool-call-unanswered", chat(USER, asks("a"))),
    _shared("tool-call-unanswered", chat(USER, asks("a"), USER, answer("a")), "tool-result-after-call"),
    _shared("tool-result-after-call", chat(USER, answer("a"))),
    _shared("tool-result-after-call", chat(USER, asks("a"), answer("a"), answer("b"))),
    _shared("tool-result-after-call", chat(USER, asks("a"), answer("a"), USER, answer("a"))),
    _shared("tool-result-duplicate", chat(USER, asks("a"), answer("a"), answer("a"))),
    _shared("tool-content", chat(USER, asks("a"), answer("a", {"output": 42}))),
)
