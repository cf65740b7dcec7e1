"""Answers of the Messages API, streamed or whole, as deltas.

Events are distinguished by their `type`, since servers may omit the event names. Unknown events, deltas and blocks are
not errors: the API documents that they may appear.

Facts: docs/protocols/anthropic-messages.md#streaming, docs/protocols/anthropic-messages.md#usage,
docs/protocols/anthropic-messages.md#quirks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...domain.errors import ResponseDecodeError, ServerError, StreamTruncatedError
from ...domain.ids import new_id
from ...domain.message.blocks import ProviderData, ThinkingBlock
from ...domain.message.responses import ChatResponse, ChatUsage
from ..wire.calls.tool_calls import CallPiece, ToolCallTracker
from ..wire.decoder import Json, JsonDecoder, RunKind
from ..wire.errors import error_facts, refused_answer
from ..wire.json_text import parse_json
from ..wire.words.counts import add_counts, count
from ..wire.words.finish_words import finish_reason, is_failure, reason_word
from .errors import stream_error

__all__ = ["AnthropicDecoder", "chat_usage"]


def chat_usage(usage: Json) -> ChatUsage:
    """The provider's input excludes what was read from or written to the cache; its output includes thinking."""
    cached = count(usage, "cache_read_input_tokens")
    written = count(usage, "cache_creation_input_tokens")
    return ChatUsage(
        input_tokens=count(usage, "input_tokens") + cached + written,
        output_tokens=count(usage, "output_tokens"),
        cache_input_tokens=cached,
        cache_creation_input_tokens=written,
        reasoning_tokens=count(usage.get("output_tokens_details"), "thinking_tokens"),
        raw=usage,
    )


_IMPLIED = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "thinking"}
"""The block a delta belongs to when its start never came."""


class _Open:
    """A block of the wire whose end has not come."""

    __slots__ = ("block", "fed", "id", "kind", "pieces", "signed", "thought")

    def __init__(self, block: Json) -> None:
        self.kind: str = block.get("type") or ""
        self.block = block
        self.id = new_id() if self.kind == "thinking" else ""
        self.pieces: list[str] = []
        self.fed = self.thought = self.signed = False


