"""Validator of native /api/chat request bodies.

The server accepts unknown keys and does not check the order of messages, so only what it really
decodes, and the links between calls and their results, are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .common import (
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
    is_base64,
    number,
    objects,
    settle,
    text,
    text_list,
)
from .schemas import subschemas, tool_findings

_REQUEST = "docs/protocols/ollama.md#chat-request"
_ROUND_TRIP = "docs/protocols/ollama.md#round-trip-rules"

RULES: Mapping[str, str] = {
    "model-required": _REQUEST,
    "messages-list": _REQUEST,
    "field-value": _REQUEST,
    "unsupported-field": _REQUEST,
    "think-value": _REQUEST,
    "format-value": _REQUEST,
    "keep-alive": _REQUEST,
    "option-value": _REQUEST,
    "tool-shape": _REQUEST,
    "tool-schema": "docs/protocols/structured-output.md#schemas-of-tools",
    "role-legal": _REQUEST,
    "content-string": _REQUEST,
    "thinking-string": _REQUEST,
    "images-base64": _REQUEST,
    "media-fields": _REQUEST,
    "tool-call-shape": _REQUEST,
    "tool-call-arguments-object": _REQUEST,
    "tool-images": _ROUND_TRIP,
    "tool-result-name": _ROUND_TRIP,
    "tool-result-id": _ROUND_TRIP,
    "tool-result-after-call": _ROUND_TRIP,
    "foreign-reasoning": "docs/protocols/README.md#facts-that-shaped-the-design",
}

_FIELDS: Mapping[str, Check] = {
    "stream": boolean,
    "truncate": boolean,
    "shift": boolean,
    "logprobs": boolean,
    "top_logprobs": integer(0),
}
_ANY = number(float("-inf"), float("inf"))
_OPTIONS: Mapping[str, Check] = {
    **dict.fromkeys(
        (
            "num_keep",
            "seed",
            "num_predict",
            "top_k",
            "repeat_last_n",
            "num_ctx",
            "num_batch",
            "num_gpu",
            "main_gpu",
            "num_thread",
            "draft_num_predict",
        ),
        integer(),
    ),
    **dict.fromkeys(
        (
            "top_p",
            "min_p",
            "typical_p",
            "temperature",
            "repeat_penalty",
            "presence_penalty",
            "frequency_penalty",
        ),
        _ANY,
    ),
    "use_mmap": boolean,
    "stop": text_list,
}
_DURATION = re.compile(r"-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+|-?\d+")
_MEDIA_FIELDS = ("audio", "audios", "video", "videos", "files")
_FOREIGN = ("reasoning_content", "reasoning", "reasoning_details")


def rules(_: str) -> dict[str, str]:
    """The rules of this wire format."""
    return dict(RULES)


def validate(_: str, body: Json, model: str | None = None) -> list[Violation]:
    """All broken rules of a body. No rule of this format depends on the model."""
    return settle(_findings(as_object(body)), RULES)


def _findings(body: Mapping[str, Json]) -> Findings:
    if text(body.get("model")):
        yield Finding("model-required", "$.model", "model is a non-empty string")
    yield from check_fields(body, _FIELDS, "field-value", "$")
    if "tool_choice" in body:
        yield Finding("unsupported-field", "$.tool_choice", "this API has no tool choice")
    yield from _switches(body)
    yield from check_fields(as_object(body.get("options")), _OPTIONS, "option-value", "$.options")
    if not isinstance(body.get("options", {}), dict):
        yield Finding("option-value", "$.options", "options is an object")
    yield from _tools(body)
    if not isinstance(body.get("messages", []), list):
        yield Finding("messages-list", "$.messages", "messages is a list")
    for index, message in enumerate(as_list(body.get("messages"))):
        yield from _message(as_object(message), f"$.messages[{index}]")
    yield from _results(body)


def _switches(body: Mapping[str, Json]) -> Findings:
    think = body.get("think", True)
    if not isinstance(think, bool) and think not in ("low", "medium", "high", "max"):
        yield Finding("think-value", "$.think", "a boolean or a level")
    wanted = body.get("format", "")
    wrapped = isinstance(wanted, dict) and ("json_schema" in wanted or wanted.get("type") == "json_schema")
    if wrapped or not (isinstance(wanted, dict) or wanted in ("", "json")):
        yield Finding("format-value", "$.format", "json, or a schema object that is not wrapped")
    alive = body.get("keep_alive")
    lasting = isinstance(alive, str) and _DURATION.fullmatch(alive)
    if alive is not None and not lasting and _ANY(alive):
        yield Finding("keep-alive", "$.keep_alive", "seconds or a duration such as 5m")


def _tools(body: Mapping[str, Json]) -> Findings:
    for index, tool in enumerate(as_list(body.get("tools"))):
        path = f"$.tools[{index}]"
        function = as_object(as_object(tool).get("function"))
        if as_object(tool).get("type") != "function" or text(function.get("name")):
            yield Finding("tool-shape", path, "a tool is of type function and has a name")
        if not isinstance(function.get("parameters", {}), dict):
            yield Finding("tool-shape", f"{path}.function.parameters", "parameters is a schema object")
        elif "parameters" in function:
            yield from _schema(function["parameters"], f"{path}.function.parameters")


def _schema(parameters: Json, path: str) -> Findings:
    yield from tool_findings(parameters, path)
    for where, part in subschemas(parameters, path):
        for name, below in as_object(part.get("properties")).items():
            if isinstance(below, bool):
                yield Finding("tool-schema", f"{where}.properties.{name}", "a property has a schema that is an object")


def _message(message: Mapping[str, Json], path: str) -> Findings:
    if message.get("role") not in ("system", "user", "assistant", "tool"):
        yield Finding("role-legal", f"{path}.role", f"role {message.get('role')!r} is not known")
    if any_text(message.get("content", "")):
        yield Finding("content-string", f"{path}.content", "content is a string, media stand beside it")
    yield from check_fields(message, {"thinking": any_text}, "thinking-string", path)
    for key in _FOREIGN:
        if key in message:
            yield Finding("foreign-reasoning", f"{path}.{key}", "reasoning goes back as thinking")
    for key in _MEDIA_FIELDS:
        if key in message:
            yield Finding("media-fields", f"{path}.{key}", "there are no media besides images")
    images = message.get("images")
    if images is not None and not (isinstance(images, list) and all(map(is_base64, images))):
        yield Finding("images-base64", f"{path}.images", "a list of bare base64, no URLs and no prefix")
    if images and message.get("role") == "tool":
        yield Finding("tool-images", f"{path}.images", "images of a result go into a following user message")
    for where, call in objects(message.get("tool_calls"), f"{path}.tool_calls"):
        yield from _call(call, where)


def _call(call: Mapping[str, Json], path: str) -> Findings:
    function = as_object(call.get("function"))
    if text(function.get("name")):
        yield Finding("tool-call-shape", f"{path}.function.name", "a call names its function")
    if not isinstance(function.get("arguments"), dict):
        reason = "arguments is an object, a string is refused"
        yield Finding("tool-call-arguments-object", f"{path}.function.arguments", reason)


def _results(body: Mapping[str, Json]) -> Findings:
    """A result belongs to a call of an earlier message: by name always, by id where calls have ids."""
    names: dict[str, str] = {}
    called: set[str] = set()
    for path, message in objects(body.get("messages"), "$.messages"):
        for _, call in objects(message.get("tool_calls"), path):
            name = str(as_object(call.get("function")).get("name"))
            called.add(name)
            if isinstance(call.get("id"), str):
                names[call["id"]] = name
        if message.get("role") == "tool":
            yield from _result(message, path, names, called)


def _result(message: Mapping[str, Json], path: str, names: Mapping[str, str], called: set[str]) -> Findings:
    tool = message.get("tool_name")
    linked = None if message.get("tool_call_id") is None else str(message["tool_call_id"])
    if text(tool):
        yield Finding("tool-result-name", f"{path}.tool_name", "older servers need the name of the tool")
    if names and linked is None:
        yield Finding("tool-result-id", f"{path}.tool_call_id", "the call had an id, so its result names it")
    elif linked is not None and linked not in names:
        yield Finding("tool-result-after-call", f"{path}.tool_call_id", f"no call {linked!r} before it")
    elif tool is not None and (str(tool) not in called or names.get(str(linked), tool) != tool):
        yield Finding("tool-result-after-call", f"{path}.tool_name", f"no such call of {tool!r} before it")
