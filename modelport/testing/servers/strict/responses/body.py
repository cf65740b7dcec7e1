"""Validator of Responses request bodies, parameterised by the server that reads them."""

from __future__ import annotations

from collections.abc import Mapping

from ..chat.models import GROK_NO_EFFORT, refused_sampling
from ..common import (
    Finding,
    Findings,
    Json,
    Violation,
    any_text,
    as_list,
    as_object,
    boolean,
    check_fields,
    matches_any,
    matching,
    model_of,
    one_of,
    settle,
    text,
)
from ..schemas import strict_findings, tool_findings
from .dialects import DIALECTS, REASONING_FIELDS, Dialect
from .items import check_items, kind_of

_FORMAT_NAME = matching(r"[A-Za-z0-9_-]{1,64}")
_ABSENT = ("stop", "seed", "n", "presence_penalty", "frequency_penalty")
_SAMPLING = ("temperature", "top_p", "top_logprobs")


def rules(name: str) -> dict[str, str]:
    """The rules of one row."""
    return DIALECTS[name].rules


def validate(name: str, body: Json, model: str | None = None) -> list[Violation]:
    """All broken rules of a body that is meant for the named server."""
    dialect = DIALECTS[name]
    return settle(_findings(as_object(body), dialect, model_of(body, model)), dialect.rules)


def _findings(body: Mapping[str, Json], dialect: Dialect, model: str) -> Findings:
    yield from _outline(body, dialect)
    yield from _state(body)
    yield from _includes(body, dialect)
    yield from _reasoning(body, dialect, model)
    yield from _text_format(body, dialect)
    yield from _tools(body, dialect)
    yield from _tool_choice(body)
    yield from check_items(body, dialect)


def _outline(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    # A stored prompt template brings its own model and input.
    templated = "prompt" in body
    if not templated and text(body.get("model")):
        yield Finding("model-required", "$.model", "model is a non-empty string")
    given = body.get("input")
    if not (isinstance(given, str | list) or (templated and "input" not in body)):
        yield Finding("input-required", "$.input", "input is a string or a list of items")
    yield from check_fields(body, dialect.field_table, "field-value", "$")
    for name in _ABSENT:
        if name in body:
            yield Finding("unsupported-field", f"$.{name}", "Responses has no such field")
    options = as_object(body.get("stream_options"))
    if "include_usage" in options and dialect.name == "openai_responses":
        yield Finding("stream-options-value", "$.stream_options", "usage always arrives here")


def _state(body: Mapping[str, Json]) -> Findings:
    if "previous_response_id" in body and "conversation" in body:
        yield Finding("conversation-exclusive", "$.conversation", "exclusive of previous_response_id")
    for name in ("previous_response_id", "conversation"):
        if name in body and body.get("store") is False:
            yield Finding("stored-reference", f"$.{name}", "needs store")


def _includes(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    wanted = as_list(body.get("include"))
    for value in wanted:
        if str(value) not in dialect.includes:
            yield Finding("include-value", "$.include", f"{value!r} cannot be included")
    forgetful = body.get("store") is False
    if dialect.name == "xai" and forgetful and "reasoning.encrypted_content" not in wanted:
        yield Finding("include-encrypted", "$.include", "without store, ask for encrypted reasoning")


def _reasoning(body: Mapping[str, Json], dialect: Dialect, model: str) -> Findings:
    reasoning = as_object(body.get("reasoning"))
    yield from check_fields(reasoning, REASONING_FIELDS, "field-value", "$.reasoning")
    if dialect.name == "xai":
        if "effort" in reasoning and matches_any(model, GROK_NO_EFFORT):
            yield Finding("effort-model", "$.reasoning.effort", f"{model} has no effort levels")
        return
    yield from refused_sampling(body, model, reasoning.get("effort"), _SAMPLING)


def _text_format(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    settings = as_object(body.get("text"))
    yield from check_fields(settings, {"verbosity": one_of("low", "medium", "high")}, "field-value", "$.text")
    if "format" not in settings:
        return
    wanted = as_object(settings["format"])
    kind = wanted.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        yield Finding("text-format", "$.text.format.type", f"type {kind!r} is not known")
    if kind != "json_schema":
        return
    if "json_schema" in wanted or not isinstance(wanted.get("schema"), dict):
        yield Finding("text-format", "$.text.format", "name and schema stand beside the type, not nested")
        return
    expected = _FORMAT_NAME(wanted.get("name"))
    if expected:
        yield Finding("text-format", "$.text.format.name", expected)
    if wanted.get("strict") is True and dialect.name == "openai_responses":
        yield from strict_findings(wanted["schema"], "$.text.format.schema")


def _tools(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    if "tools" in body and not isinstance(body["tools"], list):
        yield Finding("tool-shape", "$.tools", "tools is a list")
    for index, tool in enumerate(as_list(body.get("tools"))):
        path = f"$.tools[{index}]"
        if text(as_object(tool).get("type")):
            yield Finding("tool-shape", f"{path}.type", "a tool has a type")
        elif tool["type"] == "function":
            yield from _function(tool, path, dialect)


def _function(tool: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    if text(tool.get("name")):
        yield Finding("tool-shape", f"{path}.name", "name stands beside the type, not nested")
    if "function" in tool:
        reason = "a nested function is ignored: the tool silently loses its parameters"
        yield Finding("tool-nested-function", f"{path}.function", reason)
    given = {name: value for name, value in tool.items() if value is not None}
    yield from check_fields(given, {"description": any_text, "strict": boolean}, "tool-shape", path)
    schema = tool.get("parameters")
    if schema is not None and not isinstance(schema, dict):
        yield Finding("tool-shape", f"{path}.parameters", "parameters is a schema object or null")
        return
    if schema is not None:
        yield from tool_findings(schema, f"{path}.parameters", items=dialect.name == "openai_responses")
    if schema is not None and tool.get("strict") is True and dialect.name == "openai_responses":
        yield from strict_findings(schema, f"{path}.parameters")


def _tool_choice(body: Mapping[str, Json]) -> Findings:
    if "tool_choice" not in body:
        return
    choice = body["tool_choice"]
    if isinstance(choice, str):
        legal = choice in ("none", "auto", "required")
    elif as_object(choice).get("type") in ("function", "custom"):
        legal = text(choice.get("name")) is None
    elif as_object(choice).get("type") == "allowed_tools":
        legal = choice.get("mode") in ("auto", "required") and bool(choice.get("tools"))
    else:
        legal = bool(kind_of(as_object(choice)))  # the choice of a hosted tool is just its type
    if not legal:
        yield Finding("tool-choice-shape", "$.tool_choice", "not a legal tool choice")
