"""Validator of Messages request bodies: top level, thinking and tools."""

from __future__ import annotations

from collections.abc import Mapping

from ..common import (
    Check,
    Finding,
    Findings,
    Json,
    Violation,
    any_text,
    as_list,
    as_object,
    boolean,
    check_fields,
    integer,
    matching,
    model_of,
    number,
    one_of,
    settle,
    text,
    text_list,
)
from ..schemas import is_object_schema, subschemas, tool_findings
from .messages import MESSAGE_RULES, check_messages
from .models import MODEL_RULES, check_models

_BODY = "docs/protocols/anthropic-messages.md#request-body"
_SCHEMA = "docs/protocols/anthropic-messages.md#structured-output"

RULES: Mapping[str, str] = {
    "model-required": _BODY,
    "max-tokens-required": _BODY,
    "field-value": _BODY,
    "stop-sequence-blank": _BODY,
    "tool-schema": "docs/protocols/structured-output.md#schemas-of-tools",
    "thinking-shape": _BODY,
    "thinking-budget": _BODY,
    "sampling-with-thinking": _BODY,
    "effort-value": _BODY,
    "tool-name": _BODY,
    "tool-shape": _BODY,
    "tool-choice-shape": _BODY,
    "tool-choice-with-thinking": "docs/protocols/anthropic-messages.md#thinking-support-per-model",
    "output-format": _BODY,
    "output-format-twice": _BODY,
    "schema-subset": _SCHEMA,
    **MESSAGE_RULES,
    **MODEL_RULES,
}

_FIELDS: Mapping[str, Check] = {
    "temperature": number(0, 1),
    "top_p": number(0, 1),
    "top_k": integer(),
    "stop_sequences": text_list,
    "stream": boolean,
    "service_tier": one_of("auto", "standard_only"),
    "speed": one_of("standard", "fast"),
}
_TOOL_NAME = matching(r"[a-zA-Z0-9_-]{1,128}")
_SMALLEST_BUDGET = 1024
_LEAST_TOP_P = 0.95

_KEYWORDS = frozenset(
    {
        "$defs",
        "$ref",
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "const",
        "anyOf",
        "allOf",
        "title",
        "description",
        "additionalProperties",
        "format",
        "minItems",
    }
)
_FORMATS = frozenset(
    {
        "date-time",
        "time",
        "date",
        "duration",
        "email",
        "hostname",
        "uri",
        "ipv4",
        "ipv6",
        "uuid",
    }
)


def rules(_: str) -> dict[str, str]:
    """The rules of this wire format."""
    return dict(RULES)


def validate(_: str, body: Json, model: str | None = None) -> list[Violation]:
    """All broken rules of a body."""
    return settle(_findings(as_object(body), model_of(body, model)), RULES)


def _findings(body: Mapping[str, Json], model: str) -> Findings:
    yield from _outline(body)
    yield from _thinking(body)
    yield from _output_config(body)
    yield from _tools(body)
    yield from _tool_choice(body)
    yield from check_messages(body)
    yield from check_models(body, model)


def _outline(body: Mapping[str, Json]) -> Findings:
    if text(body.get("model")):
        yield Finding("model-required", "$.model", "model is a non-empty string")
    if integer(0)(body.get("max_tokens")):
        yield Finding("max-tokens-required", "$.max_tokens", "max_tokens is a required integer")
    yield from check_fields(body, _FIELDS, "field-value", "$")
    user = as_object(body.get("metadata"))
    yield from check_fields(user, {"user_id": any_text}, "field-value", "$.metadata")
    for index, entry in enumerate(as_list(body.get("stop_sequences"))):
        if isinstance(entry, str) and not entry.strip():
            yield Finding("stop-sequence-blank", f"$.stop_sequences[{index}]", "only whitespace")


def _thinking(body: Mapping[str, Json]) -> Findings:
    if "thinking" not in body:
        return
    thinking = as_object(body["thinking"])
    kind = thinking.get("type")
    only_binding = set(thinking) == {"block_binding"}
    if kind not in ("enabled", "disabled", "adaptive", "between_tools") and not only_binding:
        yield Finding("thinking-shape", "$.thinking.type", f"type {kind!r} is not known")
    yield from check_fields(thinking, {"display": one_of("summarized", "omitted")}, "thinking-shape", "$.thinking")
    if kind != "enabled" and "budget_tokens" in thinking:
        yield Finding("thinking-shape", "$.thinking.budget_tokens", "only a manual mode has a budget")
    if kind == "enabled":
        yield from _manual_thinking(body, thinking.get("budget_tokens"))


