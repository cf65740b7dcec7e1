"""A call to a generateContent request, including how much the model is to think.

Gemini 2.5 takes a budget of thinking tokens, Gemini 3 and later a level; both together are an error. The model's card
decides which is sent.

Facts: docs/protocols/gemini.md#endpoint, docs/protocols/gemini.md#request, docs/protocols/gemini.md#thinking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...domain.chat.tools import PlannedChoice, ToolSchema, plan_choice, tool_name
from ...domain.errors import InvalidRequestError, ModelError
from ...domain.message.responses import ModelWarning
from ...domain.structured.native_output import NativeOutput
from ...domain.structured.schema_rules import GEMINI, GEMINI_TOOL
from ...domain.structured.tool_parameters import legal_parameters
from ...domain.unicode import well_formed
from ...domain.urls import join_url, with_path
from ...ports.codec.chat import ChatRequest, WireCall
from ...ports.http import HttpRequest
from ..wire.answer_body import decode_answer
from ..wire.decoder import Json
from ..wire.framing import SSEFramer
from ..wire.kept_tools import names_on_the_wire, written_tools
from ..wire.request_body import dump_body
from ..wire.token_count import counting
from .contents import arranged, wire_name
from .errors import map_error
from .stream import GeminiDecoder

if TYPE_CHECKING:
    from ...domain.card.capabilities import ThinkingFacts

__all__ = ["GeminiCodec", "function_declaration", "method_url"]

_VERSIONED = re.compile(r"/v\d++(?:(?:alpha|beta)\d*+)?\Z")
_FIELDS = {"max_tokens": "maxOutputTokens", "temperature": "temperature", "top_p": "topP", "top_k": "topK"}
_COUNTED = ("contents", "systemInstruction", "tools", "toolConfig", "generationConfig")
"""The body fields that token counting accepts."""

_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
_LEVELS = ("minimal", "low", "medium", "high", "xhigh")
_DYNAMIC = -1
_NESTED = frozenset({"generationConfig", "toolConfig"})
"""Body objects that overrides are merged into."""


def method_url(base_url: str, model: str, method: str) -> str:
    """The URL of a model's method; a version in `base_url` and `models/` before the name are not doubled.

    Raises `InvalidRequestError` for a name with `.`, `..` or nothing between slashes, which would be another method.
    """
    if any(part in ("", ".", "..") for part in model.split("/")):
        raise InvalidRequestError(f"{model[:80]!r} is not the name of a model; write it like gemini-2.5-flash")
    base = with_path(base_url, lambda path: path.rstrip("/"))
    versioned = with_path(base, lambda path: path if _VERSIONED.search(path) else f"{path}/v1beta")
    name = model if model.startswith(("models/", "tunedModels/")) else f"models/{model}"
    return join_url(versioned, f"/{quote(well_formed(name), safe='/')}:{method}")


class GeminiCodec:
    """generateContent, whole or streamed."""

    writes_by_parts = True
    native_output = NativeOutput(schema=GEMINI, json_mode=True)
    counts_tokens = True

    def encode(self, request: ChatRequest) -> WireCall:
        """The POST to the model's `generateContent` or, as server-sent events, `streamGenerateContent`."""
        body, warnings = _body(request)
        names = names_on_the_wire(request.tools, wire_name)
        family = request.card.name if request.card else request.model
        method = "streamGenerateContent?alt=sse" if request.stream else "generateContent"
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}

        def new_decoder() -> GeminiDecoder:
            return GeminiDecoder(names, family)

        return WireCall(
            HttpRequest("POST", method_url(request.endpoint.base_url, request.model, method), headers, dump_body(body)),
            new_framer=SSEFramer,
            new_decoder=new_decoder,
            decode_body=lambda data: decode_answer(new_decoder(), data),
            warnings=warnings,
        )

    def encode_count(self, request: ChatRequest) -> WireCall:
        """The POST to the model's `countTokens`, which counts a whole request only when it is wrapped."""
        url = method_url(request.endpoint.base_url, request.model, "countTokens")
        named = {"model": request.model if "/" in request.model else f"models/{request.model}"}
        call = self.encode(replace(request, stream=False))
        return counting(call, url, _COUNTED, "totalTokens", lambda body: {"generateContentRequest": {**named, **body}})

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return map_error(status, body)


def _body(request: ChatRequest) -> tuple[Json, list[ModelWarning]]:
    instruction, contents, warnings = arranged(request.rendered.messages, request.card, request.rendered.in_chunks())
    body: Json = {"systemInstruction": instruction} if instruction else {}
    body["contents"] = contents
    values = request.parameters
    config: Json = {wire: values[ours] for ours, wire in _FIELDS.items() if ours in values}
    thinking, changed = _thinking(request)
    if thinking:
        config["thinkingConfig"] = thinking
    if request.output_schema is not None:
        config["responseJsonSchema"] = request.output_schema.schema
    if request.output_schema is not None or request.json_mode:
        config["responseMimeType"] = "application/json"
    if config:
        body["generationConfig"] = config
    warnings += [*changed, *_add_tools(request, body)]
    _override(body, request.overrides)
    return body, warnings


