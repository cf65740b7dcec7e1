"""Chat Completions answers, streamed or whole, as deltas.

Facts: docs/protocols/openai-chat.md#streaming, docs/protocols/openai-chat.md#usage,
docs/protocols/openai-chat.md#quirks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....domain.errors import ModelError, ResponseDecodeError, ServerError, StreamTruncatedError
from ....domain.ids import new_id
from ....domain.message.blocks import ProviderData
from ....domain.message.responses import ChatResponse, ChatUsage, FinishReason
from ...wire.decoder import Json, JsonDecoder
from ...wire.errors import error_facts, error_in_stream
from ...wire.tool_calls import ToolCallTracker
from .audio import AudioReader
from .profile import OpenAIChatProfile

__all__ = ["FINISH_REASONS", "OpenAIChatDecoder", "chat_usage"]


def chat_usage(usage: dict[str, Any]) -> ChatUsage:  # Any: the provider's JSON
    """Input includes cached tokens and output includes reasoning already, as we count."""
    sent, received, cached, hit = _counts(
        usage, "prompt_tokens", "completion_tokens", "cached_tokens", "prompt_cache_hit_tokens"
    )
    read, written, created = _counts(
        usage.get("prompt_tokens_details"), "cached_tokens", "cache_write_tokens", "cache_creation_input_tokens"
    )
    (reasoning,) = _counts(usage.get("completion_tokens_details"), "reasoning_tokens")
    return ChatUsage(
        input_tokens=sent,
        output_tokens=received,
        cache_input_tokens=read or cached or hit,
        cache_creation_input_tokens=written or created,
        reasoning_tokens=reasoning,
        raw=usage,
    )


def _counts(source: Any, *names: str) -> list[int]:  # Any: an object, if the server sends one
    """The counts of these names; 0 for what is missing or is no count."""
    counts = []
    for name in names:
        value = source.get(name) if isinstance(source, dict) else None
        counts.append(value if isinstance(value, int) and value > 0 else 0)
    return counts


FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}


class OpenAIChatDecoder(JsonDecoder):
    """One streamed answer. Only the first choice is read; usage may come anywhere and the latest counts."""

    done_ends = True

    def __init__(self, profile: OpenAIChatProfile, names: Mapping[str, str], audio_format: str = "pcm16") -> None:
        super().__init__()
        self._profile = profile
        self._text_id = ""
        self._thinking_id = ""
        self._refused = False
        self._calls = ToolCallTracker(names)
        raw = audio_format in profile.raw_audio_formats
        self._audio = AudioReader(profile.provider, self.created_at, audio_format, raw=raw)

    def body(self, answer: Json) -> ChatResponse:
        """A whole answer, as one response."""
        if not (answer.get("choices") or answer.get("error") or answer.get("code")):
            raise ResponseDecodeError("the answer has no `choices`; check that base_url points to a chat API")
        return self.whole(lambda: self._event(answer))

    def _check_end(self) -> None:
        if self.raw_finish_reason is None and not self.ended:
            raise StreamTruncatedError("the stream ended without a finish reason or [DONE]")
        reason = FINISH_REASONS.get(self.raw_finish_reason or "", FinishReason.OTHER)
        self.finish_reason = FinishReason.REFUSAL if self._refused else reason
        for block in self._audio.finish():
            self._add(block)
        for piece in self._calls.finish():
            self._piece("tool_call", *piece)

    def _event(self, event: Json) -> None:
        if event.get("error"):
            raise self._failure(event)
        if not self.response_id:
            self.response_id = event.get("id") or new_id()
            self.model = event.get("model")
        usage = event.get("usage")
        if usage:
            self.usage = chat_usage(usage)
        choices = event.get("choices")
        if choices:
            for choice in choices:
                if not choice.get("index"):
                    self._choice(choice, has_usage=bool(usage))
        elif event.get("code"):  # an error without its envelope
            raise self._failure(event)

    def _failure(self, event: Json) -> ModelError:
        facts, profile = error_facts(event), self._profile
        return error_in_stream(profile.refine_error(facts) if profile.refine_error else facts, profile.codes)

    def _choice(self, choice: Json, *, has_usage: bool) -> None:
        delta = choice.get("delta") or choice.get("message")
        if delta:
            self._delta(delta)
        finish = choice.get("finish_reason")
        if finish and finish != "null":  # a string, which some servers send until the end
            if finish in self._profile.error_finish_reasons:
                raise ServerError(f"the provider stopped: {finish}", code=finish)
            self.raw_finish_reason = finish
            self.complete = True
        if not has_usage and choice.get("usage"):
            self.usage = chat_usage(choice["usage"])

    def _delta(self, delta: Json) -> None:
        content = delta.get("content")
        if content and len(delta) == 1 and content.__class__ is str:  # nearly every delta
            self._piece("text", self._text_id or self._new_text(), content)
            return
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning and isinstance(reasoning, str):
            self._think(reasoning)
        if isinstance(content, str):
            self._say(content)
        elif content:
            self._parts(content)
        if delta.get("tool_calls"):
            self._tool_calls(delta["tool_calls"])
        if delta.get("refusal"):
            self._refuse(delta["refusal"])
        if delta.get("audio"):
            for block in self._audio.feed(delta["audio"]):
                self._add(block)
        if delta.get("annotations"):
            self.metadata.setdefault("annotations", []).extend(delta["annotations"])

    def _new_text(self) -> str:
        self._text_id = new_id()
        return self._text_id

    def _say(self, text: str) -> None:
        if text:
            self._piece("text", self._text_id or self._new_text(), text)

    def _think(self, text: str) -> None:
        owner = None
        if not self._thinking_id:
            self._thinking_id = new_id()
            owner = ProviderData(provider=self._profile.provider)
        self._piece("thinking", self._thinking_id, text, data=owner)

    def _parts(self, parts: Any) -> None:  # Any: a list, if the server is sane
        """Content as a list of parts, as a few servers stream it."""
        for part in parts if isinstance(parts, list) else ():
            text = part.get("text") or part.get("thinking")
            if isinstance(text, list):
                text = "".join(str(piece.get("text", "")) for piece in text)
            if text and part.get("type") == "thinking":
                self._think(text)
            elif text:
                self._say(text)

    def _tool_calls(self, calls: Any) -> None:  # Any: a list, if the server is sane
        for position, fragment in enumerate(calls):
            if len(calls) > 1 and "index" not in fragment and not fragment.get("id"):
                fragment = {**fragment, "index": position}
            piece = self._calls.feed(fragment)
            if piece is not None:
                self._piece("tool_call", *piece)

    def _refuse(self, words: str) -> None:
        owner = None if self._refused else ProviderData(provider=self._profile.provider, data={"refusal": True})
        self._refused = True
        self._piece("text", self._text_id or self._new_text(), words, data=owner)
