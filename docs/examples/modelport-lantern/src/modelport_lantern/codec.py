"""Encodes requests to bytes and decodes bytes to deltas. Pure: no I/O.

A request is `{"model", "turns": [{"by", "says"}], "live", "longest"?, "heat"?}`. The answer is one line of JSON, or
several with `live`: `{"says": "…"}` for each piece of text, then `{"over": "done" | "cut", "words_in", "words_out"}`.
A line `{"trouble": "…"}` reports an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelport.error import ModelError, ResponseDecodeError, StreamTruncatedError
from modelport.model import ChatResponse, ChatUsage, FinishReason
from modelport.provider import (
    ChatRequest,
    JsonDecoder,
    NDJSONFramer,
    WireCall,
    decode_json_body,
    dump_json,
    error_facts,
    error_in_stream,
    error_of_answer,
    read_error,
)
from modelport.transport import HttpRequest

__all__ = ["LanternCodec", "LanternDecoder"]

_FIELDS = {"max_tokens": "longest", "temperature": "heat"}
_REASONS = {"done": FinishReason.STOP, "cut": FinishReason.LENGTH}


class LanternCodec:
    """The codec of the chat protocol."""

    def encode(self, request: ChatRequest) -> WireCall:
        """Return the POST request to `{base_url}/talk`."""
        body: dict[str, Any] = {  # Any: JSON
            "model": request.model,
            "turns": request.rendered.messages,
            "live": request.stream,
            **{theirs: request.parameters[ours] for ours, theirs in _FIELDS.items() if ours in request.parameters},
            **request.overrides,
        }
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        return WireCall(
            HttpRequest("POST", f"{request.endpoint.base_url}/talk", headers, dump_json(body)),
            new_framer=NDJSONFramer,
            new_decoder=LanternDecoder,
            decode_body=lambda data: LanternDecoder().body(decode_json_body(data)),
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """Return the error for an unsuccessful answer."""
        return error_of_answer(status, read_error(body))


class LanternDecoder(JsonDecoder):
    """Decodes one answer: text in pieces, then the end."""

    def body(self, answer: dict[str, Any]) -> ChatResponse:  # Any: JSON
        """Decode an answer that was not streamed."""
        if "over" not in answer and "trouble" not in answer:
            raise ResponseDecodeError("expected a field `over`, got none; check that base_url is Lantern's")
        return self.whole(lambda: self._event(answer))

    def _event(self, event: dict[str, Any]) -> None:
        if "trouble" in event:
            raise error_in_stream(error_facts({"error": {"message": event["trouble"]}}))
        if event.get("says"):
            self._piece("text", "text", event["says"])
        if "over" in event:
            self.ended = True
            self.raw_finish_reason = event["over"]
            self.finish_reason = _REASONS.get(event["over"], FinishReason.OTHER)
            self.usage = ChatUsage(event.get("words_in", 0), event.get("words_out", 0), raw=event)

    def _check_end(self) -> None:
        if not self.ended:
            raise StreamTruncatedError("expected a line with `over` before the end of the stream, got none")