def _override(body: Json, overrides: Mapping[str, Any]) -> None:
    """The caller's fields win, in either spelling that the API takes: both spellings of one field are an error."""
    for name, value in overrides.items():
        field = _camel(name)
        if field in _NESTED and isinstance(value, Mapping):
            body[field] = {**(body.get(field) or {}), **{_camel(key): inner for key, inner in value.items()}}
        else:
            body[field] = value


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _add_tools(request: ChatRequest, body: Json) -> list[ModelWarning]:
    card = request.card
    facts = card.tool_choice if card else None
    plan = plan_choice(request.tools, request.tool_choice, facts, thinking=bool(card and card.thinks))
    if not plan.tools:
        return plan.warnings
    warnings = list(plan.warnings)
    declarations = written_tools(plan.tools, "gemini", function_declaration, warnings)
    body["tools"] = [{"functionDeclarations": declarations}]
    if plan.mode is not None:
        allowed = request.tool_choice.tools if request.tool_choice else None
        body["toolConfig"] = {"functionCallingConfig": _calling(plan, allowed)}
    return warnings


def _calling(plan: PlannedChoice, allowed: Sequence[str] | None) -> Json:
    """Mode and names; the API allows names only with the mode `ANY`."""
    mode = _MODES.get(str(plan.mode))
    if mode is None:
        return {"mode": "ANY", "allowedFunctionNames": [wire_name(str(plan.mode))]}
    if mode == "ANY" and allowed:
        return {"mode": mode, "allowedFunctionNames": [wire_name(tool_name(tool)) for tool in plan.tools]}
    return {"mode": mode}


def function_declaration(tool: ToolSchema, warnings: list[ModelWarning]) -> Json:
    """A tool; what its schema cannot express is allowed, with a warning."""
    function = tool["function"]
    declaration: Json = {"name": wire_name(tool_name(tool))}
    if function.get("description"):
        declaration["description"] = function["description"]
    parameters = legal_parameters(tool, GEMINI_TOOL)
    warnings += parameters.warnings
    if _takes_arguments(parameters.schema):  # left out when empty: the safest form of a function without arguments
        declaration["parametersJsonSchema"] = parameters.schema
    return declaration


def _takes_arguments(schema: Json) -> bool:
    if schema.get("properties") or schema.get("patternProperties"):
        return True
    return bool(schema.get("required")) or isinstance(schema.get("additionalProperties"), dict)


def _thinking(request: ChatRequest) -> tuple[Json, list[ModelWarning]]:
    """`thinkingConfig`, empty when the caller set nothing, and what could not be done."""
    values = request.parameters
    facts = request.card.thinking if request.card else None
    if "thinking_enable" in request.chosen and values.get("thinking_enable") is False:
        known = request.card is not None and request.card.known
        return ({}, []) if known and facts is None else _off(request, facts)
    config: Json = {"includeThoughts": True} if values.get("thinking_enable") else {}
    amount, warnings = _amount(request, facts)
    if config and not amount and facts is not None and facts.default == "disabled" and facts.budget is not None:
        amount = {"thinkingBudget": _DYNAMIC if facts.budget.dynamic else facts.budget.maximum}
    return {**config, **amount}, warnings


def _amount(request: ChatRequest, facts: ThinkingFacts | None) -> tuple[Json, list[ModelWarning]]:
    budget, level = (request.parameters.get(name) for name in ("thinking_budget", "thinking_level"))
    if budget is None:
        return ({"thinkingLevel": level} if level else {}), []
    if level is None:
        return {"thinkingBudget": budget}, []
    if facts is not None and facts.budget is not None:
        return {"thinkingBudget": budget}, [_dropped("thinking_level", "a budget was given too")]
    return {"thinkingLevel": level}, [_dropped("thinking_budget", "a level was given too")]


def _off(request: ChatRequest, facts: ThinkingFacts | None) -> tuple[Json, list[ModelWarning]]:
    """The least thinking that the model can do; only some models can switch it off."""
    given = [name for name in ("thinking_budget", "thinking_level") if request.parameters.get(name) is not None]
    warnings = [_dropped(name, "thinking is switched off") for name in given]
    if facts is not None and facts.budget is not None:
        if facts.can_disable:
            return {"thinkingBudget": 0}, warnings
        least = facts.budget.minimum
        return {"thinkingBudget": least}, [*warnings, _changed(f"sent with the smallest budget, {least}")]
    if facts is not None and facts.efforts:
        level = min(facts.efforts, key=lambda word: _LEVELS.index(word) if word in _LEVELS else len(_LEVELS))
        return {"thinkingLevel": level}, [*warnings, _changed(f"sent with the lowest level, {level}")]
    return {}, [*warnings, _changed("its thoughts are not shown")]


def _changed(what: str) -> ModelWarning:
    message = f"thinking cannot be switched off on this model as far as is known; {what}"
    return ModelWarning("changed", "thinking_enable", message)


def _dropped(name: str, reason: str) -> ModelWarning:
    return ModelWarning("dropped", name, f"{name} was not sent: {reason}, and the API takes only one of the settings")
