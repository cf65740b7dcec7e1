"""Ollama's answers to deltas, streamed or whole. Facts: wire/ollama, "Response" and "Traps"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...domain.accumulation import ChatFold
from ...domain.blocks import ContentBlock, ProviderData, TextBlock, ThinkingBlock, ToolCallBlock
from ...domain.errors import ResponseDecodeError, StreamTruncatedError
from ...domain.identity import new_id, new_timestamp
from ...domain.responses import ChatResponse, ChatUsage, FinishReason
from ..wire.errors import error_facts, error_in_stream, read_error
from ..wire.json_text import dump_json, parse_json

__all__ = ["OllamaDecoder", "decode_body"]

Json = dict[str, Any]  # Any: the provider's JSON

_FINISH_REASONS = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}


class OllamaDecoder:
    """One streamed answer: content and thinking come in pieces, tool calls whole."""

    def __init__(self) -> None:
        self.ended = False
        self._response_id = new_id()
        self._created_at = new_timestamp()
        self._text_id = ""
        self._thinking_id = ""
        self._call_ids: set[str] = set()
        self._last: Json = {}

    def feed(self, payload: bytes) -> ChatResponse | None:
        """The delta of one line."""
        try:
            line = parse_json(payload)
        except ValueError as error:
            raise ResponseDecodeError(f"a line of the stream is not JSON: {payload[:200]!r}") from error
        blocks = self._line(line)
        if not blocks:
            return None
        return ChatResponse(blocks, False, None, self._response_id, self._created_at)

    def finish(self) -> ChatResponse:
        """Usage and the reason of the end, from the line with `done`."""
        if not self.ended:
            raise StreamTruncatedError('the stream ended without a line with "done": true')
        raw = self._last.get("done_reason")
        return ChatResponse(
            [],
            is_last=False,
            usage=_usage(self._last),
            id=self._response_id,
            created_at=self._created_at,
            model=self._last.get("model"),
            finish_reason=_FINISH_REASONS.get(raw or "stop", FinishReason.OTHER),
            raw_finish_reason=raw,
        )

    def body(self, answer: Json) -> ChatResponse:
        """A whole answer, as one response."""
        if "message" not in answer and "error" not in answer:
            raise ResponseDecodeError("the answer has no `message`; check that the host is an Ollama server")
        fold = ChatFold()
        fold.add(ChatResponse(self._line(answer), False, None, self._response_id, self._created_at))
        fold.add(self.finish())
        return replace(fold.partial(), is_last=True)

    def _line(self, line: Any) -> list[ContentBlock]:  # Any: whatever JSON the server sent
        if not isinstance(line, dict):
            raise ResponseDecodeError("a line of the stream is not a JSON object")
        if line.get("error"):
            raise error_in_stream(error_facts(line))
        message = line.get("message") or {}
        blocks: list[ContentBlock] = []
        thinking, content = message.get("thinking"), message.get("content")
        if thinking:
            blocks.append(self._thinking(thinking))
        if content:
            if not self._text_id:
                self._text_id = new_id()
            blocks.append(TextBlock(id=self._text_id, text=content, created_at=self._created_at))
        for call in message.get("tool_calls") or ():
            blocks.append(self._call(call))
        if line.get("done"):
            self.ended, self._last = True, line
        return blocks

    def _thinking(self, text: str) -> ThinkingBlock:
        owner = None
        if not self._thinking_id:
            self._thinking_id = new_id()
            owner = ProviderData(provider="ollama")
        return ThinkingBlock(id=self._thinking_id, thinking=text, created_at=self._created_at, provider_data=owner)

    def _call(self, call: Json) -> ToolCallBlock:
        """Old servers give no id, or the same to every call."""
        function = call.get("function") or {}
        call_id = call.get("id")
        if not call_id or call_id in self._call_ids:
            call_id = f"call_{new_id()}"
        self._call_ids.add(call_id)
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else dump_json(arguments or {}).decode()
        return ToolCallBlock(
            id=call_id, name=function.get("name") or "unknown", input=text, created_at=self._created_at
        )


def decode_body(body: bytes) -> ChatResponse:
    """A whole body to a whole response."""
    try:
        answer = parse_json(body)
    except ValueError as error:
        facts = read_error(body)
        raise ResponseDecodeError(f"the answer is not JSON: {facts.message[:500]}", body=facts.text) from error
    if not isinstance(answer, dict):
        raise ResponseDecodeError("the answer is not a JSON object")
    return OllamaDecoder().body(answer)


def _usage(line: Json) -> ChatUsage:
    counts = {key: value for key, value in line.items() if key.endswith(("_count", "_duration"))}
    return ChatUsage(
        input_tokens=line.get("prompt_eval_count") or 0,
        output_tokens=line.get("eval_count") or 0,
        raw=counts,
    )