class AnthropicDecoder(JsonDecoder):
    """One answer. `names` maps tool names on the wire to the application's.

    `prefix` is the digest of everything that was sent, which newer models' thinking is bound to.
    """

    def __init__(self, names: Mapping[str, str] | None = None, prefix: str = "") -> None:
        super().__init__()
        self._open: dict[Any, _Open] = {}  # Any: the index, or whatever a server sends in its place
        self._calls = ToolCallTracker(names)
        self._prefix = prefix
        self._raw_usage: Json = {}
        self._ran: list[Json] = []
        self._shown: tuple[RunKind, str, str] | None = None
        self._begun = False
        """Whether a message or a block of it has begun."""

    def body(self, answer: Json) -> ChatResponse:
        """A whole answer, as one response."""
        if answer.get("type") == "error" or answer.get("error"):
            raise stream_error(answer)
        if not isinstance(answer.get("content"), list):
            raise refused_answer(answer, "content", "a Messages API")
        return self.whole(lambda: self._message(answer))

    def _check_end(self) -> None:
        if not self.ended:
            raise StreamTruncatedError("the stream ended without message_stop")
        if not (self._begun or self.raw_finish_reason):
            raise StreamTruncatedError(
                "the stream ended without a message; check that base_url points to a Messages API"
            )
        self.finish_reason = finish_reason(self.raw_finish_reason)
        for index in list(self._open):
            self._stop(index)
        for piece in self._calls.finish():
            self._call(piece)
        if self._ran and self._shown:
            kind, block_id, name = self._shown
            self._close_run()  # its data and this are joined by the fold
            self._piece(kind, block_id, "", name, ProviderData(provider="anthropic", data={"after": self._ran}))

    def _event(self, event: Json) -> None:
        kind = event.get("type")
        if kind == "content_block_delta":
            self._delta(event.get("index"), event.get("delta") or {})
        elif kind == "content_block_start":
            self._start(event.get("index"), event.get("content_block") or {})
        elif kind == "content_block_stop":
            self._stop(event.get("index"))
        elif kind == "message_start":
            self._begin(event.get("message") or {})
        elif kind == "message_delta":
            self._facts(event.get("delta") or {}, event.get("usage"))
        elif kind == "message_stop":
            self.ended = True
        elif kind == "error" or event.get("error"):
            raise stream_error(event)
        elif kind == "message" and isinstance(event.get("content"), list):  # a whole answer as an event
            self._message(event)
            self.ended = True
        elif kind is None and error_facts(event).explained:
            raise refused_answer(event, "type", "a Messages API")

    def _message(self, message: Json) -> None:
        """A whole message: every block of it starts and stops at once."""
        self._begin({**message, "usage": None})
        for index, block in enumerate(message["content"]):
            self._start(index, block)
            self._stop(index)
        self._facts(message, message.get("usage"))

    def _begin(self, message: Json) -> None:
        self._begun = True
        message_id = message.get("id")
        if self.model is not None and message_id not in (None, self.response_id):
            raise ResponseDecodeError("a second answer began inside the first one's stream", retryable=True)
        self.response_id = message_id or self.response_id or new_id()
        self.model = message.get("model") or ""
        self._count(message.get("usage"))

    def _facts(self, facts: Json, usage: Json | None) -> None:
        word = reason_word(facts.get("stop_reason"))
        if is_failure(word):
            raise ServerError(f"the provider stopped: {word}", code=word)
        self.raw_finish_reason = word or self.raw_finish_reason
        for key in ("stop_sequence", "stop_details", "container"):
            if facts.get(key) is not None:
                self.metadata[key] = facts[key]
        self._count(usage)

    def _count(self, usage: Json | None) -> None:
        if usage:
            add_counts(self._raw_usage, usage)
            self.usage = chat_usage(self._raw_usage)
            if self._raw_usage.get("service_tier"):
                self.metadata["service_tier"] = self._raw_usage["service_tier"]

    def _start(self, index: Any, block: Json) -> _Open:  # Any: as in `_open`
        self._begun = True
        self._stop(index)  # of a block that was never ended
        opened = self._open[index] = _Open(block)
        if opened.kind == "text":
            self._say(block.get("text") or "")
            self._cite(block.get("citations"))
        elif opened.kind == "thinking":
            self._think(opened, block.get("thinking") or "")
            self._sign(opened, block.get("signature"))
        elif opened.kind == "redacted_thinking":
            self._redacted(block)
        elif opened.kind == "tool_use":
            named = {"index": index, "id": block.get("id"), "function": {"name": block.get("name")}}
            self._call(self._calls.feed(named), block.get("caller"))
        return opened

    def _delta(self, index: Any, delta: Json) -> None:  # Any: as in `_open`
        kind = delta.get("type")
        if kind == "text_delta":
            self._begun = True
            self._say(delta.get("text") or "")
            return
        opened = self._open.get(index) or self._start(index, {"type": _IMPLIED.get(kind or "")})
        if kind == "input_json_delta":
            self._input(index, opened, delta.get("partial_json") or "")
        elif kind == "thinking_delta":
            self._think(opened, delta.get("thinking") or "")
        elif kind == "signature_delta":
            self._sign(opened, delta.get("signature"))
        elif kind == "citations_delta":
            self._cite([delta.get("citation")])

    def _input(self, index: Any, opened: _Open, text: str) -> None:  # Any: as in `_open`
        if opened.kind != "tool_use":
            opened.pieces.append(text)
        elif text:
            opened.fed = True
            self._call(self._calls.feed({"index": index, "function": {"arguments": text}}))

    def _stop(self, index: Any) -> None:  # Any: as in `_open`
        opened = self._open.pop(index, None)
        if opened is None:
            return
        if opened.kind == "tool_use":
            whole = opened.block.get("input")
            if whole and not opened.fed:  # compatible servers give it all at the start
                self._call(self._calls.feed({"index": index, "function": {"arguments": whole}}))
            self._calls.end(index)
        elif opened.kind == "thinking" and opened.thought and not opened.signed:
            self._piece("thinking", opened.id, "", data=self._owned({"unsigned": True}))
        elif opened.kind not in ("", "text", "thinking", "redacted_thinking"):
            self._ran_by_server(opened)

    def _say(self, text: str) -> None:
        """Citations split a text into many blocks, which are one text to a reader."""
        if not text:
            return
        shown = self._shown
        if shown is not None and shown[0] == "text" and not self._ran:
            self._piece("text", shown[1], text)
            return
        block_id, owner = new_id(), self._owned({}) if self._ran else None
        self._shown = ("text", block_id, "")
        self._piece("text", block_id, text, data=owner)

    def _think(self, opened: _Open, text: str) -> None:
        if text:
            opened.thought = True
            self._shown = ("thinking", opened.id, "")
            self._piece("thinking", opened.id, text)

    def _sign(self, opened: _Open, signature: Any) -> None:  # Any: a string, if the server is sane
        """The signature is replaced, never joined; a block without text has one too."""
        if signature:
            opened.signed = True
            self._shown = ("thinking", opened.id, "")
            self._piece("thinking", opened.id, "", data=self._owned({"signature": signature, **self._bound()}))

    def _redacted(self, block: Json) -> None:
        owner = self._owned({"redacted": block.get("data"), **self._bound()})
        made = ThinkingBlock(thinking="", redacted=True, created_at=self.created_at, provider_data=owner)
        self._shown = ("thinking", made.id, "")
        self._add(made)

    def _call(self, piece: CallPiece | None, caller: Json | None = None) -> None:
        """More of a call; a call made by code of the provider must be sent back with its caller."""
        if piece is None:
            return
        by_code = {"caller": caller} if caller and caller.get("type") != "direct" else {}
        owner = self._owned(by_code) if self._ran or by_code else None
        self._shown = ("tool_call", piece.id, piece.name)
        self._call_piece(piece.id, piece.text, piece.name, owner)

    def _cite(self, citations: Any) -> None:  # Any: a list or null
        found = [citation for citation in citations or () if citation]
        if found:
            self.metadata.setdefault("citations", []).extend(found)

    def _ran_by_server(self, opened: _Open) -> None:
        """A tool that the provider ran, or its result: noted in the metadata, and kept whole for the next turn."""
        block, text = opened.block, "".join(opened.pieces)
        if text:
            try:
                block = {**block, "input": parse_json(text)}
            except ValueError:
                block = {**block, "input": {"INVALID_JSON": text}}
        self._ran.append(block)
        self.metadata.setdefault("server_tools", []).append(block)

    def _owned(self, data: Json) -> ProviderData:
        """Data to send back; what the server ran before this block goes with it."""
        if self._ran:
            data = {"before": self._ran, **data}
            self._ran = []
        return ProviderData(provider="anthropic", data=data)

    def _bound(self) -> Json:
        return {"prefix": self._prefix} if self._prefix else {}
