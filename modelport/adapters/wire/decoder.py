"""What the decoders of all protocols share: one parse per event, joined pieces, errors after the deltas before them.

Several events may have arrived at once. They are decoded together, and the pieces of one block among them leave as one
delta: a slow reader gets fewer and larger deltas instead of a queue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import orjson

from ...domain.chat.fold import ChatFold
from ...domain.errors import ModelError, ResponseDecodeError
from ...domain.ids import new_id, new_timestamp
from ...domain.message.blocks import ContentBlock, ProviderData, TextBlock, ThinkingBlock, ToolCallBlock
from ...domain.message.responses import ChatResponse, ChatUsage, FinishReason
from .errors import read_error
from .json_text import parse_json

__all__ = ["Json", "JsonDecoder", "decode_json_body", "read_json_event"]

Json = dict[str, Any]  # Any: a provider's JSON
RunKind = Literal["text", "thinking", "tool_call"]


_MISSHAPEN = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)
"""What reading a malformed answer raises: the server's mistake, not the caller's."""


_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_input_tokens",
    "cache_creation_input_tokens",
    "reasoning_tokens",
)


_loads = orjson.loads
_DONE = b"[DONE]"


def _parsed(payload: bytes) -> Any:  # Any: JSON
    """What the fast parser refuses and Python's accepts."""
    try:
        return parse_json(payload)
    except ValueError as error:
        raise ResponseDecodeError(f"an event of the stream is not JSON: {payload[:200]!r}") from error


def _misshapen(error: Exception) -> ResponseDecodeError:
    return ResponseDecodeError(f"the answer has a shape that the protocol does not allow: {error}")


def _check_texts(*given: object) -> None:
    for text in given:
        if not isinstance(text, str):
            raise TypeError(f"{text!r:.60} is not text")


def _make_whole_numbers(usage: ChatUsage) -> None:
    """Some servers count in floats; anything but a number raises."""
    for name in _COUNTS:
        count: object = getattr(usage, name)
        if not isinstance(count, int):
            setattr(usage, name, int(count))  # type: ignore[call-overload]  # raises


class JsonDecoder:
    """The base of a stream decoder whose payloads are JSON objects.

    A protocol implements `_event`, which calls `_piece` and `_add` and sets the facts of the answer, and `_check_end`.
    """

    done_ends: ClassVar[bool] = False
    """Whether `[DONE]` ends this protocol; elsewhere it is passed over, since some gateways add it."""

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
        self._blocks: list[ContentBlock] = []
        self._run: list[str] = []
        self._run_id = ""
        self._run_kind: RunKind = "text"
        self._run_name = ""
        self._run_data: ProviderData | None = None

    def feed(self, payloads: Sequence[bytes]) -> ChatResponse | None:
        """The delta of these payloads, if any. An error among them is left in `failure`, after what came before it."""
        try:
            for payload in payloads:
                if self.ended:
                    break
                if payload.startswith(_DONE):
                    self.ended = self.done_ends
                    continue
                try:
                    event = _loads(payload)
                except ValueError:
                    event = _parsed(payload)
                if event.__class__ is not dict:
                    raise ResponseDecodeError(f"an event of the stream is not a JSON object: {payload[:200]!r}")
                self._event(event)
        except ModelError as error:
            self.failure = error
        except _MISSHAPEN as error:
            self.failure = _misshapen(error)
            self.failure.__cause__ = error
        return self._flush()

    def finish(self) -> ChatResponse:
        """At the end: what was held back, with the facts of the answer; `StreamTruncatedError` when it is not whole."""
        try:
            self._check_end()
            self._close_run()
            if self.usage is not None:
                _make_whole_numbers(self.usage)
        except _MISSHAPEN as error:
            raise _misshapen(error) from error
        blocks, self._blocks = self._blocks, []
        return ChatResponse(
            blocks,
            False,
            usage=self.usage,
            id=self.response_id or new_id(),
            created_at=self.created_at,
            metadata=self.metadata,
            model=self.model,
            finish_reason=self.finish_reason or FinishReason.OTHER,
            raw_finish_reason=self.raw_finish_reason,
        )

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

    def _add(self, block: ContentBlock) -> None:
        """A block, or a piece of one, of another kind."""
        self._close_run()
        self._blocks.append(block)

    def _close_run(self) -> None:
        if not self._run_id:
            return
        text = "".join(self._run)
        block: ContentBlock
        if self._run_kind == "text":
            block = TextBlock(id=self._run_id, text=text, created_at=self.created_at, provider_data=self._run_data)
        elif self._run_kind == "thinking":
            block = ThinkingBlock(
                id=self._run_id, thinking=text, created_at=self.created_at, provider_data=self._run_data
            )
        else:
            block = ToolCallBlock(
                id=self._run_id,
                name=self._run_name,
                input=text,
                created_at=self.created_at,
                provider_data=self._run_data,
            )
        self._blocks.append(block)
        self._run.clear()
        self._run_id = ""

    def _flush(self) -> ChatResponse | None:
        if self._run_id:
            self._close_run()
        if not self._blocks:
            return None
        blocks, self._blocks = self._blocks, []
        if not self.response_id:
            self.response_id = new_id()
        return ChatResponse(blocks, False, None, self.response_id, self.created_at)


def _are_whole(blocks: Sequence[ContentBlock]) -> bool:
    """Whether no block comes in pieces, and none holds sound, whose sizes are corrected when pieces are joined."""
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
