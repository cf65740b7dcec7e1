"""Chat Completions answers to deltas, streamed or whole. Facts: wire/openai-chat, "Streaming" and "Traps"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ....domain.accumulation import ChatFold
from ....domain.blocks import ContentBlock, ProviderData, TextBlock, ThinkingBlock
from ....domain.errors import ResponseDecodeError, ServerError, StreamTruncatedError
from ....domain.identity import new_id, new_timestamp
from ....domain.responses import ChatResponse, ChatUsage, FinishReason
from ...wire.errors import error_facts, error_in_stream, read_error
from ...wire.json_text import parse_json
from ...wire.tool_calls import ToolCallTracker
from .audio import AudioReader
from .row import OpenAIChatRow
from .usage import chat_usage

__all__ = ["FINISH_REASONS", "OpenAIChatDecoder", "decode_body"]

FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}

Json = dict[str, Any]  # Any: the provider's JSON


class OpenAIChatDecoder:
    """One streamed answer. Only the first choice is read; usage may come anywhere and the latest counts."""

    def __init__(self, row: OpenAIChatRow, names: Mapping[str, str], audio_format: str = "pcm16") -> None:
        self.ended = False
        self._row = row
        self._created_at = new_timestamp()
        self._response_id = ""
        self._text_id = ""
        self._thinking_id = ""
        self._calls = ToolCallTracker(self._created_at, names)
        self._audio = AudioReader(row.provider, self._created_at, audio_format)
        self._model: str | None = None
        self._usage: ChatUsage | None = None
        self._raw_finish: str | None = None
        self._refused = False
        self._annotations: list[Any] = []

    def feed(self, payload: bytes) -> ChatResponse | None:
        """The delta of one `data` payload."""
        if payload.startswith(b"[DONE]"):
            self.ended = True
        if self.ended:
            return None
        try:
            chunk = parse_json(payload)
        except ValueError as error:
            raise ResponseDecodeError(f"an event of the stream is not JSON: {payload[:200]!r}") from error
        blocks = self._chunk(chunk)
        if not blocks:
            return None
        return ChatResponse(blocks, False, None, self._response_id, self._created_at)

    def finish(self) -> ChatResponse:
        """What was held back, with usage and the reason of the end."""
        if self._raw_finish is None and not self.ended:
            raise StreamTruncatedError("the stream ended without a finish reason or [DONE]")
        reason = FINISH_REASONS.get(self._raw_finish or "", FinishReason.OTHER)
        return ChatResponse(
            [*self._audio.finish(), *self._calls.finish()],
            is_last=False,
            usage=self._usage,
            id=self._response_id,
            created_at=self._created_at,
            metadata={"annotations": self._annotations} if self._annotations else {},
            model=self._model,
            finish_reason=FinishReason.REFUSAL if self._refused else reason,
            raw_finish_reason=self._raw_finish,
        )

    def body(self, answer: Json) -> ChatResponse:
        """A whole answer, as one response."""
        blocks = self._chunk(answer)
        if not answer.get("choices"):
            raise ResponseDecodeError("the answer has no `choices`; check that base_url points to a chat API")
        self.ended = True
        fold = ChatFold()
        fold.add(ChatResponse(blocks, False, None, self._response_id, self._created_at))
        fold.add(self.finish())
        return replace(fold.partial(), is_last=True)

    def _chunk(self, chunk: Any) -> list[ContentBlock]:  # Any: whatever JSON the server sent
        if not isinstance(chunk, dict):
            raise ResponseDecodeError("an event of the stream is not a JSON object")
        if chunk.get("error"):
            raise error_in_stream(error_facts(chunk), self._row.codes)
        if not self._response_id:
            self._response_id = chunk.get("id") or new_id()
            self._model = chunk.get("model")
        usage = chunk.get("usage")
        if usage:
            self._usage = chat_usage(usage)
        blocks: list[ContentBlock] = []
        for choice in chunk.get("choices") or ():
            if not choice.get("index"):
                self._choice(choice, blocks, has_usage=bool(usage))
        return blocks

    def _choice(self, choice: Json, blocks: list[ContentBlock], *, has_usage: bool) -> None:
        delta = choice.get("delta") or choice.get("message")
        if delta:
            self._delta(delta, blocks)
        finish = choice.get("finish_reason")
        if finish:
            if finish in self._row.error_finish_reasons:
                raise ServerError(f"the provider stopped: {finish}", code=finish)
            self._raw_finish = finish
        usage = choice.get("usage")
        if usage and not has_usage:
            self._usage = chat_usage(usage)

    def _delta(self, delta: Json, blocks: list[ContentBlock]) -> None:
        content = delta.get("content")
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning and isinstance(reasoning, str):
            self._thinking(reasoning, blocks)
        if content:
            if isinstance(content, str):
                self._text(content, blocks)
            else:
                self._parts(content, blocks)
        calls = delta.get("tool_calls")
        if calls:
            self._tool_calls(calls, blocks)
        if not content or len(delta) > 2:  # most deltas have a content and at most a role
            self._rarer(delta, blocks)

    def _text(self, text: str, blocks: list[ContentBlock]) -> None:
        if not self._text_id:
            self._text_id = new_id()
        blocks.append(TextBlock(id=self._text_id, text=text, created_at=self._created_at))

    def _thinking(self, text: str, blocks: list[ContentBlock]) -> None:
        if self._thinking_id:
            blocks.append(ThinkingBlock(id=self._thinking_id, thinking=text, created_at=self._created_at))
            return
        self._thinking_id = new_id()
        owner = ProviderData(provider=self._row.provider)
        blocks.append(
            ThinkingBlock(id=self._thinking_id, thinking=text, created_at=self._created_at, provider_data=owner)
        )

    def _parts(self, parts: Any, blocks: list[ContentBlock]) -> None:  # Any: a list, if the server is sane
        """Content as a list of parts, as a few servers stream it."""
        for part in parts if isinstance(parts, list) else ():
            text = part.get("text") or part.get("thinking")
            if isinstance(text, list):
                text = "".join(str(piece.get("text", "")) for piece in text)
            if text and part.get("type") == "thinking":
                self._thinking(text, blocks)
            elif text:
                self._text(text, blocks)

    def _tool_calls(self, calls: Any, blocks: list[ContentBlock]) -> None:  # Any: a list, if the server is sane
        for position, fragment in enumerate(calls):
            if "index" not in fragment and len(calls) > 1 and not fragment.get("id"):
                fragment = {**fragment, "index": position}
            block = self._calls.feed(fragment)
            if block is not None:
                blocks.append(block)

    def _rarer(self, delta: Json, blocks: list[ContentBlock]) -> None:
        refusal = delta.get("refusal")
        if refusal:
            self._refusal(refusal, blocks)
        audio = delta.get("audio")
        if audio:
            blocks += self._audio.feed(audio)
        self._annotations += delta.get("annotations") or ()

    def _refusal(self, refusal: str, blocks: list[ContentBlock]) -> None:
        owner = None if self._refused else ProviderData(provider=self._row.provider, data={"refusal": True})
        self._refused = True
        if not self._text_id:
            self._text_id = new_id()
        blocks.append(TextBlock(id=self._text_id, text=refusal, created_at=self._created_at, provider_data=owner))


def decode_body(body: bytes, decoder: OpenAIChatDecoder) -> ChatResponse:
    """A whole body to a whole response."""
    try:
        answer = parse_json(body)
    except ValueError as error:
        facts = read_error(body)
        raise ResponseDecodeError(f"the answer is not JSON: {facts.message[:500]}", body=facts.text) from error
    if not isinstance(answer, dict):
        raise ResponseDecodeError("the answer is not a JSON object")
    return decoder.body(answer)
