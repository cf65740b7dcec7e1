"""Requests of Ollama's native chat, and its errors.

Facts: docs/protocols/ollama.md#chat-request, docs/protocols/ollama.md#errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...domain.card.capabilities import ToolChoiceFacts
from ...domain.chat.tools import ToolSchema, plan_choice
from ...domain.errors import ContextLengthError, InvalidRequestError, ModelError
from ...domain.message.responses import ModelWarning
from ...domain.structured.native_output import NativeOutput
from ...domain.structured.schema_rules import GENERIC, OLLAMA_TOOL
from ...domain.structured.tool_parameters import legal_parameters
from ...ports.codec.chat import ChatRequest, WireCall
from ...ports.http import HttpRequest
from ..wire.answer_body import decode_answer
from ..wire.decoder import Json
from ..wire.errors import error_of_answer, read_error
from ..wire.framing import NDJSONFramer
from ..wire.kept_tools import written_tools
from ..wire.request_body import dump_body
from .stream import OllamaDecoder

__all__ = ["OllamaCodec", "map_error"]


def map_error(status: int, body: bytes) -> ModelError:
    """The error of an unsuccessful answer; Ollama has no error codes, only messages."""
    error = error_of_answer(status, read_error(body))
    if isinstance(error, InvalidRequestError) and "context length" in error.message:
        return ContextLengthError(error.message, status_code=status, body=error.body)
    return error


_OPTIONS = {"max_tokens": "num_predict", "temperature": "temperature", "top_p": "top_p", "top_k": "top_k"}
_NO_CHOICE = ToolChoiceFacts(required=False, named=False)
"""The API has no tool choice; an allow-list is applied by sending fewer tools."""


class OllamaCodec:
    """Ollama's native chat."""

    writes_by_parts = True
    native_output = NativeOutput(schema=GENERIC, json_mode=True, forced_tool=False)

    def encode(self, request: ChatRequest) -> WireCall:
        """The POST to `{host}/api/chat`."""
        body, warnings = _body(request)
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        return WireCall(
            HttpRequest("POST", request.endpoint.url("/api/chat"), headers, dump_body(body)),
            new_framer=NDJSONFramer,
            new_decoder=OllamaDecoder,
            decode_body=lambda data: decode_answer(OllamaDecoder(), data),
            warnings=warnings,
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return map_error(status, body)


def _body(request: ChatRequest) -> tuple[Json, list[ModelWarning]]:
    values = request.parameters
    options: Json = {wire: values[ours] for ours, wire in _OPTIONS.items() if ours in values}
    options["num_ctx"] = values.get("num_ctx", request.context_size)  # the server's default cuts prompts silently
    body: Json = {"model": request.model, "messages": request.rendered.body_messages, "stream": request.stream}
    think = _think(request)
    if think is not None:
        body["think"] = think
    if "keep_alive" in values:
        body["keep_alive"] = values["keep_alive"]
    plan = plan_choice(request.tools, request.tool_choice, _NO_CHOICE)
    warnings = list(plan.warnings)
    if plan.tools and plan.mode != "none":
        body["tools"] = written_tools(plan.tools, "ollama", _tool, warnings)
    if request.output_schema is not None:
        body["format"] = request.output_schema.schema
    elif request.json_mode:
        body["format"] = "json"
    overrides = dict(request.overrides)
    body["options"] = {**options, **(overrides.pop("options", None) or {})}
    body.update(overrides)
    return body, warnings


def _tool(tool: ToolSchema, warnings: list[ModelWarning]) -> ToolSchema:
    parameters = legal_parameters(tool, OLLAMA_TOOL)
    warnings += parameters.warnings
    given = {key: value for key, value in tool["function"].items() if value is not None}
    return {"type": "function", **tool, "function": {**given, "parameters": parameters.schema}}


def _think(request: ChatRequest) -> bool | str | None:
    """Left out unless the caller sets it: models without thinking reject the field."""
    values = request.parameters
    if values.get("reasoning_effort"):
        return str(values["reasoning_effort"])
    if values.get("thinking_enable") or "thinking_enable" in request.chosen & values.keys():
        return bool(values["thinking_enable"])
    return None
