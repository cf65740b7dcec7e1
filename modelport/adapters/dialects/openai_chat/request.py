"""A call to a Chat Completions request. Facts: wire/openai-chat, "Request body"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....application.codec import ChatRequest, WireCall
from ....domain.card_facts import ToolChoiceFacts
from ....domain.errors import ModelError
from ....domain.responses import ModelWarning
from ....domain.tool_choice import PlannedChoice, ToolSchema, plan_choice, tool_name
from ....domain.wire_names import legal_name
from ....ports.transport import HttpRequest
from ...wire.decoder import Json, decode_json_body
from ...wire.errors import error_of_answer, read_error
from ...wire.framing import SSEFramer
from ...wire.json_text import dump_json
from .row import OpenAIChatRow
from .stream import OpenAIChatDecoder

__all__ = ["OpenAIChatCodec"]


class OpenAIChatCodec:
    """The codec of one provider of the dialect."""

    def __init__(self, row: OpenAIChatRow) -> None:
        self._row = row

    def encode(self, request: ChatRequest) -> WireCall:
        """The POST to `{base}/chat/completions`."""
        body, warnings = self._body(request)
        names = {legal_name(tool_name(tool)): tool_name(tool) for tool in request.tools}
        audio_format = self._audio_format(body)

        def new_decoder() -> OpenAIChatDecoder:
            return OpenAIChatDecoder(self._row, names, audio_format)

        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        return WireCall(
            HttpRequest("POST", request.endpoint.base_url + "/chat/completions", headers, dump_json(body)),
            new_framer=SSEFramer,
            new_decoder=new_decoder,
            decode_body=lambda data: new_decoder().body(decode_json_body(data)),
            warnings=warnings,
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return error_of_answer(status, read_error(body), self._row.codes)

    def _body(self, request: ChatRequest) -> tuple[Json, list[ModelWarning]]:
        body: Json = {"model": request.model, "messages": request.rendered.messages}
        values = request.parameters
        body.update({wire: values[ours] for ours, wire in self._row.fields.items() if ours in values})
        thinking, warnings = self._row.thinking(request)
        body.update(thinking)
        if values.get("voice"):
            body["modalities"] = ["text", "audio"]
            body["audio"] = {
                "voice": values["voice"],
                "format": self._row.audio_stream_format if request.stream else "wav",
            }
        warnings += self._add_tools(request, body)
        if request.stream:
            body["stream"] = True
            if self._row.stream_usage:
                body["stream_options"] = {"include_usage": True}
        body.update(request.overrides)
        return body, warnings

    def _add_tools(self, request: ChatRequest, body: Json) -> list[ModelWarning]:
        facts = request.card.tool_choice if request.card else ToolChoiceFacts()
        plan = plan_choice(request.tools, request.tool_choice, facts, thinking=self._row.thinks(request))
        if not plan.tools:
            return plan.warnings
        body["tools"] = [_legal_tool(tool) for tool in plan.tools]
        if plan.mode is not None:
            body["tool_choice"] = _choice(plan)
        if request.parameters.get("parallel_tool_calls") is False:
            body["parallel_tool_calls"] = False
        return plan.warnings

    def _audio_format(self, body: Json) -> str:
        audio = body.get("audio")
        return str(audio.get("format")) if isinstance(audio, dict) else self._row.audio_stream_format


def _legal_tool(tool: ToolSchema) -> ToolSchema:
    name = tool_name(tool)
    legal = legal_name(name)
    return tool if legal == name else {**tool, "function": {**tool["function"], "name": legal}}


def _choice(plan: PlannedChoice) -> Any:  # Any: a word or an object of the wire
    if plan.mode in ("auto", "none", "required"):
        return plan.mode
    return {"type": "function", "function": {"name": legal_name(str(plan.mode))}}
