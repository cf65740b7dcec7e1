"""A call to a Responses request.

Nothing is stored at the provider: every request holds the whole conversation, and asks for the encrypted reasoning that
the next one needs.

Facts: docs/protocols/openai-responses.md#request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ....domain.card.capabilities import ToolChoiceFacts
from ....domain.chat.names import legal_name
from ....domain.chat.tools import PlannedChoice, ToolSchema, plan_choice, tool_name
from ....domain.errors import ModelError, UnsupportedFeatureError
from ....domain.message.responses import ModelWarning
from ....domain.structured.tool_parameters import function_parameters
from ....ports.codec.chat import ChatRequest, WireCall
from ....ports.http import HttpRequest
from ...wire.answer_body import decode_answer
from ...wire.decoder import Json
from ...wire.errors import read_error
from ...wire.framing import SSEFramer
from ...wire.kept_tools import names_on_the_wire, written_tools
from ...wire.request_body import dump_body
from ...wire.token_count import counting
from .profile import OpenAIResponsesProfile
from .stream import OpenAIResponsesDecoder, response_error

__all__ = ["OpenAIResponsesCodec", "will_think"]

_NESTED = ("reasoning", "text")
"""Objects of the body of which a caller may override single fields."""

_COUNTED = ("model", "input", "tools", "tool_choice", "reasoning", "text", "parallel_tool_calls")
"""The body fields that token counting accepts."""

_SAMPLING = ("temperature", "top_p")
_LOGPROBS = "message.output_text.logprobs"
"""What asks for the probabilities whose number is `top_logprobs`."""


class OpenAIResponsesCodec:
    """The codec of one provider of the dialect."""

    writes_by_parts = True

    def __init__(self, profile: OpenAIResponsesProfile) -> None:
        self._profile = profile
        self.native_output = profile.native_output
        self.counts_tokens = profile.counts_tokens

    def encode(self, request: ChatRequest) -> WireCall:
        """The POST to `{base}/responses`."""
        body, warnings = self._body(request)
        names = names_on_the_wire(request.tools, legal_name)

        def new_decoder() -> OpenAIResponsesDecoder:
            return OpenAIResponsesDecoder(self._profile, names)

        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        return WireCall(
            HttpRequest("POST", request.endpoint.url("/responses"), headers, dump_body(body)),
            new_framer=SSEFramer,
            new_decoder=new_decoder,
            decode_body=lambda data: decode_answer(new_decoder(), data),
            warnings=warnings,
        )

    def encode_count(self, request: ChatRequest) -> WireCall:
        """The POST to `{base}/responses/input_tokens`."""
        url = request.endpoint.url("/responses/input_tokens")
        return counting(self.encode(replace(request, stream=False)), url, _COUNTED, "input_tokens")

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return response_error(self._profile, read_error(body), status)

    def _body(self, request: ChatRequest) -> tuple[Json, list[ModelWarning]]:
        body: Json = {"model": request.model, "input": request.rendered.body_messages, "store": False}
        if self._profile.encrypted_reasoning(request):
            body["include"] = ["reasoning.encrypted_content"]
        warnings = self._add_limits(request, body)
        reasoning, more = self._profile.reasoning(request)
        if reasoning:
            body["reasoning"] = reasoning
        warnings += more + self._add_tools(request, body)
        if request.stream:
            body["stream"] = True
        form = _text_format(request)
        if form:
            body["text"] = {"format": form}
        overrides = dict(request.overrides)
        for name in _NESTED:
            if isinstance(overrides.get(name), dict):
                overrides[name] = {**body.get(name, {}), **overrides[name]}
        body.update(overrides)
        if "top_logprobs" in overrides and "include" not in overrides:
            body["include"] = [*body.get("include", ()), _LOGPROBS]
        return body, warnings

    def _add_limits(self, request: ChatRequest, body: Json) -> list[ModelWarning]:
        values, warnings = request.parameters, []
        limit = values.get("max_tokens")
        if limit is not None:
            body["max_output_tokens"] = max(limit, self._profile.minimum_tokens)
            if limit < self._profile.minimum_tokens:
                message = f"{limit} is less than the API takes; {self._profile.minimum_tokens} was sent"
                warnings.append(ModelWarning("changed", "max_tokens", message))
        fixed = request.card is not None and not request.card.sampling.with_thinking and will_think(request)
        for name in _SAMPLING:
            if name in values and fixed:
                message = f"{request.model} does not accept {name} while it thinks; it was not sent"
                warnings.append(ModelWarning("dropped", name, message))
            elif name in values:
                body[name] = values[name]
        return warnings

    def _add_tools(self, request: ChatRequest, body: Json) -> list[ModelWarning]:
        if request.card is not None and not request.card.tools and request.tools:
            return _without_tools(request)
        facts = request.card.tool_choice if request.card else ToolChoiceFacts()
        plan = plan_choice(request.tools, request.tool_choice, facts, thinking=will_think(request))
        if not plan.tools:
            return plan.warnings
        listed = self._profile.allowed_tools and len(plan.tools) < len(request.tools)
        warnings = list(plan.warnings)
        profile = self._profile
        key = (type(self), profile.tool_rules, profile.strict_subset, profile.strict_tools)
        body["tools"] = written_tools(request.tools if listed else plan.tools, key, self._tool, warnings)
        if plan.mode is not None:
            body["tool_choice"] = _choice(plan, listed=listed)
        if request.parameters.get("parallel_tool_calls") is False:
            body["parallel_tool_calls"] = False
        return warnings

    def _tool(self, tool: ToolSchema, warnings: list[ModelWarning]) -> Json:
        """A flat tool. `strict` is always sent: without it the server makes all fields required."""
        function = tool["function"]
        flat: Json = {"type": "function", "name": legal_name(tool_name(tool))}
        if function.get("description"):
            flat["description"] = function["description"]
        flat["parameters"], strict = function_parameters(
            tool, self._profile.tool_rules, warnings, strict_subset=self._profile.strict_subset
        )
        strict = self._profile.strict_tools if strict is None else strict
        return flat if strict is None else {**flat, "strict": strict}


def will_think(request: ChatRequest) -> bool:
    """Whether the model is known to think in this call; models that may or may not decide by their effort."""
    card = request.card
    if card is None or not card.known or card.thinking is None:
        return False
    effort = request.parameters.get("reasoning_effort") or card.thinking.default_effort
    return effort != "none" and (effort is not None or not card.thinking.can_disable)


def _choice(plan: PlannedChoice, *, listed: bool) -> Any:  # Any: a word or an object of the wire
    """The choice; with an allow-list all tools are still sent, which keeps the provider's prompt cache."""
    if plan.mode == "none" or (plan.mode in ("auto", "required") and not listed):
        return plan.mode
    if plan.mode not in ("auto", "required"):
        return {"type": "function", "name": legal_name(str(plan.mode))}
    allowed = [{"type": "function", "name": legal_name(tool_name(tool))} for tool in plan.tools]
    return {"type": "allowed_tools", "mode": plan.mode, "tools": allowed}


def _text_format(request: ChatRequest) -> Json:
    """The form of the answer; flat, unlike in Chat Completions."""
    wanted = request.output_schema
    if wanted is not None:
        return {"type": "json_schema", "name": wanted.name, "schema": wanted.schema, "strict": wanted.strict}
    return {"type": "json_object"} if request.json_mode else {}


def _without_tools(request: ChatRequest) -> list[ModelWarning]:
    if request.tool_choice is not None and request.tool_choice.forces_call:
        raise UnsupportedFeatureError(f"{request.model} does not accept tools, so it cannot be forced to call one")
    return [ModelWarning("dropped", "tools", f"{request.model} does not accept tools; they were not sent")]
