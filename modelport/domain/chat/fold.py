"""Folds the deltas of a stream into one whole response, at a cost linear in their size.

The same fold serves streams, whole bodies (one delta with everything) and custom models.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from ..errors import ResponseDecodeError
from ..ids import new_id, new_timestamp
from ..message.base64_text import is_plain
from ..message.blocks import Base64Source, ContentBlock, DataBlock, ProviderData, ToolCallBlock
from ..message.responses import AttemptRecord, ChatResponse, ChatUsage, FinishReason, ModelWarning
from ..message.unchecked import changed
from ..message.wav import HEADER_SIZE, true_header
from ..unicode import well_formed

__all__ = ["ChatFold"]

_TEXT_FIELD = {"text": "text", "thinking": "thinking", "tool_call": "input"}


class _Part:
    """The pieces of one block so far."""

    __slots__ = ("field", "first", "name", "pieces", "provider_data", "rest", "source")

    def __init__(self, block: ContentBlock) -> None:
        self.first = block
        self.field = _TEXT_FIELD.get(block.type)
        self.pieces: list[str] = []
        self.rest = b""
        """The last bytes of a sound, which with later ones become base64 without padding."""
        self.name: str = getattr(block, "name", None) or ""
        self.provider_data: ProviderData | None = None
        self.source: Any = None  # Any: the last source of a data block that is not joined

    def add(self, block: ContentBlock) -> None:
        if self.field is not None:
            self.pieces.append(getattr(block, self.field))
        elif isinstance(block, DataBlock):
            self._add_data(block)
        if block.provider_data is not None:
            self._own(block.provider_data)
        if not self.name and self.field == "input" and isinstance(block, ToolCallBlock):
            self.name = block.name

    def _add_data(self, block: DataBlock) -> None:
        source = block.source
        if isinstance(source, Base64Source) and source.media_type.startswith("audio/"):
            self._add_sound(source.data)
        self.source = source

    def _add_sound(self, data: str) -> None:
        """Keep base64 so that the pieces, one after the other, are the base64 of the whole sound."""
        if not self.rest and is_plain(data) and not data.endswith("="):
            self.pieces.append(data)
            return
        try:
            raw = self.rest + base64.b64decode(data)
        except ValueError as error:
            raise ResponseDecodeError(f"expected audio in base64, got other text: {error}") from error
        end = len(raw) - len(raw) % 3
        self.pieces.append(base64.b64encode(raw[:end]).decode("ascii"))
        self.rest = raw[end:]

    def _own(self, data: ProviderData) -> None:
        before = self.provider_data
        merged = {**before.data, **data.data} if before else data.data
        self.provider_data = data.model_copy(update={"data": merged})

    def whole(self) -> ContentBlock:
        changes: dict[str, Any] = {"provider_data": self.provider_data}  # Any: fields of the block
        if self.field is not None:
            changes[self.field] = well_formed("".join(self.pieces))
        elif self.pieces:
            changes["source"] = self.source.model_copy(update={"data": _joined_audio(self.pieces, self.rest)})
        elif self.source is not None:
            changes["source"] = self.source
        if self.first.type == "tool_call":
            changes["name"] = self.name
        return changed(self.first, changes)


_HEADER = -(-HEADER_SIZE // 3) * 4
"""Characters of base64 that hold a WAV's header, and a byte more."""


