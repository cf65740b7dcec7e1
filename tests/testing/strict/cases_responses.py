"""Illegal Responses bodies."""

from __future__ import annotations

from modelport.testing.servers.strict.common import Json
from tests.testing.strict.case import ILLEGAL_ROOTS, Case

BOTH = ("openai_responses", "xai")

USER: Json = {"role": "user", "content": "hi"}
CALL: Json = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
OUTPUT: Json = {"type": "function_call_output", "call_id": "c", "output": "42"}
THOUGHT: Json = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
_OBJECT: Json = {"type": "object", "properties": {"a": {"type": "integer"}}}
_OPEN_ARRAY: Json = {"type": "object", "properties": {"a": {"type": "array"}}}
_INCLUDE = ["reasoning.encrypted_content"]


def ask(*items: Json, **fields: Json) -> Json:
    """A body with these items, or with one plain question."""
    return {"model": "m", "input": list(items) or "hi", **fields}


def stateless(*items: Json, **fields: Json) -> Json:
    """A body of a client that stores nothing on the server."""
    return ask(*items, store=False, include=_INCLUDE, **fields)


def shows(*parts: Json, role: str = "user") -> Json:
    """A message made of parts."""
    return {"role": role, "content": list(parts)}


def _shared(rule: str, body: Json, *also: str) -> Case:
    return Case(rule, body, BOTH, also=frozenset(also))


def _openai(rule: str, body: Json, model: str | None = None) -> Case:
    return Case(rule, body, ("openai_responses",), model)


def _xai(rule: str, body: Json, model: str | None = None) -> Case:
    return Case(rule, body, ("xai",), model)


def _wants(**fields: Json) -> Json:
    return {"format": {"type": "json_schema", **fields}}


def _tool(**fields: Json) -> Json:
    return {"type": "function", "name": "look", "parameters": _OBJECT, **fields}


_TEXT: Json = {"type": "input_text", "text": "hi"}
_PDF: Json = {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}
_NESTED_IMAGE: Json = {"type": "input_image", "image_url": {"url": "https://host/a.png"}}

