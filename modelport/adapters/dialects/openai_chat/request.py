"""A call to a Chat Completions request. Facts: docs/protocols/openai-chat.md#request-body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ....domain.card.capabilities import ToolChoiceFacts
from ....domain.chat.names import legal_name
from ....domain.chat.tools import PlannedChoice, ToolSchema, plan_choice, tool_name
from ....domain.errors import ModelError, UnsupportedFeatureError
from ....domain.message.responses import ModelWarning
from ....domain.structured.tool_parameters import function_parameters
from ....ports.codec.chat import ChatRequest, WireCall
from ....ports.http import HttpRequest
from ...wire.answer_body import decode_answer
from ...wire.calls.forced_call import prepared_for_forced_call
from ...wire.decoder import Json
from ...wire.errors import error_of_answer, read_error
from ...wire.framing import SSEFramer
from ...wire.kept_tools import names_on_the_wire, written_tools
from ...wire.request_body import dump_body
from .profile import OpenAIChatProfile
from .stream import OpenAIChatDecoder

__all__ = ["OpenAIChatCodec"]

_SAMPLING = ("temperature", "top_p", "top_k")
_ASKS_TO_THINK = ("reasoning_effort",)


class OpenAIChatCodec:
    """The codec of one provider of the dialect."""

    writes_by_parts = True

    def __init__(self, profile: OpenAIChatProfile) -> None:
        self._profile = profile
        self.native_output = profile.native_output

    def encode(self, request: ChatRequest) -> WireCall:
        """The POST to `{base}/chat/completions`."""
        body, warnings = self._body(request)
        names = names_on_the_wire(request.tools, legal_name)
        audio_format = self._audio_format(body)

        def new_decoder() -> OpenAIChatDecoder:
            return OpenAIChatDecoder(self._profile, names, audio_format)

        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        path = self._profile.path
        if "{" in path:
            path = path.replace("{model}", quote(request.model, safe=""))
        return WireCall(
            HttpRequest("POST", request.endpoint.url(path), headers, dump_body(body)),
            new_framer=SSEFramer,
            new_decoder=new_decoder,
            decode_body=lambda data: decode_answer(new_decoder(), data),
            warnings=warnings,
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        facts = read_error(body)
        if self._profile.refine_error:
            facts = self._profile.refine_error(facts)
        return error_of_answer(status, facts, self._profile.codes)

    def _body(self, request: ChatRequest) -> tuple[Json, list[ModelWarning]]:
        body: Json = {"model": request.model, "messages": request.rendered.body_messages, **self._profile.extra_body}
        switched: list[ModelWarning] = []
        if request.tools and request.tool_choice is not None:
            request = _within_limits(request, self._profile.tool_choice)
            request, switched = prepared_for_forced_call(
                request, lambda given: self._profile.thinking(given).thinks, implied_by=_ASKS_TO_THINK
            )
        thinking = self._profile.thinking(request)
        thinks = bool(thinking.thinks)
        values, warnings = _without_refused_sampling(request, thinks=thinks)
        if self._profile.temperature_range is not None:
            warnings += _keep_within(values, *self._profile.temperature_range)
        warnings += [*switched, *thinking.warnings]
        if values:
            for ours, wire in self._profile.fields.items():
                if ours in values:
                    body[wire] = values[ours]
        body.update(thinking.fields)
        streams = self._streams(request)
        if values.get("voice"):
            body["modalities"] = ["text", "audio"]
            audio_format = self._profile.audio_stream_format if streams else "wav"
            body["audio"] = {"voice": values["voice"], "format": audio_format}
        if request.tools:
            warnings += self._add_tools(request, body, thinks=thinks)
        if streams:
            body["stream"] = True
            if "tools" in body:
                body.update(self._profile.tool_stream_body)
            if self._profile.stream_usage:
                body["stream_options"] = {"include_usage": True}
        if request.output_schema is not None or request.json_mode:
            body["response_format"] = _response_format(request)
        body.update(request.overrides)
        return body, warnings

    def _streams(self, request: ChatRequest) -> bool:
        """Whether to request a stream, even if the caller wants a whole answer: the engine joins the stream."""
        stream_only = request.card is not None and request.card.stream_only
        speaks = self._profile.audio_needs_stream and bool(request.parameters.get("voice"))
        return request.stream or stream_only or speaks

    def _add_tools(self, request: ChatRequest, body: Json, *, thinks: bool) -> list[ModelWarning]:
        facts = request.card.tool_choice if request.card else None
        if not self._profile.tools:
            return [_no_tools(request, self._profile.provider)]
        plan = plan_choice(request.tools, request.tool_choice, facts, thinking=thinks)
        if not plan.tools or (plan.mode == "none" and not self._profile.choice_of_none):
            return plan.warnings
        warnings = list(plan.warnings)
        body["tools"] = written_tools(plan.tools, (type(self), self._profile.tool_rules), self._legal_tool, warnings)
        if plan.mode is not None:
            body["tool_choice"] = _choice(plan)
        if request.parameters.get("parallel_tool_calls") is False:
            body["parallel_tool_calls"] = False
        return warnings

    def _legal_tool(self, tool: ToolSchema, warnings: list[ModelWarning]) -> ToolSchema:
        given = {key: value for key, value in tool["function"].items() if value is not None}
        schema, strict = function_parameters(tool, self._profile.tool_rules, warnings)
        function = {**given, "name": legal_name(tool_name(tool)), "parameters": schema}
        if strict is not None:
            function["strict"] = strict
        return {"type": "function", **tool, "function": function}

    def _audio_format(self, body: Json) -> str:
        audio = body.get("audio")
        return str(audio.get("format")) if isinstance(audio, dict) else self._profile.audio_stream_format


def _without_refused_sampling(request: ChatRequest, *, thinks: bool) -> tuple[Json, list[ModelWarning]]:
    """The parameters without those that the model refuses, or ignores, by its card."""
    values, warnings = dict(request.parameters), []
    facts = request.card.sampling if request.card else None
    if facts is None or (facts.allowed and (facts.with_thinking or not thinks)):
        return values, []
    when = "while it thinks" if facts.allowed else "at all"
    for name in _SAMPLING:
        if values.pop(name, None) is not None:
            warnings.append(ModelWarning("dropped", name, f"{request.model} does not accept {name} {when}"))
    return values, warnings


def _keep_within(values: Json, lowest: float, highest: float) -> list[ModelWarning]:
    """Put the temperature among those that the server accepts."""
    given = values.get("temperature")
    if given is None or lowest <= given <= highest:
        return []
    values["temperature"] = min(max(given, lowest), highest)
    message = f"the provider accepts temperatures from {lowest} to {highest}; {values['temperature']} was sent"
    return [ModelWarning("changed", "temperature", message)]


def _within_limits(request: ChatRequest, limits: ToolChoiceFacts | None) -> ChatRequest:
    """The request with a card that allows no tool choice which the server refuses of every model."""
    card = request.card
    if limits is None or card is None:
        return request
    own = card.tool_choice
    both = ToolChoiceFacts(
        required=own.required and limits.required,
        named=own.named and limits.named,
        with_thinking=own.with_thinking and limits.with_thinking,
    )
    return replace(request, card=card.model_copy(update={"tool_choice": both}))


def _no_tools(request: ChatRequest, provider: str) -> ModelWarning:
    choice = request.tool_choice
    if choice is not None and choice.forces_call:
        raise UnsupportedFeatureError(f"{provider} calls no tools, so none can be forced", model=request.model)
    return ModelWarning("dropped", "tools", f"{provider} calls no tools; they were left out")


def _response_format(request: ChatRequest) -> Json:
    wanted = request.output_schema
    if wanted is not None:
        schema = {"name": wanted.name, "schema": wanted.schema, "strict": wanted.strict}
        return {"type": "json_schema", "json_schema": schema}
    return {"type": "json_object"} if request.json_mode else {}


def _choice(plan: PlannedChoice) -> Any:  # Any: a word or an object of the wire
    if plan.mode in ("auto", "none", "required"):
        return plan.mode
    return {"type": "function", "function": {"name": legal_name(str(plan.mode))}}
