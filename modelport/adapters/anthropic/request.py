"""A call to a Messages request.

Facts: docs/protocols/anthropic-messages.md#endpoint-and-versions, docs/protocols/anthropic-messages.md#request-body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...domain.card.capabilities import SamplingFacts, ToolChoiceFacts
from ...domain.chat.tools import PlannedChoice, ToolSchema, plan_choice, tool_name
from ...domain.errors import ModelError
from ...domain.message.responses import ModelWarning
from ...domain.structured.native_output import NativeOutput
from ...domain.structured.schema_rules import ANTHROPIC, ANTHROPIC_TOOL
from ...domain.structured.tool_parameters import legal_parameters
from ...ports.codec.chat import ChatRequest, WireCall
from ...ports.codec.rendering import KeptArray
from ...ports.http import HttpRequest
from ..wire.answer_body import decode_answer
from ..wire.calls.forced_call import prepared_for_forced_call
from ..wire.decoder import Json
from ..wire.framing import SSEFramer
from ..wire.kept_tools import names_on_the_wire, written_tools
from ..wire.request_body import dump_body
from ..wire.token_count import counting
from .chunks import arranged_chunks, bound_in_chunks
from .errors import map_error
from .formatter import AnthropicRendered
from .parts import legal_tool_name
from .stream import AnthropicDecoder
from .thinking import ThinkingPlan, plan_thinking
from .thinking_replay import without_unsigned
from .turns import Arranged, arrange, beginning, bound_thinking

__all__ = ["AnthropicCodec"]

_VERSION = "2026-10-21"
_SAMPLING_VERSION = "2023-06-01"
"""The last version that takes sampling parameters; the current one refuses them even at their defaults."""

_COUNTED = ("model", "messages", "system", "tools", "tool_choice", "thinking")
"""The body fields that token counting accepts."""

_SAMPLING = ("temperature", "top_p", "top_k")
_LEAST_TOP_P = 0.95
_DEFAULT_MAX_TOKENS = 8192
"""The API requires a limit; this is sent for models without a known one."""


class AnthropicCodec:
    """The Messages API."""

    writes_by_parts = True
    native_output = NativeOutput(schema=ANTHROPIC)
    counts_tokens = True

    def encode(self, request: ChatRequest) -> WireCall:
        """The POST to `{base}/v1/messages`."""
        body, warnings = _body(request)
        prefix = _bind(request, body, warnings)
        names = names_on_the_wire(request.tools, legal_tool_name)

        def new_decoder() -> AnthropicDecoder:
            return AnthropicDecoder(names, prefix)

        return WireCall(
            HttpRequest("POST", request.endpoint.url("/v1/messages"), _headers(request, body), dump_body(body)),
            new_framer=SSEFramer,
            new_decoder=new_decoder,
            decode_body=lambda data: decode_answer(new_decoder(), data),
            warnings=warnings,
        )

    def encode_count(self, request: ChatRequest) -> WireCall:
        """The POST to `{base}/v1/messages/count_tokens`."""
        url = request.endpoint.url("/v1/messages/count_tokens")
        return counting(self.encode(replace(request, stream=False)), url, _COUNTED, "input_tokens")

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return map_error(status, body)


def _headers(request: ChatRequest, body: Json) -> dict[str, str]:
    samples = any(body.get(name) is not None for name in _SAMPLING)
    extra = {name.lower(): value for name, value in request.extra_headers.items()}
    return {
        "content-type": "application/json",
        "anthropic-version": _SAMPLING_VERSION if samples else _VERSION,
        **request.endpoint.headers,
        **extra,
    }


def _body(request: ChatRequest) -> tuple[Json, list[ModelWarning]]:
    arranged = _arranged(request)
    max_tokens = _max_tokens(request)
    foreign_loop = arranged.loop_without_thinking
    request, switched = prepared_for_forced_call(
        request, lambda given: plan_thinking(given, max_tokens, foreign_loop=foreign_loop).thinks
    )
    plan = plan_thinking(request, max_tokens, foreign_loop=foreign_loop)
    warnings = [*arranged.warnings, *switched, *plan.warnings]
    body: Json = {"model": request.model, "max_tokens": max_tokens}
    if arranged.system:
        body["system"] = arranged.system
    body["messages"] = arranged.kept or arranged.messages
    warnings += _add_tools(request, body, plan)
    if plan.thinking:
        body["thinking"] = plan.thinking
    if plan.effort:
        body["output_config"] = {"effort": plan.effort}
    if request.output_schema is not None:
        form = {"type": "json_schema", "schema": request.output_schema.schema}
        body["output_config"] = {**body.get("output_config", {}), "format": form}
    warnings += _add_sampling(request, body, plan)
    if request.stream:
        body["stream"] = True
    _override(body, request.overrides)
    return body, warnings


def _arranged(request: ChatRequest) -> Arranged:
    """The conversation; in chunks where it is long and nothing has to be changed."""
    kept = request.rendered.in_chunks()
    arranged = arranged_chunks(kept) if kept is not None else None
    if arranged is None:
        messages, unsigned = without_unsigned(request.rendered.messages, request.endpoint.base_url)
        arranged = arrange(messages, prefill=request.card.prefill if request.card else True)
        arranged.warnings[:0] = unsigned
    return arranged


def _max_tokens(request: ChatRequest) -> int:
    """The caller's, else all that the model can write, else a default with room for the thinking budget."""
    given = request.overrides.get("max_tokens", request.parameters.get("max_tokens"))
    if isinstance(given, int):
        return given
    known = request.card.output_size if request.card else None
    return known or _DEFAULT_MAX_TOKENS + int(request.parameters.get("thinking_budget") or 0)


