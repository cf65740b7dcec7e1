"""One attempt of a chat call over HTTP: encodes once per call, sends, and reads either kind of answer."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ...domain.card.cards import ModelCard
from ...domain.chat.breakpoints import cache_marks, has_breakpoints, unplaced
from ...domain.chat.tools import ToolChoice, ToolSchema
from ...domain.errors import InvalidRequestError, UnsupportedFeatureError
from ...domain.message.messages import Msg
from ...domain.message.responses import ChatResponse, ModelWarning
from ...ports.codec.chat import ChatRequest, CountingCodec, WireCall
from ...ports.codec.rendering import RenderContext, Rendered
from ..call.arguments import body_fields, secret_words
from ..call.context import CallContext, current_call
from ..call.http import attempt
from ..call.http_answer import read_answer
from ..call.warning_log import refuse

if TYPE_CHECKING:
    from ...domain.chat.breakpoints import BreakpointRules
    from ...domain.chat.settings import SettingRules
    from ...domain.chat.tools import ToolChoice, ToolSchema
    from ...domain.message.messages import Msg
    from ...domain.structured.plan import OutputRequest
    from ...ports.codec.base import Endpoint
    from ...ports.codec.chat import ChatCodec
    from ..call.spec import CallSpec
    from ..model.formatter import FormatterBase, Recalled
    from .call import Answer

__all__ = ["HttpChat", "send"]


class HttpChat(Protocol):
    """What an attempt needs of a chat model over HTTP."""

    model: str
    stream: bool
    parameters: Any  # Any: the model class's own Parameters
    codec: ChatCodec
    card_checks: Literal["on", "off"]
    on_unsupported: Literal["warn", "error"]

    @property
    def formatter(self) -> FormatterBase: ...

    @property
    def card(self) -> ModelCard: ...

    @property
    def context_size(self) -> int: ...

    def endpoint(self) -> Endpoint: ...

    def model_family(self) -> str: ...

    def _spec(self, *, stream: bool) -> CallSpec: ...

    def breakpoint_rules(self) -> BreakpointRules: ...

    def setting_rules(self) -> tuple[SettingRules | None, Mapping[str, Any]]: ...

    def _checked_values(self) -> tuple[dict[str, Any], list[ModelWarning]]: ...


def send(
    model: HttpChat,
    model_name: str,
    messages: Sequence[Msg],
    tools: Sequence[ToolSchema],
    tool_choice: ToolChoice | None,
    kwargs: Mapping[str, Any],  # Any: provider body fields
) -> Awaitable[Answer]:
    """Send the call once; a whole response, or its deltas."""
    context = current_call.get() or CallContext.of(model._spec(stream=model.stream))
    encode = partial(_encode, model, context, model_name, messages, tools, tool_choice, kwargs)
    return attempt(context, encode, _READ, model.codec, lambda: secret_words(model.endpoint(), kwargs))


def _as_delta(answer: ChatResponse) -> ChatResponse:
    answer.is_last = False
    return answer


_LONG = 3
"""How many messages, or blocks of the last one, make it worth looking for what was rendered before."""

_READ = partial(read_answer, as_delta=_as_delta)
"""Reads either kind of answer, whichever was asked for."""


async def _encode(
    model: HttpChat,
    context: CallContext,
    model_name: str,
    messages: Sequence[Msg],
    tools: Sequence[ToolSchema],
    tool_choice: ToolChoice | None,
    kwargs: Mapping[str, Any],
) -> WireCall:
    """The request on the wire; its warnings go to the context."""
    output = context.output
    card = model.card if model.card_checks == "on" else ModelCard.permissive(model.model)
    cache = kwargs.get("cache")
    values, chosen, kwargs, warnings = _parameters(model, card, kwargs, output)
    rendered = await _rendered(model, context, messages, cache)
    tools, dropped = _taken_tools(card, tools, tool_choice) if tools else ((), [])
    overrides, headers = body_fields(kwargs) if kwargs else ({}, {})
    request = ChatRequest(
        endpoint=model.endpoint(),
        model=model_name,
        rendered=rendered,
        parameters=values,
        chosen=chosen,
        context_size=model.context_size,
        tools=tools,
        tool_choice=tool_choice,
        stream=context.stream,
        card=card,
        overrides=overrides,
        extra_headers=headers,
        output_schema=None if output is None else output.schema,
        json_mode=output is not None and output.json_mode,
    )
    call = _counting(model.codec, request) if context.counting else model.codec.encode(request)
    context.warnings += [*warnings, *rendered.warnings, *dropped, *call.warnings]
    if model.on_unsupported == "error":
        refuse(context.warnings)
    return call


def _parameters(
    model: HttpChat, card: ModelCard, kwargs: Mapping[str, Any], output: OutputRequest | None
) -> tuple[dict[str, Any], frozenset[str], Mapping[str, Any], list[ModelWarning]]:
    """The parameters to send, which of them the caller set, the body fields, and what became of the others."""
    values, warnings = model._checked_values()
    chosen = frozenset(model.parameters.model_fields_set)
    if kwargs:
        from .settings import Applied, apply_settings  # needed by calls with settings of their own only

        applied = apply_settings(Applied(values, chosen, kwargs, warnings), card, *model.setting_rules())
        values, chosen, kwargs, warnings = applied.values, applied.chosen, applied.fields, applied.warnings
    if output is not None and output.thinking_off:
        from ...domain.structured.plan import without_thinking  # for structured output only

        values, chosen = without_thinking(values, chosen)
    return values, chosen, kwargs, warnings


async def _rendered(model: HttpChat, context: CallContext, messages: Sequence[Msg], cache: object) -> Rendered:
    """The messages of the wire; `cache` is the call's setting of that name, or a field of the provider's."""
    types = model.card.input_types if model.card.known and model.card_checks == "on" else None
    rendering = RenderContext(
        family=model.model_family(),
        input_types=types,
        now=context.runtime.clock.wall(),
        by_parts="writes_by_parts" in vars(type(model.codec)),
    )
    warnings: list[ModelWarning] = []
    recall: Recalled | None = None
    if rendering.by_parts and (len(messages) >= _LONG or len(messages[-1].content) >= _LONG):
        from ..model.recall import find_recall  # for long conversations only

        recall = find_recall(model.formatter, messages, rendering)
    if has_breakpoints(messages if recall is None else recall.rest):
        marks = cache_marks(messages, model.breakpoint_rules(), cache if isinstance(cache, str) else None)
        rendering, recall, warnings = replace(rendering, marks=marks.fields), None, marks.warnings
    known = () if recall is None else (recall,)  # an application's `prepare` may not take it
    rendered = await model.formatter.prepare(messages, context.runtime.media_loader, rendering, *known)
    if not rendered.messages:
        raise _nothing_rendered(model.formatter)
    if rendering.marks:
        warnings += unplaced(rendering.marks)
    return replace(rendered, warnings=[*rendered.warnings, *warnings]) if warnings else rendered


def _nothing_rendered(formatter: FormatterBase) -> InvalidRequestError:
    name = type(formatter).__name__
    advice = "pass a message with content that this API accepts"
    return InvalidRequestError(f"{name} rendered none of the given messages; {advice}")


def _taken_tools(
    card: ModelCard, tools: Sequence[ToolSchema], choice: ToolChoice | None
) -> tuple[Sequence[ToolSchema], list[ModelWarning]]:
    """The tools, unless the model takes none: then a forced call is refused, and a free one goes without."""
    if card.tools or not tools:
        return tools, []
    if choice is not None and choice.forces_call:
        raise UnsupportedFeatureError(f"{card.name} does not accept tools, so no call can be forced", model=card.name)
    return (), [ModelWarning("dropped", "tools", f"{card.name} does not accept tools; they were left out")]


def _counting(codec: object, request: ChatRequest) -> WireCall:
    assert isinstance(codec, CountingCodec), "tokens are counted only where the protocol can"
    return codec.encode_count(request)