SHARED_CASES = (
    _shared("model-required", {"input": "hi"}),
    _shared("input-required", {"model": "m"}),
    _shared("input-required", {"model": "m", "input": {"role": "user"}}),
    _shared("field-value", ask(temperature="hot")),
    _shared("field-value", ask(max_output_tokens=0)),
    _shared("field-value", ask(top_logprobs=21)),
    _shared("field-value", ask(reasoning={"effort": "huge"})),
    _shared("field-value", ask(reasoning={"summary": "long"})),
    _shared("field-value", ask(text={"verbosity": "loud"})),
    _shared("field-value", ask({"role": "assistant", "content": "x", "phase": "thinking"})),
    _shared("unsupported-field", ask(stop=["x"])),
    _shared("unsupported-field", ask(seed=1)),
    _shared("include-value", ask(include=["reasoning.text"])),
    _shared("text-format", ask(text={"format": {"type": "xml"}})),
    _shared("text-format", ask(text=_wants(json_schema={"name": "a", "schema": {}}))),
    _shared("text-format", ask(text=_wants(name="no spaces", schema={}))),
    _shared("tool-shape", ask(tools=[{"type": "function", "parameters": {}}]), "tool-schema"),
    _shared("tool-shape", ask(tools=[{"name": "look"}])),
    _shared("tool-shape", ask(tools=[_tool(parameters="{}")])),
    _shared("tool-nested-function", ask(tools=[_tool(function={"name": "look"})])),
    _shared("tool-choice-shape", ask(tools=[_tool()], tool_choice={"type": "function", "function": {"name": "x"}})),
    _shared("tool-choice-shape", ask(tools=[_tool()], tool_choice="any")),
    _shared("conversation-exclusive", ask(previous_response_id="a", conversation="b")),
    _shared("stored-reference", stateless(previous_response_id="a")),
    _shared("item-type", ask({"type": "tool_result", "call_id": "c"})),
    _shared("item-type", ask(USER, "hi")),
    _shared("role-legal", ask({"role": "tool", "content": "x"})),
    _shared("content-shape", ask({"role": "user", "content": None})),
    _shared("part-type", ask(shows({"type": "text", "text": "hi"}))),
    _shared("part-type", ask(shows(_TEXT, role="assistant"))),
    _shared("part-fields", ask(shows({"type": "input_text"}))),
    _shared("part-fields", ask(shows(_NESTED_IMAGE))),
    _shared("image-url", ask(shows({"type": "input_image", "image_url": "iVBORw0KGgo="}))),
    _shared("image-url", ask(shows({"type": "input_image", "image_url": "data:image/svg+xml;base64,aGk="}))),
    *(
        _shared("empty-content", ask(USER, {"role": role, "content": content}))
        for role in ("system", "user")
        for content in ("", " ", [], [{"type": "input_text", "text": ""}])
    ),
    _shared("file-part", ask(shows({"type": "input_file", "file_id": "a", "file_url": "https://host/a"}))),
    *(
        _shared("tool-schema", ask(tools=[{"type": "function", "name": "a", "parameters": schema}]))
        for schema in ILLEGAL_ROOTS
    ),
    _openai("tool-schema", ask(tools=[_tool(parameters=_OPEN_ARRAY)])),
    _shared("tool-call-shape", ask({**CALL, "name": ""}, OUTPUT)),
    _shared("tool-call-arguments-string", ask({**CALL, "arguments": {}}, OUTPUT)),
    _shared("tool-call-arguments-json", ask({**CALL, "arguments": '{"a": '}, OUTPUT)),
    _shared("tool-call-arguments-json", ask({**CALL, "arguments": "[]"}, OUTPUT)),
    _shared("tool-output-shape", ask(CALL, {**OUTPUT, "output": {"a": 1}})),
    _shared("tool-output-shape", ask(CALL, {**OUTPUT, "output": [{"type": "output_text", "text": "x"}]})),
    _shared("tool-call-id-unique", ask(CALL, CALL, OUTPUT)),
    _shared("tool-call-unanswered", ask(USER, CALL)),
    _shared("tool-result-after-call", ask(OUTPUT, USER)),
    _shared("tool-result-after-call", ask(OUTPUT, CALL)),
    _shared("tool-result-duplicate", ask(CALL, OUTPUT, OUTPUT)),
    _shared("reasoning-shape", ask({"type": "reasoning", "encrypted_content": "x"}, CALL, OUTPUT)),
    _shared("reasoning-shape", ask({**THOUGHT, "summary": [{"type": "text", "text": "x"}]}, CALL, OUTPUT)),
    _shared("reasoning-stateless", ask({"type": "reasoning", "summary": []}, CALL, OUTPUT)),
    _shared("reasoning-stateless", stateless({"type": "reasoning", "id": "rs", "summary": []}, CALL, OUTPUT)),
)

OPENAI_CASES = (
    _openai("field-value", ask(max_output_tokens=15)),
    _openai("stored-reference", stateless({"type": "item_reference", "id": "x"})),
    _openai("stream-options-value", ask(stream=True, stream_options={"include_usage": True})),
    _openai("sampling-reasoning-model", ask(temperature=0), "gpt-5"),
    _openai("file-part", ask(shows({**_PDF, "file_data": "aGk="}))),
    _openai("file-media", ask(shows({**_PDF, "file_data": "data:audio/mpeg;base64,aGk="}))),
    _openai("reasoning-following", ask(USER, THOUGHT)),
    _openai("reasoning-following", ask(USER, THOUGHT, USER)),
    _openai("item-id-stateless", stateless({**CALL, "id": "fc_1"}, OUTPUT)),
    _openai("strict-schema", ask(tools=[_tool(strict=True)])),
    _openai("strict-schema", ask(text=_wants(name="a", schema=_OBJECT, strict=True))),
    _openai("tool-call-unanswered", ask({"type": "custom_tool_call", "call_id": "c", "name": "x", "input": "y"})),
)

XAI_CASES = (
    _xai("include-value", ask(include=["message.output_text.logprobs"])),
    _xai("field-value", ask(top_logprobs=9)),
    _xai("part-type", ask(shows({"type": "input_audio", "input_audio": {"data": "aGk="}}))),
    _xai("file-part", ask(shows(_PDF))),
    _xai("item-type", ask({"type": "item_reference", "id": "x"})),
    _xai("tool-output-shape", ask(CALL, {**OUTPUT, "output": [_PDF]})),
    _xai("include-encrypted", ask(store=False)),
    _xai("effort-model", ask(reasoning={"effort": "low"}), "grok-4.20-reasoning"),
)

CASES: tuple[Case, ...] = (*SHARED_CASES, *OPENAI_CASES, *XAI_CASES)