def _manual_thinking(body: Mapping[str, Json], budget: Json) -> Findings:
    # More than max_tokens is legal only behind the interleaved beta header, which a body cannot show.
    ceiling = body.get("max_tokens")
    if integer(_SMALLEST_BUDGET)(budget) or (isinstance(ceiling, int) and budget >= ceiling):
        yield Finding("thinking-budget", "$.thinking.budget_tokens", "from 1024 to below max_tokens")
    if body.get("temperature", 1) != 1:
        yield Finding("sampling-with-thinking", "$.temperature", "absent or 1 while thinking")
    top_p = body.get("top_p", 1)
    if isinstance(top_p, int | float) and top_p < _LEAST_TOP_P:
        yield Finding("sampling-with-thinking", "$.top_p", "absent or at least 0.95 while thinking")
    if "top_k" in body:
        yield Finding("sampling-with-thinking", "$.top_k", "absent while thinking")
    if as_object(body.get("tool_choice")).get("type") in ("any", "tool"):
        reason = "no forced call with manual thinking"
        yield Finding("tool-choice-with-thinking", "$.tool_choice", reason)


def _output_config(body: Mapping[str, Json]) -> Findings:
    config = as_object(body.get("output_config"))
    efforts = one_of("low", "medium", "high", "xhigh", "max")
    yield from check_fields(config, {"effort": efforts}, "effort-value", "$.output_config")
    if "output_format" in body and "format" in config:
        yield Finding("output-format-twice", "$.output_format", "the older spelling beside the newer one")
    if "format" in config:
        yield from _output_format(config["format"], "$.output_config.format")
    if "output_format" in body:
        yield from _output_format(body["output_format"], "$.output_format")


def _output_format(wanted: Json, path: str) -> Findings:
    wanted = as_object(wanted)
    if wanted.get("type") != "json_schema" or not isinstance(wanted.get("schema"), dict):
        yield Finding("output-format", path, "a format is json_schema with a schema object")
        return
    yield from _schema_subset(wanted["schema"], f"{path}.schema")


def _schema_subset(schema: Json, path: str) -> Findings:
    for where, part in subschemas(schema, path):
        for keyword in sorted(set(part) - _KEYWORDS):
            yield Finding("schema-subset", f"{where}.{keyword}", "keyword refused, check it locally")
        if part.get("minItems", 0) not in (0, 1):
            yield Finding("schema-subset", f"{where}.minItems", "only 0 or 1")
        if str(part.get("format", "date")) not in _FORMATS:
            yield Finding("schema-subset", f"{where}.format", "string format refused")
        if is_object_schema(part) and part.get("additionalProperties") is not False:
            yield Finding("schema-subset", where, "an object needs additionalProperties false")


def _tools(body: Mapping[str, Json]) -> Findings:
    if "tools" in body and not isinstance(body["tools"], list):
        yield Finding("tool-shape", "$.tools", "tools is a list")
    for index, tool in enumerate(as_list(body.get("tools"))):
        yield from _tool(as_object(tool), f"$.tools[{index}]")


def _tool(tool: Mapping[str, Json], path: str) -> Findings:
    expected = _TOOL_NAME(tool.get("name"))
    if expected:
        yield Finding("tool-name", f"{path}.name", f"expected {expected}")
    if tool.get("type", "custom") != "custom":
        return  # server tools have their own fields
    schema = tool.get("input_schema")
    if as_object(schema).get("type") != "object":
        yield Finding("tool-shape", f"{path}.input_schema", "input_schema is a schema of type object")
    else:
        yield from tool_findings(schema, f"{path}.input_schema", names=r"[a-zA-Z0-9_.-]{1,64}")
    yield from check_fields(tool, {"description": any_text, "strict": boolean}, "tool-shape", path)
    if tool.get("strict") is True:
        yield from _schema_subset(schema, f"{path}.input_schema")


def _tool_choice(body: Mapping[str, Json]) -> Findings:
    if "tool_choice" not in body:
        return
    choice = as_object(body["tool_choice"])
    kind = choice.get("type")
    if kind not in ("auto", "any", "none", "tool") or (kind == "tool" and text(choice.get("name"))):
        yield Finding("tool-choice-shape", "$.tool_choice", "auto, any, none, or tool with a name")
    if kind == "none" and "disable_parallel_tool_use" in choice:
        yield Finding("tool-choice-shape", "$.tool_choice", "none has no disable_parallel_tool_use")
    yield from check_fields(choice, {"disable_parallel_tool_use": boolean}, "tool-choice-shape", "$.tool_choice")
