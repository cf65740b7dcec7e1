"""Requests and bytes for the tests of the codec."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelport.adapters.anthropic.formatter import AnthropicChatFormatter
from modelport.adapters.anthropic.parameters import AnthropicChatParameters
from modelport.adapters.anthropic.request import AnthropicCodec
from modelport.domain.card.cards import ModelCard
from modelport.domain.chat.fold import ChatFold
from modelport.domain.errors import ModelError
from modelport.domain.message.responses import ChatResponse
from modelport.message import Msg, UserMsg
from modelport.model import AnthropicChatModel
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.chat import ChatRequest, WireCall
from modelport.ports.codec.rendering import RenderContext
from modelport.tool import ToolChoice

__all__ = ["Json", "body_of", "card", "decode", "encode", "sse", "text_stream", "tool", "warned"]

Json = dict[str, Any]  # Any: JSON

_CARDS = {card.name: card for card in AnthropicChatModel.list_models()}


def card(name: str) -> ModelCard:
    """The card of a model, or a permissive one."""
    return _CARDS.get(name) or ModelCard.permissive(name, AnthropicChatParameters.model_json_schema())


def tool(name: str, **parameters: Any) -> Json:  # Any: a schema's properties
    """A function tool."""
    schema = {"type": "object", "properties": parameters}
    return {"type": "function", "function": {"name": name, "description": f"Does {name}.", "parameters": schema}}


def encode(
    model: str = "claude-haiku-4-5",
    messages: Sequence[Msg] = (),
    *,
    tools: Sequence[Json] = (),
    tool_choice: ToolChoice | None = None,
    stream: bool = True,
    overrides: Mapping[str, Any] | None = None,  # Any: body fields
    headers: Mapping[str, str] | None = None,
    **parameters: Any,  # Any: parameter values
) -> WireCall:
    """The call that a model makes of these arguments, its card's form not being checked."""
    values = AnthropicChatParameters(**parameters)
    request = ChatRequest(
        endpoint=Endpoint("https://host", {"x-api-key": "key-of-tests"}),
        model=model,
        rendered=AnthropicChatFormatter().render(messages or [UserMsg("user", "Hello")], RenderContext()),
        parameters=values.model_dump(exclude_none=True),
        chosen=frozenset(values.model_fields_set),
        tools=tools,
        tool_choice=tool_choice,
        stream=stream,
        card=card(model),
        overrides=overrides or {},
        extra_headers=headers or {},
    )
    return AnthropicCodec().encode(request)


def body_of(call: WireCall) -> Json:
    """The request body."""
    body: Json = json.loads(call.http_request.body)
    return body


def warned(call: WireCall) -> list[tuple[str, str]]:
    """Kind and setting of each warning."""
    return [(warning.kind, warning.setting) for warning in call.warnings]


def sse(*events: Json, names: bool = True, line_end: str = "\n") -> bytes:
    """Events as a server writes them."""
    lines = []
    for event in events:
        head = [f"event: {event['type']}"] if names else []
        lines += [*head, f"data: {json.dumps(event, ensure_ascii=False)}", ""]
    return "".join(line + line_end for line in lines).encode()


def text_stream(*pieces: str, stop_reason: str = "end_turn", model: str = "m") -> list[Json]:
    """A whole stream of one text."""
    usage = {"input_tokens": 3, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [], "usage": usage}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ]


def decode(
    data: bytes, cuts: Iterable[int] = (), call: WireCall | None = None
) -> tuple[ChatResponse, ModelError | None]:
    """What the bytes, cut at these places, add up to; and the error they end in."""
    call = call or encode()
    framer, decoder, fold = call.new_framer(), call.new_decoder(), ChatFold("anthropic", "m")
    places = [0, *sorted(cuts), len(data)]
    for start, end in itertools.pairwise(places):
        delta = decoder.feed(framer.feed(data[start:end]))
        if delta is not None:
            fold.add(delta)
        if decoder.failure is not None:
            return fold.partial(), decoder.failure
    try:
        fold.add(decoder.finish())
    except ModelError as error:
        return fold.partial(), error
    return fold.final([], 0.0), None