def _joined_audio(pieces: list[str], rest: bytes) -> str:
    """The sound as one piece of base64, with the true sizes of a WAV, of which only the header is decoded."""
    pieces = [*pieces, base64.b64encode(rest).decode("ascii")]
    count = next((n for n, length in enumerate(accumulate(map(len, pieces)), 1) if length >= _HEADER), len(pieces))
    start = "".join(pieces[:count])
    characters, padding = sum(map(len, pieces)), pieces[-1].count("=")
    decoded = base64.b64decode(start[:_HEADER])
    header = true_header(decoded[:HEADER_SIZE], characters // 4 * 3 - padding)
    if header is not None:
        start = base64.b64encode(header + decoded[HEADER_SIZE:]).decode("ascii") + start[_HEADER:]
    return "".join([start, *pieces[count:]])


_COUNTS = ("input_tokens", "output_tokens", "cache_input_tokens", "cache_creation_input_tokens", "reasoning_tokens")


def _later(before: ChatUsage, later: ChatUsage) -> ChatUsage:
    """Counts are cumulative; a later zero is a count that the server left out."""
    kept = {name: getattr(later, name) or getattr(before, name) for name in _COUNTS}
    return replace(later, **kept, raw=later.raw or before.raw)


def _reason_of(response: ChatResponse) -> tuple[FinishReason, str | None]:
    """The reason and the provider's own value; a custom model may give either as a plain string."""
    word, raw = response.finish_reason, response.raw_finish_reason
    if word.__class__ is FinishReason:
        return word, raw
    try:
        return FinishReason(str(word)), raw
    except ValueError:
        return FinishReason.OTHER, raw or str(word)


_USAGE = ChatUsage


def _timed(usage: ChatUsage, seconds: float) -> ChatUsage:
    """The usage with the seconds of the call."""
    if usage.__class__ is not _USAGE:
        return replace(usage, time=seconds)
    return ChatUsage(
        usage.input_tokens,
        usage.output_tokens,
        seconds,
        usage.cache_input_tokens,
        usage.cache_creation_input_tokens,
        usage.reasoning_tokens,
        usage.raw,
    )


def _reason(reason: FinishReason | None, raw: str | None, content: Sequence[ContentBlock]) -> FinishReason:
    """The reason to hand out: a normal end with tool calls is `tool_calls`."""
    reason = reason or FinishReason.OTHER
    if reason is FinishReason.STOP or (reason is FinishReason.OTHER and raw is None):
        for block in content:
            if block.type == "tool_call":
                return FinishReason.TOOL_CALLS
    return reason


class ChatFold:
    """Folds the deltas of one answer. Call `partial()` at any time, `final()` once at the end."""

    def __init__(self, provider: str | None = None, model: str | None = None) -> None:
        self._parts: dict[str, _Part] = {}
        self._own_last: ChatResponse | None = None
        self._id: str | None = None
        self._created_at: str | None = None
        self._provider = provider
        self._model = model
        self._metadata: dict[str, Any] = {}  # Any: provider facts
        self.usage: ChatUsage | None = None
        self.finish_reason: FinishReason | None = None
        self.raw_finish_reason: str | None = None
        self.warnings: list[ModelWarning] = []

    def add(self, response: ChatResponse) -> None:
        """Take one delta, or a custom model's own last response."""
        if response.is_last and response.content:
            self._own_last = response
        else:
            parts = self._parts
            for block in response.content:
                part = parts.get(block.id)
                if part is None:
                    part = parts[block.id] = _Part(block)
                part.add(block)
        if self._id is None and response.id:
            self._id, self._created_at = response.id, response.created_at
        if response.usage is not None or response.finish_reason is not None or response.metadata or response.warnings:
            self._add_facts(response)

    def _add_facts(self, response: ChatResponse) -> None:
        self.warnings.extend(response.warnings)
        if response.usage is not None:
            self.usage = _later(self.usage, response.usage) if self.usage is not None else response.usage
        if response.finish_reason is not None:
            self.finish_reason, self.raw_finish_reason = _reason_of(response)
        self._metadata.update(response.metadata)
        self._model = response.model or self._model

    def partial(self) -> ChatResponse:
        """Everything so far, as a response that is not the last."""
        return self._response(is_last=False, attempts=[])

    def final(self, attempts: list[AttemptRecord], seconds: float) -> ChatResponse:
        """The whole answer; `seconds` is the time of the call."""
        response = self._response(is_last=True, attempts=attempts)
        if response.usage is not None:
            response.usage = _timed(response.usage, seconds)
        response.finish_reason = _reason(self.finish_reason, self.raw_finish_reason, response.content)
        return response

    def whole(self, response: ChatResponse, attempts: list[AttemptRecord], seconds: float) -> ChatResponse:
        """The final response of an answer that came in one piece: what `add` and then `final` would give."""
        fresh = not self._parts and self._own_last is None
        if not (fresh and response.is_last and response.content and response.usage.__class__ is _USAGE):
            self.add(response)
            return self.final(attempts, seconds)
        self.usage = response.usage
        reason, raw = _reason_of(response) if response.finish_reason is not None else (None, None)
        return ChatResponse(
            [*response.content],
            True,
            _timed(self.usage, seconds),
            response.id or new_id(),
            (response.id and response.created_at) or new_timestamp(),
            "chat_response",
            {**response.metadata},
            self._provider,
            response.model or self._model,
            _reason(reason, raw, response.content),
            raw,
            [*response.warnings],
            attempts,
        )

    def _response(self, *, is_last: bool, attempts: list[AttemptRecord]) -> ChatResponse:
        own = self._own_last
        content = list(own.content) if own else [part.whole() for part in self._parts.values()]
        return ChatResponse(
            content,
            is_last,
            usage=self.usage,
            id=self._id or new_id(),
            created_at=self._created_at or new_timestamp(),
            metadata=self._metadata,
            provider=self._provider,
            model=self._model,
            finish_reason=self.finish_reason,
            raw_finish_reason=self.raw_finish_reason,
            warnings=list(self.warnings),
            attempts=attempts,
        )
