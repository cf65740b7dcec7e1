"""What the decoders of all protocols share: one parse per event, joined pieces, errors after the deltas before them.

Several events may have arrived at once. They are decoded together, and the pieces of one block among them leave as one
delta: a slow reader gets fewer and larger deltas instead of a queue.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, ClassVar, Literal

import orjson

from ...domain.chat.fold import ChatFold
from ...domain.errors import ModelError, ResponseDecodeError, StreamTruncatedError
from ...domain.ids import new_id, new_timestamp
from ...domain.json_values import MAY_BE_DEEP, too_deep
from ...domain.message.blocks import ContentBlock, ProviderData, TextBlock, ThinkingBlock, ToolCallBlock
from ...domain.message.responses import ChatResponse, ChatUsage, FinishReason, ModelWarning
from ...domain.unicode import well_formed_value
from .calls.glued_calls import GluedCalls
from .errors import ErrorFacts, error_in_stream, read_error
from .halves import Halves
from .json_text import parse_json

__all__ = ["Json", "JsonDecoder", "decode_json_body", "read_json_event"]

Json = dict[str, Any]  # Any: a provider's JSON
RunKind = Literal["text", "thinking", "tool_call"]


_MISSHAPEN = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    struct.error,
)
"""What reading a malformed answer raises: the server's mistake, not the caller's."""


_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_input_tokens",
    "cache_creation_input_tokens",
    "reasoning_tokens",
)


_counts_of = attrgetter(*_COUNTS)
_WHOLE = {int}
_loads = orjson.loads
_DONE = b"[DONE]"


def _misshapen(error: Exception) -> ResponseDecodeError:
    return ResponseDecodeError(f"the answer has a shape that the protocol does not allow: {error}")


def _check_texts(*given: object) -> None:
    for text in given:
        if not isinstance(text, str):
            raise TypeError(f"{text!r:.60} is not text")


def _make_whole_numbers(usage: ChatUsage) -> None:
    """Some servers count in floats; anything but a number raises."""
    if set(map(type, _counts_of(usage))) == _WHOLE:
        return  # nearly always
    for name in _COUNTS:
        count: object = getattr(usage, name)
        if not isinstance(count, int):
            setattr(usage, name, int(count))  # type: ignore[call-overload]  # raises


class JsonDecoder:
    """The base of a stream decoder whose payloads are JSON objects.

    A protocol implements `_event`, which calls `_piece` and `_add` and sets the facts of the answer, and `_check_end`.
    """

    __slots__ = (
        "_blocks",
        "_glued",
        "_halves",
        "_kinds",
        "_run",
        "_run_data",
        "_run_id",
        "_run_kind",
        "_run_name",
        "_words",
        "complete",
        "created_at",
        "ended",
        "failure",
        "finish_reason",
        "metadata",
        "model",
        "raw_finish_reason",
        "response_id",
        "usage",
        "warnings",
    )

    done_ends: ClassVar[bool] = False
    """Whether `[DONE]` ends this protocol; elsewhere, where some gateways add it, it counts after a finish reason."""

    def __init__(self) -> None:
        self.ended = False
        self.complete = False
        self.failure: ModelError | None = None
        self.response_id = ""
        self.created_at = new_timestamp()
        self.model: str | None = None
        self.usage: ChatUsage | None = None
        self.finish_reason: FinishReason | None = None
        self.raw_finish_reason: str | None = None
        self.metadata: Json = {}
        self.warnings: list[ModelWarning] = []
        self._blocks: list[ContentBlock] = []
        self._run: list[str] = []
        self._run_id = ""
        self._run_kind: RunKind = "text"
        self._run_name = ""
        self._run_data: ProviderData | None = None
        self._words = ""
        """The first text that came in place of an event: a keep-alive, or the explanation of a failure."""
        self._halves: Halves | None = None
        """Set by the first text that may hold surrogates: of events, those that the fast parser refuses."""
        self._kinds: dict[str, RunKind] = {}
        self._glued: dict[str, GluedCalls] = {}

    def feed(self, payloads: Sequence[bytes]) -> ChatResponse | None:
        """The delta of these payloads, if any. An error among them is left in `failure`, after what came before it."""
        try:
            for payload in payloads:
                if self.ended:
                    break
                if payload.startswith(_DONE):
                    self._marked_done()
                    continue
                try:
                    if len(payload) > MAY_BE_DEEP and too_deep(payload):
                        raise ResponseDecodeError("an event of the stream is nested too deeply")
                    event = _loads(payload)
                except ValueError:
                    event = None
                if event.__class__ is dict:
                    self._event(event)
                else:
                    self._unusual(payload)
        except ModelError as error:
            self.failure = error
        except _MISSHAPEN as error:
            self.failure = _misshapen(error)
            self.failure.__cause__ = error
        return self._flush()

    def finish(self) -> ChatResponse:
        """At the end: what was held back, with the facts of the answer; `StreamTruncatedError` when it is not whole."""
        try:
            self._end()
            self._close_run()
            if self._halves is not None:
                self._close_halves()
            if self.usage is not None:
                _make_whole_numbers(self.usage)
        except _MISSHAPEN as error:
            raise _misshapen(error) from error
        if self._halves is not None:
            self._make_facts_well_formed()
        blocks, self._blocks = self._blocks, []
        return ChatResponse(
            blocks,
            False,
            usage=self.usage,
            id=self.response_id or new_id(),
            created_at=self.created_at,
            metadata=self.metadata,
            warnings=self.warnings,
            model=self.model,
            finish_reason=self.finish_reason or FinishReason.OTHER,
            raw_finish_reason=self.raw_finish_reason,
        )

    def _make_facts_well_formed(self) -> None:
        """Nothing of the answer holds a lone surrogate: it is stored, logged and printed."""
        self.response_id = well_formed_value(self.response_id)
        self.model = well_formed_value(self.model)
        self.metadata = well_formed_value(self.metadata)
        self.raw_finish_reason = well_formed_value(self.raw_finish_reason)
        if self.usage is not None and self.usage.raw is not None:
            self.usage.raw = well_formed_value(self.usage.raw)

    def whole(self, read: Callable[[], None]) -> ChatResponse:
        """A whole answer, as one response; `read` decodes it with the same pieces and blocks."""
        try:
            read()
        except _MISSHAPEN as error:
            raise _misshapen(error) from error
        self.ended = True
        response = self.finish()
        if not _are_whole(response.content):
            fold = ChatFold()
            fold.add(response)
            response = fold.partial()
        response.is_last = True
        return response

    def _end(self) -> None:
        try:
            self._check_end()
        except StreamTruncatedError as error:
            if not self._words:
                raise
            if not self.response_id:  # nothing came but these words
                raise error_in_stream(ErrorFacts(self._words, text=self._words)) from error
            raise StreamTruncatedError(f"{error.message}; the server sent: {self._words}") from error

    def note_choices(self, count: int) -> None:
        """There are several answers, of which the first is read."""
        self.metadata["choices"] = count
        message = f"the server gave {count} answers; only the first is read: ask for one"
        self.warnings.append(ModelWarning("dropped", "n", message))

    def _marked_done(self) -> None:
        self.ended = self.done_ends or self.raw_finish_reason is not None

    def _unusual(self, payload: bytes) -> None:
        """A payload that the fast parser does not read as an object."""
        if payload.strip().removeprefix(b'"').upper().startswith(_DONE):
            self._marked_done()
            return
        self.expect_halves()
        for event in _events(payload):
            if isinstance(event, str):
                self._words = self._words or event
            elif not self.ended:
                self._event(event)

    def expect_halves(self) -> None:
        """Texts may hold the halves of characters from now on."""
        self._halves = self._halves or Halves()

    def _event(self, event: Json) -> None:
        """Decode one event."""
        raise NotImplementedError

    def _check_end(self) -> None:
        """Raise `StreamTruncatedError` unless the protocol's end has come; add what was held back."""
        raise NotImplementedError

    def _piece(self, kind: RunKind, block_id: str, text: str, name: str = "", data: ProviderData | None = None) -> None:
        """More text of a text, thinking or tool call block."""
        if text.__class__ is not str:
            raise TypeError(f"{text!r:.60} is not text")
        if self._halves is not None:
            _check_texts(block_id)
            block_id, name = self._halves.whole_id(block_id, self._glued), well_formed_value(name)
        if block_id == self._run_id:
            self._run.append(text)
            if data is not None:
                before = self._run_data.data if self._run_data else {}
                self._run_data = data.model_copy(update={"data": {**before, **data.data}})
            return
        if block_id.__class__ is not str or name.__class__ is not str:
            _check_texts(block_id, name)
        if self._run_id:
            self._close_run()
        self._run_kind, self._run_id, self._run_name, self._run_data = kind, block_id, name, data
        self._run.append(text)

    def _call_piece(self, call_id: str, text: str, name: str, data: ProviderData | None = None) -> None:
        """More arguments of a tool call; an object directly behind an object is a further call."""
        glued = self._glued.get(call_id)
        if glued is None:
            _check_texts(call_id, text)
            glued = self._glued[call_id] = GluedCalls(call_id)
        elif text.__class__ is str and "{" not in text:  # nearly every piece
            self._piece("tool_call", glued.continued(text), text, name, data)
            return
        _check_texts(text)
        for own_id, part in glued.feed(text):
            self._piece("tool_call", own_id, part, name, data)
            data = None

    def _add(self, block: ContentBlock) -> None:
        """A block, or a piece of one, of another kind."""
        self._close_run()
        self._blocks.append(block)

    def _close_run(self) -> None:
        if not self._run_id:
            return
        text = "".join(self._run)
        if self._halves is not None:
            text = self._halves.joined(self._run_id, text)
            self._kinds[self._run_id] = self._run_kind
        self._blocks.append(self._block(self._run_kind, self._run_id, text, self._run_name, self._run_data))
        self._run.clear()
        self._run_id = ""

    def _block(
        self, kind: RunKind, block_id: str, text: str, name: str = "", data: ProviderData | None = None
    ) -> ContentBlock:
        if kind == "text":
            return TextBlock(id=block_id, text=text, created_at=self.created_at, provider_data=data)
        if kind == "thinking":
            return ThinkingBlock(id=block_id, thinking=text, created_at=self.created_at, provider_data=data)
        return ToolCallBlock(id=block_id, name=name, input=text, created_at=self.created_at, provider_data=data)

    def _close_halves(self) -> None:
        """Replacements for the halves of characters whose second halves never came."""
        halves = self._halves
        if halves is not None:
            for block_id in halves.open:
                self._blocks.append(self._block(self._kinds[block_id], block_id, halves.rest(block_id)))

    def _flush(self) -> ChatResponse | None:
        if self._run_id:
            self._close_run()
        if not self._blocks:
            return None
        blocks, self._blocks = self._blocks, []
        if not self.response_id:
            self.response_id = new_id()
        if self._halves is not None:
            self.response_id = well_formed_value(self.response_id)
        return ChatResponse(blocks, False, None, self.response_id, self.created_at)


