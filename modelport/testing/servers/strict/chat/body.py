"""Validator of Chat Completions request bodies, parameterised by the server that reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..common import (
    Finding,
    Findings,
    Json,
    Violation,
    as_list,
    as_object,
    boolean,
    check_fields,
    matching,
    model_of,
    objects,
    settle,
    text,
)
from ..schemas import strict_findings, tool_findings
from .dialects import DIALECTS, Dialect
from .messages import check_messages
from .models import check_models

_FORMAT_NAME = matching(r"[A-Za-z0-9_-]{1,64}")
_AUDIO_FORMATS = ("wav", "aac", "mp3", "flac", "opus", "pcm16")
_MOST_TOOLS = 128
_MOST_BREAKPOINTS = 4


def rules(name: str) -> dict[str, str]:
    """The rules of one row."""
    return DIALECTS[name].rules


def validate(name: str, body: Json, model: str | None = None) -> list[Violation]:
    """All broken rules of a body that is meant for the named server."""
    dialect = DIALECTS[name]
    active = dialect.rules
    found = _findings(as_object(body), dialect, model_of(body, model))
    return settle((each for each in found if each.rule not in dialect.dropped), active)


def _findings(body: Mapping[str, Json], dialect: Dialect, model: str) -> Findings:
    if text(body.get("model")):
        yield Finding("model-required", "$.model", "model is a non-empty string")
    yield from check_fields(body, dialect.field_table, "field-value", "$")
    for name in sorted(dialect.unsupported & set(body)):
        yield Finding("unsupported-field", f"$.{name}", "this server has no such field")
    yield from _stream(body)
    yield from _tools(body, dialect)
    yield from _tool_choice(body, dialect)
    yield from _response_format(body, dialect)
    yield from _audio_output(body, dialect)
    yield from _cache_breakpoints(body, dialect)
    yield from check_messages(body, dialect)
    yield from check_models(body, dialect, model)


def _stream(body: Mapping[str, Json]) -> Findings:
    if "stream_options" not in body:
        return
    if body.get("stream") is not True:
        yield Finding("stream-options-without-stream", "$.stream_options", "only together with stream true")
    table = {"include_usage": boolean, "include_obfuscation": boolean}
    yield from check_fields(as_object(body["stream_options"]), table, "field-value", "$.stream_options")


def _tools(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    tools = body.get("tools")
    if "tools" not in body:
        return
    if not isinstance(tools, list):
        yield Finding("tool-shape", "$.tools", "tools is a list")
        return
    if not tools:
        yield Finding("tools-empty", "$.tools", "an empty list is refused, leave the field out")
    if dialect.name == "deepseek" and len(tools) > _MOST_TOOLS:
        yield Finding("tools-limit", "$.tools", f"at most {_MOST_TOOLS} tools")
    for index, tool in enumerate(tools):
        yield from _tool(as_object(tool), f"$.tools[{index}]", dialect)


def _tool(tool: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    kind = tool.get("type")
    custom = kind == "custom" and dialect.name == "openai_chat"
    if kind != "function" and not custom:
        yield Finding("tool-shape", f"{path}.type", f"tool type {kind!r} is not known")
        return
    inner = as_object(tool.get(str(kind)))
    if text(inner.get("name")):
        yield Finding("tool-shape", f"{path}.{kind}.name", "a tool has a name")
    table = {"description": lambda value: None if isinstance(value, str) else "a string", "strict": boolean}
    yield from check_fields(inner, table, "tool-shape", f"{path}.{kind}")
    schema = inner.get("parameters", {})
    if not isinstance(schema, dict):
        yield Finding("tool-shape", f"{path}.{kind}.parameters", "parameters is a schema object")
        return
    if "parameters" in inner:
        yield from tool_findings(schema, f"{path}.{kind}.parameters", items=dialect.name == "openai_chat")
    if dialect.name == "openai_chat" and inner.get("strict") is True:
        yield from strict_findings(schema, f"{path}.function.parameters")


def _tool_choice(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    choice = body.get("tool_choice")
    # Kimi takes a harmless "auto" without tools; everything else needs them.
    harmless = dialect.name == "moonshot" and choice == "auto"
    if choice is not None and not body.get("tools") and not harmless:
        yield Finding("tool-choice-without-tools", "$.tool_choice", "only together with tools")
    if "parallel_tool_calls" in body and not body.get("tools") and "parallel-without-tools" in dialect.rules:
        yield Finding("parallel-without-tools", "$.parallel_tool_calls", "only together with tools")
    null_accepted = dialect.name == "deepseek"
    if "tool_choice" in body and not (choice is None and null_accepted) and not _choice_legal(choice, dialect):
        yield Finding("tool-choice-shape", "$.tool_choice", "not a legal tool choice")


def _choice_legal(choice: Json, dialect: Dialect) -> bool:
    if isinstance(choice, str):
        return choice in ("none", "auto", "required")
    kind = as_object(choice).get("type")
    if kind == "function":
        return text(as_object(choice.get("function")).get("name")) is None
    if kind == "tool":
        return dialect.name == "xai_chat" and text(choice.get("name")) is None
    if dialect.name != "openai_chat":
        return False
    if kind == "custom":
        return text(as_object(choice.get("custom")).get("name")) is None
    allowed = as_object(as_object(choice).get("allowed_tools"))
    return kind == "allowed_tools" and allowed.get("mode") in ("auto", "required") and bool(allowed.get("tools"))


def _response_format(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    if "response_format" not in body:
        return
    wanted = as_object(body["response_format"])
    kind = wanted.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        yield Finding("response-format", "$.response_format.type", f"type {kind!r} is not known")
    if kind == "json_object" and "json" not in " ".join(_prompt_texts(body)).lower():
        yield Finding("json-word", "$.messages", "json_object needs the word JSON in the prompt")
    if kind == "json_schema" and dialect.name == "deepseek":
        yield Finding("json-schema-unsupported", "$.response_format", "this server knows only json_object")
    elif kind == "json_schema":
        yield from _json_schema(as_object(wanted.get("json_schema")), dialect)


def _json_schema(wanted: Mapping[str, Json], dialect: Dialect) -> Findings:
    path = "$.response_format.json_schema"
    expected = _FORMAT_NAME(wanted.get("name"))
    if expected:
        yield Finding("response-format", f"{path}.name", expected)
    schema = wanted.get("schema", {})
    if not isinstance(schema, dict):
        yield Finding("response-format", f"{path}.schema", "a schema is an object")
    elif wanted.get("strict") is True and dialect.name == "openai_chat":
        yield from strict_findings(schema, f"{path}.schema")
    if dialect.name == "moonshot" and "$schema" in as_object(schema):
        yield Finding("schema-dollar-key", f"{path}.schema.$schema", "drop the $schema key")


def _prompt_texts(body: Mapping[str, Json]) -> Iterator[str]:
    """Every text the model reads from the messages."""
    for _, message in objects(body.get("messages"), ""):
        content = message.get("content")
        if isinstance(content, str):
            yield content
        for _, part in objects(content, ""):
            yield str(part.get("text", ""))


def _audio_output(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    if "audio" not in as_list(body.get("modalities")):
        return
    audio = as_object(body.get("audio"))
    streaming = body.get("stream") is True
    if dialect.name == "dashscope" and not streaming:
        yield Finding("audio-output", "$.stream", "spoken answers exist only as streams")
    if dialect.name == "openai_chat":
        if audio.get("format") not in _AUDIO_FORMATS or text(audio.get("voice")):
            yield Finding("audio-output", "$.audio", "a spoken answer needs a format and a voice")
        elif streaming and audio["format"] != "pcm16":
            yield Finding("audio-output", "$.audio.format", "a spoken stream is pcm16")


def _cache_breakpoints(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    if dialect.name != "openai_chat":
        return
    marked = [
        path
        for _, message in objects(body.get("messages"), "")
        for path, part in objects(message.get("content"), "")
        if "prompt_cache_breakpoint" in part
    ]
    if len(marked) > _MOST_BREAKPOINTS:
        yield Finding("cache-breakpoint-limit", "$.messages", f"at most {_MOST_BREAKPOINTS} breakpoints")
