"""Requests that only count tokens: a chat request sent elsewhere, and a number for an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...domain.errors import ResponseDecodeError
from ...domain.message.responses import ChatResponse, ChatUsage
from ...ports.codec.chat import WireCall
from ...ports.http import HttpRequest
from .decoder import Json, decode_json_body
from .json_text import dump_json, parse_json

__all__ = ["counting"]


def counting(
    call: WireCall, url: str, fields: Sequence[str], answer: str, wrap: Callable[[Json], Json] | None = None
) -> WireCall:
    """The call as one that counts: these fields of its body, posted to `url`; `answer` is where the number stands."""
    body = parse_json(call.http_request.body)
    kept = {name: body[name] for name in fields if name in body}
    request = call.http_request
    sent = HttpRequest("POST", url, request.headers, dump_json(wrap(kept) if wrap else kept))

    def decode(data: bytes) -> ChatResponse:
        counted = decode_json_body(data)
        tokens = counted.get(answer)
        if not isinstance(tokens, int):
            raise ResponseDecodeError(f"the answer has no `{answer}`; base_url must lead to a server that counts")
        return ChatResponse((), usage=ChatUsage(input_tokens=tokens, raw=counted))

    return replace(call, http_request=sent, decode_body=decode)
