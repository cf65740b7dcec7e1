"""Ollama's answers to deltas, streamed or whole.

Facts: docs/protocols/ollama.md#response, docs/protocols/ollama.md#quirks.
"""

from __future__ import annotations

from ...domain.errors import ServerError, StreamTruncatedError
from ...domain.ids import new_id
from ...domain.message.blocks import ProviderData
from ...domain.message.responses import ChatResponse, ChatUsage
from ..wire.decoder import Json, JsonDecoder
from ..wire.errors import error_facts, error_in_stream, refused_answer
from ..wire.json_text import dump_json
from ..wire.words.counts import count
from ..wire.words.finish_words import finish_reason, is_failure, reason_word

__all__ = ["OllamaDecoder"]


class OllamaDecoder(JsonDecoder):
    """One streamed answer: content and thinking come in pieces, tool calls whole."""

    def __init__(self) -> None:
        super().__init__()
        self._text_id = ""
        self._thinking_id = ""
        self._call_ids: set[str] = set()
        self._answered = False
        """Whether there was a message."""

    def body(self, answer: Json) -> ChatResponse:
        """A whole answer, as one response."""
        if not isinstance(answer.get("message"), dict) and "error" not in answer:
            raise refused_answer(answer, "message", "an Ollama server")
        return self.whole(lambda: self._event(answer))

    def _check_end(self) -> None:
        if not self.ended:
            raise StreamTruncatedError('the stream ended without a line with "done": true')
        if not self._answered:
            raise StreamTruncatedError(
                "the stream ended without a message; check that base_url points to an Ollama server"
            )

    def _event(self, event: Json) -> None:
        if event.get("error"):
            raise error_in_stream(error_facts(event))
        message = event.get("message")
        if message.__class__ is dict:
            self._answered = True
            thinking, content = message.get("thinking"), message.get("content")
            if thinking:
                self._think(thinking)
            if content:
                if not self._text_id:
                    self._text_id = new_id()
                self._piece("text", self._text_id, content)
            for call in message.get("tool_calls") or ():
                self._call(call)
        elif message is not None and message.__class__ is not str:
            raise TypeError(f"the message is {message!r:.60}")
        elif not event.get("done") and error_facts(event).explained:
            raise refused_answer(event, "message", "an Ollama server")
        if event.get("logprobs"):
            self.metadata.setdefault("logprobs", []).extend(event["logprobs"])
        if event.get("done"):
            self._done(event)

    def _think(self, text: str) -> None:
        owner = None
        if not self._thinking_id:
            self._thinking_id = new_id()
            owner = ProviderData(provider="ollama")
        self._piece("thinking", self._thinking_id, text, data=owner)

    def _call(self, call: Json) -> None:
        """Old servers give no id, or the same to every call."""
        function = call.get("function") or {}
        call_id = call.get("id")
        if not call_id or call_id in self._call_ids:
            call_id = f"call_{new_id()}"
        self._call_ids.add(call_id)
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else dump_json(arguments or {}).decode()
        self._call_piece(call_id, text, function.get("name") or "unknown")

    def _done(self, event: Json) -> None:
        self.ended = True
        self.model = event.get("model")
        self.raw_finish_reason = word = reason_word(event.get("done_reason"))
        if is_failure(word):
            raise ServerError(f"the provider stopped: {word}", code=word)
        self.finish_reason = finish_reason(word or "stop")
        self.usage = ChatUsage(
            input_tokens=count(event, "prompt_eval_count"),
            output_tokens=count(event, "eval_count"),
            raw={key: value for key, value in event.items() if key.endswith(("_count", "_duration"))},
        )