def _override(body: Json, overrides: Mapping[str, object]) -> None:
    """The caller's fields win; `output_config`, and `thinking` without a type, are merged with ours."""
    for name, value in overrides.items():
        ours = body.get(name)
        merges = name == "output_config" or (name == "thinking" and isinstance(value, dict) and "type" not in value)
        body[name] = {**ours, **value} if merges and isinstance(value, dict) and isinstance(ours, dict) else value


def _bind(request: ChatRequest, body: Json, warnings: list[ModelWarning]) -> str:
    """Drop thinking that an edit made illegal; the digest of what is sent, for models that bind thinking to it."""
    facts = request.card.thinking if request.card else None
    if facts is None or facts.replay != "unedited" or "messages" in request.overrides:
        return ""
    rendered = request.rendered
    prefixes = rendered.prefixes if isinstance(rendered, AnthropicRendered) else {}
    digest, messages = beginning(body), body["messages"]
    if isinstance(messages, KeptArray):
        after = bound_in_chunks(messages, digest, prefixes)
        if after is not None:
            return str(after.hexdigest())
        messages = messages.values()
    body["messages"], dropped = bound_thinking(messages, digest, prefixes)
    if dropped:
        text = f"{dropped} thinking block(s) were left out, since what stood before them has changed"
        warnings.append(ModelWarning("dropped", "thinking", text))
    return str(digest.hexdigest())


def _add_tools(request: ChatRequest, body: Json, thinking: ThinkingPlan) -> list[ModelWarning]:
    facts = request.card.tool_choice if request.card else ToolChoiceFacts()
    if thinking.manual:
        facts = facts.model_copy(update={"with_thinking": False})
    plan = plan_choice(request.tools, request.tool_choice, facts, thinking=thinking.thinks)
    warnings = list(plan.warnings)
    if not plan.tools:
        return warnings
    body["tools"] = written_tools(plan.tools, "anthropic", _tool, warnings)
    choice = _choice(plan)
    if request.parameters.get("parallel_tool_calls") is False and plan.mode != "none":
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice:
        body["tool_choice"] = choice
    return warnings


def _tool(tool: ToolSchema, warnings: list[ModelWarning]) -> Json:
    function = tool["function"]
    parameters = legal_parameters(tool, ANTHROPIC_TOOL)
    warnings += parameters.warnings
    wire: Json = {"name": legal_tool_name(tool_name(tool)), "input_schema": parameters.schema}
    if function.get("description"):
        wire["description"] = function["description"]
    if function.get("strict"):
        message = f"tool {tool_name(tool)!r} was sent without strict, which takes only a part of JSON Schema here"
        warnings.append(ModelWarning("dropped", "tools", message))
    return wire


def _choice(plan: PlannedChoice) -> Json | None:
    if plan.mode is None:
        return None
    if plan.mode in ("auto", "none"):
        return {"type": plan.mode}
    return {"type": "any"} if plan.mode == "required" else {"type": "tool", "name": legal_tool_name(plan.mode)}


def _add_sampling(request: ChatRequest, body: Json, thinking: ThinkingPlan) -> list[ModelWarning]:
    """Sampling parameters where the model, and its thinking, take them."""
    facts = request.card.sampling if request.card else SamplingFacts()
    values = {name: request.parameters[name] for name in _SAMPLING if name in request.parameters}
    refused: dict[str, str] = {}
    if not facts.allowed:
        refused = dict.fromkeys(values, "the model does not accept sampling parameters")
    elif thinking.thinks and (thinking.manual or not facts.with_thinking):
        legal = {"temperature": values.get("temperature") == 1, "top_p": values.get("top_p", 0) >= _LEAST_TOP_P}
        refused = dict.fromkeys((name for name in values if not legal.get(name)), "the model thinks in this call")
    left = values.keys() - refused.keys()
    if not facts.temperature_with_top_p and {"temperature", "top_p"} <= left:
        refused["top_p"] = "the model takes either this or temperature"
    body.update({name: value for name, value in values.items() if name not in refused})
    return [ModelWarning("dropped", name, f"{name} was not sent: {why}") for name, why in refused.items()]
