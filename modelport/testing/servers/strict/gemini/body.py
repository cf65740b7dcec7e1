"""Validator of generateContent request bodies: instruction, tools and generation settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    list_of,
    number,
    objects,
    settle,
    text,
    text_list,
)
from ..schemas import is_recursive, subschemas, tool_findings
from .contents import CONTENT_RULES, check_contents, pick
from .models import MODEL_RULES, check_models, function_name_ok

_REQUEST = "docs/protocols/gemini.md#request"

RULES: Mapping[str, str] = {
    "system-instruction": _REQUEST,
    "tool-schema": "docs/protocols/structured-output.md#schemas-of-tools",
    "tool-shape": _REQUEST,
    "function-name": _REQUEST,
    "schema-exclusive": _REQUEST,
    "schema-openapi": _REQUEST,
    "schema-recursive": _REQUEST,
    "schema-needs-json": _REQUEST,
    "tool-config": _REQUEST,
    "allowed-names-mode": _REQUEST,
    "builtin-beside-functions": _REQUEST,
    "safety-settings": _REQUEST,
    "field-value": _REQUEST,
    "thinking-exclusive": "docs/protocols/gemini.md#thinking",
    **CONTENT_RULES,
    **MODEL_RULES,
}

_GENERATION: Mapping[str, Check] = {
    "temperature": number(0, float("inf")),
    "topP": number(0, 1),
    "topK": integer(),
    "maxOutputTokens": integer(1),
    "stopSequences": text_list,
    "seed": integer(),
    "candidateCount": integer(1),
    "responseMimeType": text,
    "responseModalities": list_of("TEXT", "IMAGE", "AUDIO"),
    "mediaResolution": text,
    "presencePenalty": number(float("-inf"), float("inf")),
    "frequencyPenalty": number(float("-inf"), float("inf")),
    "responseLogprobs": boolean,
}
_THINKING: Mapping[str, Check] = {
    "includeThoughts": boolean,
    "thinkingBudget": integer(-1),
    "thinkingLevel": text,
}
_MODES = ("AUTO", "ANY", "NONE", "VALIDATED")
_NAMING_MODES = ("ANY", "VALIDATED")
_BUILT_IN = ("googleSearch", "urlContext", "codeExecution", "fileSearch")
_NOT_OPENAPI = ("$ref", "$defs", "additionalProperties", "const")


def rules(_: str) -> dict[str, str]:
    """The rules of this wire format."""
    return dict(RULES)


def validate(_: str, body: Json, model: str | None = None) -> list[Violation]:
    """All broken rules of a body. The model stands in the URL, so only the caller can name it."""
    name = (model or "").removeprefix("models/")
    return settle(_findings(as_object(body), name), RULES)


def _findings(body: Mapping[str, Json], model: str) -> Findings:
    yield from _instruction(body)
    yield from _tools(body, model)
    yield from _tool_config(body)
    yield from _safety(body)
    yield from _generation(body)
    yield from check_contents(body, model)
    yield from check_models(body, model)


def _instruction(body: Mapping[str, Json]) -> Findings:
    instruction = pick(body, "systemInstruction")
    if instruction is None:
        return
    parts = as_object(instruction).get("parts")
    listed = [parts] if isinstance(parts, dict) else as_list(parts)
    if not listed or any(any_text(as_object(part).get("text")) for part in listed):
        yield Finding("system-instruction", "$.systemInstruction", "an object with text parts")


def declarations(body: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """All function declarations with their paths."""
    for path, tool in objects(body.get("tools"), "$.tools"):
        yield from objects(pick(tool, "functionDeclarations"), f"{path}.functionDeclarations")


def _tools(body: Mapping[str, Json], model: str) -> Findings:
    tools = body.get("tools")
    if tools is not None and not isinstance(tools, list):
        yield Finding("tool-shape", "$.tools", "tools is a list of objects")
    for path, declared in declarations(body):
        name = declared.get("name")
        if not isinstance(name, str) or not function_name_ok(name, model):
            yield Finding("function-name", f"{path}.name", "a letter or underscore, then [A-Za-z0-9_.:-]")
        yield from check_fields(
            {key: value for key, value in declared.items() if value is not None},
            {"description": any_text},
            "tool-shape",
            path,
        )
        yield from _schema_pair(declared, "parameters", "parametersJsonSchema", path)
        if isinstance(pick(declared, "parametersJsonSchema"), dict):
            yield from tool_findings(pick(declared, "parametersJsonSchema"), f"{path}.parametersJsonSchema")
    built_in = [name for _, tool in objects(tools, "") for name in _BUILT_IN if pick(tool, name) is not None]
    invoked = pick(as_object(pick(body, "toolConfig")), "includeServerSideToolInvocations")
    if built_in and any(declarations(body)) and invoked is not True:
        reason = "beside functions only with toolConfig.includeServerSideToolInvocations"
        yield Finding("builtin-beside-functions", "$.tools", reason)


def _schema_pair(holder: Mapping[str, Json], openapi: str, json_schema: str, path: str) -> Findings:
    """Two fields for one schema: the OpenAPI subset, or real JSON Schema, never both."""
    narrow, wide = pick(holder, openapi), pick(holder, json_schema)
    if narrow is not None and wide is not None:
        yield Finding("schema-exclusive", f"{path}.{json_schema}", f"exclusive of {openapi}")
    for name, schema in ((openapi, narrow), (json_schema, wide)):
        if schema is not None and not isinstance(schema, dict):
            yield Finding("tool-shape", f"{path}.{name}", "a schema is an object")
        elif is_recursive(schema):
            yield Finding("schema-recursive", f"{path}.{name}", "recursive references are unsupported")
    for where, part in subschemas(narrow, f"{path}.{openapi}"):
        for keyword in _NOT_OPENAPI:
            if keyword in part:
                yield Finding("schema-openapi", f"{where}.{keyword}", "not in the OpenAPI subset")
        if isinstance(part.get("type"), list):
            yield Finding("schema-openapi", f"{where}.type", "nullable replaces lists of types")


def _tool_config(body: Mapping[str, Json]) -> Findings:
    calling = pick(as_object(pick(body, "toolConfig")), "functionCallingConfig")
    if calling is None:
        return
    mode = as_object(calling).get("mode")
    if mode not in (None, *_MODES):
        yield Finding("tool-config", "$.toolConfig.functionCallingConfig.mode", f"mode {mode!r} is not known")
    names = pick(as_object(calling), "allowedFunctionNames")
    if names is None:
        return
    path = "$.toolConfig.functionCallingConfig.allowedFunctionNames"
    if text_list(names):
        yield Finding("tool-config", path, "a list of function names")
    if mode not in _NAMING_MODES:
        yield Finding("allowed-names-mode", path, "only with mode ANY or VALIDATED")


def _safety(body: Mapping[str, Json]) -> Findings:
    settings = pick(body, "safetySettings")
    if settings is not None and not isinstance(settings, list):
        yield Finding("safety-settings", "$.safetySettings", "a list of settings")
    for path, setting in objects(settings, "$.safetySettings"):
        if text(setting.get("category")) or text(setting.get("threshold")):
            yield Finding("safety-settings", path, "a setting has a category and a threshold")


def _generation(body: Mapping[str, Json]) -> Findings:
    config = as_object(pick(body, "generationConfig"))
    present = {name: pick(config, name) for name in _GENERATION if pick(config, name) is not None}
    yield from check_fields(present, _GENERATION, "field-value", "$.generationConfig")
    yield from _schema_pair(config, "responseSchema", "responseJsonSchema", "$.generationConfig")
    shaped = pick(config, "responseSchema") is not None or pick(config, "responseJsonSchema") is not None
    if shaped and pick(config, "responseMimeType") != "application/json":
        yield Finding("schema-needs-json", "$.generationConfig", "a schema needs application/json")
    thinking = as_object(pick(config, "thinkingConfig"))
    given = {name: pick(thinking, name) for name in _THINKING if pick(thinking, name) is not None}
    yield from check_fields(given, _THINKING, "field-value", "$.generationConfig.thinkingConfig")
    if {"thinkingBudget", "thinkingLevel"} <= set(given):
        yield Finding("thinking-exclusive", "$.generationConfig.thinkingConfig", "budget or level, not both")
