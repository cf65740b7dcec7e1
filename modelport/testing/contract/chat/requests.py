"""The requests that a chat model sends, seen on a transport that answers none; and the texts in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ....domain.chat.tools import ToolChoice, ToolSchema
from ....domain.errors import InvalidRequestError, ModelConnectionError
from ....domain.message.messages import Msg
from .collect import collect

__all__ = ["TOOLS", "leaves", "sent", "sent_unless_refused"]

Json = Any
"""A JSON value."""
TOOLS: list[ToolSchema] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Asks the {name} of a place.",
            "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
        },
    }
    for name in ("gauge", "wind")
]


async def sent(model: Any, messages: Sequence[Msg], tools: Sequence[ToolSchema] | None = None) -> Json:
    """The body of the request that the messages become (Any: a chat model on an `UnreachableTransport`)."""
    transport = model.runtime.transport
    result = await collect(model, messages, tools=list(tools) if tools else None)
    if not transport.requests:
        raise result.error or AssertionError("no request was made")
    return json.loads(transport.requests.pop().body)


async def sent_unless_refused(
    model: Any, tools: Sequence[ToolSchema] = (), messages: Sequence[Msg] = (), choice: ToolChoice | None = None
) -> Json | None:
    """The same; `None` when the call is refused before anything is sent."""
    transport = model.runtime.transport
    transport.requests.clear()
    result = await collect(model, messages, tools=list(tools) or None, tool_choice=choice)
    if isinstance(result.error, ModelConnectionError):
        return json.loads(transport.requests[-1].body)
    if not isinstance(result.error, InvalidRequestError):
        raise result.error or AssertionError("the host cannot be reached, and yet the call gives an answer")
    if transport.requests:
        raise AssertionError("the call was refused after a request was sent")
    return None


def leaves(value: Json) -> Iterator[str]:
    """Every text in a JSON value, also those in texts that are JSON themselves."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            yield from _leaves_of_json(value)


def _leaves_of_json(text: str) -> Iterable[str]:
    try:
        return list(leaves(json.loads(text)))
    except ValueError:
        return []
