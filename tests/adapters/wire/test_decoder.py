"""What every decoder is guarded against: values of a wrong type, wherever they turn up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.wire.decoder import Json, JsonDecoder
from modelport.domain.errors import ResponseDecodeError, StreamTruncatedError
from modelport.domain.message.responses import ChatUsage


class Echo(JsonDecoder):
    """Each event is the arguments of a piece; `end` ends the answer, and must be a text at that."""

    def _event(self, event: Json) -> None:
        if "end" in event:
            self.ended = True
            self.raw_finish_reason = event["end"]
        elif "number" in event:
            self.metadata = {"number": int(event["number"])}
        else:
            self._piece(event.get("kind", "text"), event.get("id", "b"), event.get("text", "x"), event.get("name", ""))

    def _check_end(self) -> None:
        if not self.ended:
            raise StreamTruncatedError("no end")
        if self.raw_finish_reason not in {"stop"}:  # unhashable values break here
            self.metadata = {}


WRONG: list[Any] = [5, None, True, ["a"], {"a": 1}]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("event", [b'{"text": %s}', b'{"id": %s}', b'{"kind": "tool_call", "name": %s}'])
def test_a_piece_of_a_wrong_type_comes_after_the_pieces_before_it(event: bytes, wrong: Any) -> None:
    decoder = Echo()
    delta = decoder.feed([b'{"id": "a", "text": "good"}', event % json.dumps(wrong).encode()])
    assert delta is not None and delta.text == "good"
    assert isinstance(decoder.failure, ResponseDecodeError)


@pytest.mark.parametrize("number", [b'"many"', b"1e999", b"[]"])
def test_a_number_that_is_none(number: bytes) -> None:
    decoder = Echo()
    assert decoder.feed([b'{"number": %s}' % number]) is None
    assert isinstance(decoder.failure, ResponseDecodeError)


def test_an_end_of_a_wrong_type() -> None:
    decoder = Echo()
    decoder.feed([b'{"text": "a"}', b'{"end": ["stop"]}'])
    with pytest.raises(ResponseDecodeError, match="shape"):
        decoder.finish()
    whole = Echo()

    def read() -> None:
        whole._event({"text": "a"})
        whole._event({"end": {}})

    with pytest.raises(ResponseDecodeError, match="shape"):
        whole.whole(read)


@pytest.mark.parametrize(("given", "counted"), [(5, 5), (5.0, 5), ("5", 5), ([[]], None), (None, None), ("many", None)])
def test_what_was_used_is_whole_numbers(given: Any, counted: int | None) -> None:
    decoder = Echo()
    decoder.feed([b'{"end": "stop"}'])
    decoder.usage = ChatUsage(input_tokens=given)
    if counted is None:
        with pytest.raises(ResponseDecodeError):
            decoder.finish()
        return
    used = decoder.finish().usage
    assert used is not None and used.input_tokens == counted and type(used.input_tokens) is int
