"""Illegal Messages bodies."""

from __future__ import annotations

from modelport.testing.servers.strict.common import Json
from tests.testing.strict.case import ILLEGAL_ROOTS, Case

USER: Json = {"role": "user", "content": "hi"}
CALL: Json = {"type": "tool_use", "id": "a", "name": "look", "input": {}}
RESULT: Json = {"type": "tool_result", "tool_use_id": "a", "content": "42"}
TEXT: Json = {"type": "text", "text": "hi"}
THOUGHT: Json = {"type": "thinking", "thinking": "", "signature": "Eo"}
TOOL: Json = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
MANUAL: Json = {"type": "enabled", "budget_tokens": 1024}
_SHORT: Json = {"type": "ephemeral"}
_LONG: Json = {"type": "ephemeral", "ttl": "1h"}


def ask(*messages: Json, **fields: Json) -> Json:
    """A body with these messages, or with one plain question."""
    return {"model": "m", "max_tokens": 4096, "messages": list(messages) or [USER], **fields}


def user(*blocks: Json) -> Json:
    """A user message made of blocks."""
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Json) -> Json:
    """An assistant message made of blocks."""
    return {"role": "assistant", "content": list(blocks)}


def _case(rule: str, body: Json, model: str | None = None, *also: str) -> Case:
    return Case(rule, body, ("anthropic",), model, frozenset(also))


def _image(**source: Json) -> Json:
    return {"type": "image", "source": source}


def _document(**source: Json) -> Json:
    return {"type": "document", "source": source}


def _wants(schema: Json) -> Json:
    return {"format": {"type": "json_schema", "schema": schema}}


def _closed(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "additionalProperties": False}


_PLAIN = _document(type="text", media_type="text/plain", data="x")
_FORMAT: Json = {"type": "json_schema", "schema": _closed()}

TOP_LEVEL_CASES = (
    _case("model-required", {"max_tokens": 1, "messages": [USER]}),
    _case("max-tokens-required", {"model": "m", "messages": [USER]}),
    _case("messages-required", {"model": "m", "max_tokens": 1, "messages": []}),
    _case("field-value", ask(temperature=1.5)),
    _case("field-value", ask(stop_sequences="x")),
    _case("field-value", ask(metadata={"user_id": 7})),
    _case("stop-sequence-blank", ask(stop_sequences=["\n"])),
    _case("thinking-shape", ask(thinking={"type": "on"})),
    _case("thinking-shape", ask(thinking={"type": "adaptive", "budget_tokens": 2048})),
    _case("thinking-shape", ask(thinking={**MANUAL, "display": "full"})),
    _case("thinking-budget", ask(thinking={"type": "enabled", "budget_tokens": 512})),
    _case("thinking-budget", ask(thinking={"type": "enabled", "budget_tokens": 4096})),
    _case("sampling-with-thinking", ask(thinking=MANUAL, temperature=0.5)),
    _case("sampling-with-thinking", ask(thinking=MANUAL, top_p=0.5)),
    _case("sampling-with-thinking", ask(thinking=MANUAL, top_k=5)),
    _case("effort-value", ask(output_config={"effort": "minimal"})),
    _case("output-format", ask(output_config={"format": {"type": "json_object"}})),
    _case("output-format-twice", ask(output_format=_FORMAT, output_config={"format": _FORMAT})),
    _case("schema-subset", ask(output_config=_wants(_closed(a={"type": "integer", "minimum": 1})))),
    _case("schema-subset", ask(output_config=_wants(_closed(a={"type": "array", "minItems": 2})))),
    _case("schema-subset", ask(output_config=_wants(_closed(a={"type": "string", "format": "phone"})))),
    _case("schema-subset", ask(output_format={**_FORMAT, "schema": {"type": "object"}})),
    _case("schema-subset", ask(tools=[{**TOOL, "strict": True}])),
    _case("tool-name", ask(tools=[{**TOOL, "name": "look.up"}])),
    _case("tool-name", ask(tools=[{**TOOL, "name": "a" * 129}])),
    _case("tool-shape", ask(tools=[{"name": "look", "input_schema": {"type": "string"}}])),
    *(
        _case("tool-schema", ask(tools=[{**TOOL, "input_schema": schema}]))
        for schema in (*ILLEGAL_ROOTS, {"type": "object", "properties": {"a b": {}}})
        if schema.get("type") == "object"
    ),
    _case("tool-shape", ask(tools=[{"name": "look", "parameters": {"type": "object"}}])),
    _case("tool-choice-shape", ask(tools=[TOOL], tool_choice="auto")),
    _case("tool-choice-shape", ask(tools=[TOOL], tool_choice={"type": "tool"})),
    _case("tool-choice-shape", ask(tool_choice={"type": "none", "disable_parallel_tool_use": True})),
    _case("tool-choice-with-thinking", ask(tools=[TOOL], tool_choice={"type": "any"}, thinking=MANUAL)),
)