_OTHER_FIELDS = (b":", b"event:", b"id:", b"retry:")


def _events(payload: bytes) -> list[Json | str]:
    """The objects of a payload, and the texts in place of objects.

    Lines are tried one by one: some servers end events with one line end, or put events where lines of JSON should be.
    """
    text = payload.strip().removeprefix(b"\xef\xbb\xbf")
    text = text[5:].strip() if text.startswith(b"data:") else text
    if not text or text.startswith(_OTHER_FIELDS):
        return []
    try:
        value = parse_json(text)
    except ValueError as error:
        lines = text.splitlines()
        if len(lines) > 1:
            return [event for line in lines for event in _events(line)]
        if text.startswith((b"{", b"[", b"<")):
            raise ResponseDecodeError(f"an event of the stream is not JSON: {payload[:200]!r}") from error
        return [text[:1000].decode("utf-8", "replace")]
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        if not all(isinstance(item, dict) for item in value):
            raise ResponseDecodeError(f"an event of the stream is not a JSON object: {payload[:200]!r}")
        return value
    return [str(value)] if value else []


def _are_whole(blocks: Sequence[ContentBlock]) -> bool:
    """Whether no block comes in pieces, and none holds sound, whose sizes are corrected when pieces are joined."""
    if len(blocks) == 1:
        return blocks[0].type != "data"
    ids = set()
    for block in blocks:
        if block.type == "data" or block.id in ids:
            return False
        ids.add(block.id)
    return True


def decode_json_body(body: bytes) -> Json:
    """A whole body as a JSON object; any other body raises `ResponseDecodeError` with its text."""
    try:
        answer = parse_json(body)
    except ValueError as error:
        facts = read_error(body)
        raise ResponseDecodeError(f"the answer is not JSON: {facts.message[:500]}", body=facts.text) from error
    if not isinstance(answer, dict):
        raise ResponseDecodeError("the answer is not a JSON object")
    return answer


def read_json_event(payload: bytes, read: Callable[[Json], None]) -> None:
    """Pass an event of a stream to `read`; raises `ResponseDecodeError` for one that the protocol does not have."""
    try:
        event = parse_json(payload)
    except ValueError as error:
        raise ResponseDecodeError(f"an event of the stream is not JSON: {payload[:200]!r}") from error
    if not isinstance(event, dict):
        raise ResponseDecodeError(f"an event of the stream is not a JSON object: {payload[:200]!r}")
    try:
        read(event)
    except _MISSHAPEN as error:
        raise _misshapen(error) from error
