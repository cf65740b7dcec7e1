"""A whole body as one response, also where a server put the events of a stream into it.

Facts: docs/protocols/transport.md#labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...domain.chat.fold import ChatFold
from ...domain.errors import ModelError
from ...domain.message.responses import ChatResponse
from .decoder import Json, decode_json_body
from .framing import NDJSONFramer, SSEFramer, begins_as_sse
from .json_text import dump_json, parse_json

__all__ = ["decode_answer"]


class BodyReader(Protocol):
    """A decoder that reads whole answers too."""

    failure: ModelError | None

    def expect_halves(self) -> None:
        """As `JsonDecoder.expect_halves`."""
        ...

    def body(self, answer: Json) -> ChatResponse:
        """A whole answer, as one response."""
        ...

    def feed(self, payloads: Sequence[bytes]) -> ChatResponse | None:
        """As `JsonDecoder.feed`."""
        ...

    def finish(self) -> ChatResponse:
        """As `JsonDecoder.finish`."""
        ...


def decode_answer(decoder: BodyReader, body: bytes) -> ChatResponse:
    """A whole body as one response; also the events of a stream, or a list of them, where one object was expected."""
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    if b"\\u" in text or b"\xed" in text:  # a surrogate is one of an escape, or its own UTF-8 begins like this
        decoder.expect_halves()
    try:
        value = parse_json(text)
    except ValueError:
        framer = SSEFramer() if begins_as_sse(text) else NDJSONFramer()
        payloads = [*framer.feed(text), framer.tail() or b""]
        if not payloads[0].lstrip().startswith(b"{") or len(payloads) == 1:
            return decoder.body(decode_json_body(body))
    else:
        if isinstance(value, dict):
            return decoder.body(value)
        if not (isinstance(value, list) and value and all(isinstance(event, dict) for event in value)):
            return decoder.body(decode_json_body(text))
        payloads = [dump_json(event) for event in value]
    fold = ChatFold()
    delta = decoder.feed(payloads)
    if decoder.failure is not None:
        raise decoder.failure
    for response in (delta, decoder.finish()):
        if response is not None:
            fold.add(response)
    answer = fold.partial()
    answer.is_last = True
    return answer