MODEL_CASES = (
    _case("thinking-model", ask(thinking=MANUAL), "claude-opus-5-5"),
    _case("thinking-model", ask(thinking={"type": "disabled"}), "claude-sonnet-5-5"),
    _case("thinking-model", ask(thinking={"type": "adaptive"}), "claude-haiku-4-5"),
    _case("effort-model", ask(output_config={"effort": "low"}), "claude-sonnet-4-5-20250929"),
    _case(
        "effort-with-thinking",
        ask(thinking={"type": "between_tools"}, output_config={"effort": "max"}),
        "claude-sonnet-5-5",
    ),
    _case(
        "effort-with-thinking",
        ask(thinking={"type": "disabled"}, output_config={"effort": "xhigh"}),
        "claude-opus-5",
    ),
    _case(
        "tool-choice-model",
        ask(tools=[TOOL], tool_choice={"type": "tool", "name": "look"}),
        "claude-fable-5-2",
    ),
    _case("sampling-model", ask(temperature=1), "claude-opus-4-7"),
    _case("sampling-model", ask(top_k=5), "claude-sonnet-5"),
    _case("sampling-pair", ask(temperature=1, top_p=0.9), "claude-sonnet-4-5"),
    _case("prefill-model", ask(USER, {"role": "assistant", "content": "{"}), "claude-opus-4-6"),
    _case("system-role-model", ask(USER, {"role": "system", "content": "x"}), "claude-sonnet-4-5"),
)

MESSAGE_CASES = (
    _case("role-legal", ask(USER, {"role": "tool", "content": "x"})),
    _case("first-user", ask({"role": "assistant", "content": "x"}, USER)),
    _case("first-user", ask({"role": "system", "content": "x"}, USER)),
    _case("system-shape", ask(system=[_image(type="url", url="https://host/a.png")])),
    _case("system-shape", ask(system={"type": "text", "text": "x"})),
    _case("content-shape", ask({"role": "user", "content": TEXT})),
    _case("empty-content", ask(USER, {"role": "assistant", "content": []}, USER)),
    _case("empty-content", ask({"role": "user", "content": ""})),
    _case("trailing-whitespace", ask(USER, {"role": "assistant", "content": "so "})),
    _case("block-type", ask(user({"type": "image_url", "image_url": {"url": "https://host/a"}}))),
    _case("block-type", ask(user(THOUGHT))),
    _case("block-type", ask(USER, assistant({"type": "reasoning", "text": "x"}), USER)),
    _case("block-fields", ask(user({"type": "text"}))),
    _case("block-fields", ask(USER, assistant({"type": "redacted_thinking"}, TEXT), USER)),
    _case("empty-text", ask(user({"type": "text", "text": ""}))),
    _case("image-source", ask(user(_image(type="base64", media_type="image/bmp", data="aGk=")))),
    _case(
        "image-source",
        ask(user(_image(type="base64", media_type="image/png", data="data:image/png;base64,aGk="))),
    ),
    _case("document-source", ask(user(_document(type="base64", media_type="text/plain", data="aGk=")))),
    _case("document-in-assistant", ask(USER, assistant(_PLAIN), USER)),
    _case("user-citations", ask(user({**TEXT, "citations": [{"type": "char_location"}]}))),
    _case("thinking-signature", ask(USER, assistant({"type": "thinking", "thinking": "hm"}, TEXT), USER)),
    _case("cache-control-place", ask(USER, assistant({**THOUGHT, "cache_control": _SHORT}, TEXT), USER)),
    _case("cache-control-shape", ask(user({**TEXT, "cache_control": {"type": "forever"}}))),
    _case("cache-control-shape", ask(cache_control={"type": "ephemeral", "ttl": "2h"})),
    _case("cache-control-limit", ask(user(*[{**TEXT, "cache_control": _SHORT}] * 5))),
    _case(
        "cache-control-order",
        ask(user({**TEXT, "cache_control": _LONG}), system=[{**TEXT, "cache_control": _SHORT}]),
    ),
    _case("tool-use-shape", ask(USER, assistant({**CALL, "input": "{}"}), user(RESULT))),
    _case(
        "tool-id",
        ask(USER, assistant({**CALL, "id": "f.look:0"}), user({**RESULT, "tool_use_id": "f.look:0"})),
    ),
    _case("tool-use-id-unique", ask(USER, assistant(CALL), user(RESULT), assistant(CALL), user(RESULT))),
    _case("tool-result-content", ask(USER, assistant(CALL), user({**RESULT, "content": {"output": 42}}))),
    _case("tool-result-content", ask(USER, assistant(CALL), user({**RESULT, "content": [{"type": "audio"}]}))),
    _case("tool-result-after-call", ask(user(RESULT))),
    _case("tool-result-after-call", ask(USER, assistant(CALL), user(RESULT), assistant(TEXT), user(RESULT))),
    _case("tool-result-duplicate", ask(USER, assistant(CALL), user(RESULT, RESULT))),
    _case("tool-result-first", ask(USER, assistant(CALL), user(TEXT, RESULT))),
    _case("tool-call-unanswered", ask(USER, assistant(CALL), USER)),
    _case("tool-call-unanswered", ask(USER, assistant(CALL))),
    _case("tool-call-unanswered", ask(USER, assistant(CALL, {**CALL, "id": "b"}), user(RESULT))),
    _case("thinking-first", ask(USER, assistant(CALL), user(RESULT), thinking=MANUAL)),
)

CASES: tuple[Case, ...] = (*TOP_LEVEL_CASES, *MODEL_CASES, *MESSAGE_CASES)
