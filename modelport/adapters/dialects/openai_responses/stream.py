"""Answers and errors of the Responses API, streamed or whole.

Deltas are delivered as they come. What a finished item holds beyond its deltas is added when the item is done, so that
servers that leave out deltas, or the events that announce and end items, give the same answer.

Facts: docs/protocols/openai-responses.md#streaming-events, docs/protocols/openai-responses.md#errors,
docs/protocols/openai-responses.md#usage, docs/protocols/openai-responses.md#quirks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from ....domain.errors import ModelError, ServerError, StreamTruncatedError
from ....domain.ids import new_id
from ....domain.message.blocks import Base64Source, DataBlock, ProviderData, ThinkingBlock
from ....domain.message.responses import ChatResponse, ChatUsage, FinishReason
from ...wire.decoder import Json, JsonDecoder
from ...wire.errors import ErrorFacts, error_facts, error_in_stream, error_of_answer, refused_answer
from ...wire.json_text import dump_json
from ...wire.words.counts import add_counts, count
from ...wire.words.finish_words import finish_reason
from .items import Item, OutputItems, Part
from .profile import CALL_FACTS, OpenAIResponsesProfile

__all__ = ["OpenAIResponsesDecoder", "failed_response", "response_error", "response_usage"]


def response_error(profile: OpenAIResponsesProfile, facts: ErrorFacts, status: int | None = None) -> ModelError:
    """The error that these facts mean; without a status when the answer itself was successful."""
    message = f"{facts.message}\n{facts.text}".lower()
    named = next((cls for phrase, cls in profile.phrases.items() if phrase in message), None)
    if named is not None:
        body = facts.text or None
        return named(facts.message, status_code=status, code=facts.code, request_id=facts.request_id, body=body)
    if status is None:
        return error_in_stream(facts, profile.codes)
    return error_of_answer(status, facts, profile.codes)


def failed_response(profile: OpenAIResponsesProfile, response: Json) -> ModelError:
    """The error of a response whose status is `failed` or `cancelled`."""
    if not response.get("error"):
        if response.get("status") == "cancelled":
            return ServerError("the response was cancelled at the provider", code="cancelled", retryable=False)
        return ServerError("the provider failed to respond and did not say why", code="failed")
    return response_error(profile, error_facts({"error": response["error"]}))


def response_usage(usage: dict[str, Any]) -> ChatUsage:  # Any: the provider's JSON
    """The provider's input includes cached tokens and its output reasoning, as `ChatUsage` does."""
    read, written = usage.get("input_tokens_details"), usage.get("output_tokens_details")
    return ChatUsage(
        input_tokens=count(usage, "input_tokens"),
        output_tokens=count(usage, "output_tokens"),
        cache_input_tokens=count(read, "cached_tokens"),
        cache_creation_input_tokens=count(read, "cache_write_tokens"),
        reasoning_tokens=count(written, "reasoning_tokens"),
        raw=usage,
    )


_FAILED = ("failed", "cancelled")
_FACTS = ("input_transformations", "service_tier", "system_fingerprint")
"""Fields of a response that are copied to `metadata`."""


class OpenAIResponsesDecoder(JsonDecoder):
    """One response. `names` maps tool names on the wire to the application's."""

    def __init__(self, profile: OpenAIResponsesProfile, names: Mapping[str, str]) -> None:
        super().__init__()
        self._profile = profile
        self._names = names
        self._items = OutputItems()
        self._refused = False
        self._has_output = False
        """Whether the final response has a list of output items, which may be empty."""
        self._call_ids: set[str] = set()
        self._raw_usage: Json = {}

    def body(self, answer: Json) -> ChatResponse:
        """A whole answer, as one response."""
        if answer.get("status") in _FAILED:
            raise failed_response(self._profile, answer)
        if answer.get("error"):
            raise response_error(self._profile, error_facts(answer))
        if not isinstance(answer.get("output"), list):
            raise refused_answer(answer, "output", "a Responses API", self._profile.codes)
        return self.whole(lambda: self._ended(answer))

    def _check_end(self) -> None:
        if not self.ended:
            raise StreamTruncatedError("the stream ended without response.completed, .incomplete or .failed")
        if not (self._items or self._has_output) and self.raw_finish_reason == "completed":
            raise StreamTruncatedError(
                "the stream ended without any output; check that base_url points to a Responses API"
            )
        cut = self.raw_finish_reason != "completed"
        for item in self._items.of_kind("function_call"):
            if not item.closed:
                self._close_call(item, {"status": "incomplete" if cut else "completed"})

    def _event(self, event: Json) -> None:
        kind = event.get("type")
        if kind == "response.output_text.delta":  # nearly every event
            self._say(event, event.get("delta"), refusal=False)
            return
        handler = _HANDLERS.get(kind or "")
        if handler is not None:
            handler(self, event)
        elif kind == "error" or (kind is None and event.get("error")):
            raise response_error(self._profile, error_facts(event))
        elif kind is None and isinstance(event.get("output"), list):  # a whole answer as an event
            self._ended(event)
            self.ended = True
        elif kind is None and error_facts(event).explained:
            raise refused_answer(event, "type", "a Responses API", self._profile.codes)

    def _created(self, event: Json) -> None:
        response = event.get("response") or {}
        self.response_id = response.get("id") or self.response_id
        self.model = response.get("model") or self.model

    def _added(self, event: Json) -> None:
        raw = event.get("item") or {}
        item = self._items.add(event.get("output_index"), raw)
        if item.kind == "function_call":
            self._name(item, raw)
            self._argue(item, _arguments(raw))

    def _say(self, event: Json, text: Any, *, refusal: bool) -> None:  # Any: a string, if the server is sane
        if text:
            item = self._items.of_event(event, "message")
            self._more_text(item, event.get("content_index") or 0, text, refusal=refusal)

    def _more_text(self, item: Item, index: int, text: str, *, refusal: bool) -> None:
        part = item.parts.get(index)
        owner = None
        if part is None:
            owner = self._text_owner(item, refusal=refusal)
            part = item.parts[index] = Part(new_id())
        part.size += len(text)
        self._piece("text", part.block_id, text, data=owner)

    def _text_owner(self, item: Item, *, refusal: bool) -> ProviderData | None:
        """Replay data of a text, if it has any."""
        data: Json = {"phase": item.phase} if item.phase else {}
        if refusal:
            data["refusal"] = self._refused = True
        if item.parts:
            data["same_message"] = True
        return ProviderData(provider=self._profile.provider, data=data) if data else None

    def _think(self, event: Json, group: str, index: str) -> None:
        text = event.get("delta")
        if text:
            item = self._items.of_event(event, "reasoning")
            self._more_thinking(item, (group, event.get(index) or 0), text)

    def _more_thinking(self, item: Item, section: tuple[str, int], text: str) -> None:
        item.block_id = item.block_id or new_id()
        part = item.parts.get(section)
        if part is None:
            part = item.parts[section] = Part(item.block_id)
            if item.size:
                self._piece("thinking", item.block_id, "\n\n")
        part.size += len(text)
        item.size += len(text)
        self._piece("thinking", item.block_id, text)

    def _arguments_delta(self, event: Json) -> None:
        self._argue(self._items.of_event(event, "function_call"), event.get("delta") or "")

    def _arguments_done(self, event: Json) -> None:
        """The whole arguments; all of them where a server sends no deltas."""
        if self._items.is_closed(event):
            return
        item = self._items.of_event(event, "function_call")
        item.wire_name = event.get("name") or ""
        self._argue(item, _arguments(event)[item.size :])

    def _name(self, item: Item, raw: Json) -> None:
        """The tool's name and the call's id, once they are known."""
        if raw.get("name") and not item.name:
            item.name = self._names.get(raw["name"], raw["name"])
            item.block_id = raw.get("call_id") or raw.get("id") or ""
            if not item.block_id or item.block_id in self._call_ids:  # some servers give several calls one id
                item.block_id = f"call_{new_id()}"
            self._call_ids.add(item.block_id)
            facts = {key: raw[key] for key in CALL_FACTS if raw.get(key) is not None}
            owner = ProviderData(provider=self._profile.provider, data=facts) if facts else None
            self._piece("tool_call", item.block_id, "", item.name, owner)

    def _argue(self, item: Item, text: str) -> None:
        item.size += len(text)
        if not item.name:
            item.held.append(text)
        elif text:
            self._call_piece(item.block_id, text, item.name)

    def _done(self, event: Json) -> None:
        raw = event.get("item") or {}
        self._close(self._items.of_done(event, raw), raw)

    def _close(self, item: Item, raw: Json) -> None:
        """What the finished item holds beyond its deltas."""
        item.closed = True
        if item.kind == "message":
            self._close_message(item, raw)
        elif item.kind == "reasoning":
            self._close_reasoning(item, raw)
        elif item.kind == "function_call":
            self._close_call(item, raw)
        else:
            self._run_by_provider(raw)

    def _close_message(self, item: Item, raw: Json) -> None:
        late_phase = raw.get("phase") if not item.phase else None
        item.phase = item.phase or late_phase
        parts = raw.get("content") or ()
        if late_phase:
            owner = ProviderData(provider=self._profile.provider, data={"phase": late_phase})
            for known in item.parts.values():
                self._piece("text", known.block_id, "", data=owner)
        for index, text in _missing(item, {index: _text(part) for index, part in enumerate(parts)}):
            self._more_text(item, index, text, refusal=parts[index].get("type") == "refusal")
        for part in parts:
            for key in ("annotations", "logprobs"):
                if part.get(key):
                    self.metadata.setdefault(key, []).extend(part[key])

    def _close_reasoning(self, item: Item, raw: Json) -> None:
        """The item itself is kept whole: only as it is can it be sent back."""
        streamed = {section[0] for section in item.parts}
        texts = {
            (group, index): _text(part)
            for group in ("summary", "content")
            if not streamed or group in streamed  # else it repeats the same reasoning
            for index, part in enumerate(raw.get(group) or ())
        }
        for section, text in _missing(item, texts):
            self._more_thinking(item, section, text)
        kept = {key: value for key, value in raw.items() if value is not None}
        owner = ProviderData(provider=self._profile.provider, data={"item": kept})
        if item.size:
            self._piece("thinking", item.block_id, "", data=owner)
        elif raw.get("encrypted_content"):
            block = ThinkingBlock(thinking="", redacted=True, created_at=self.created_at, provider_data=owner)
            self._add(block)

    def _close_call(self, item: Item, raw: Json) -> None:
        text = _arguments(raw)
        missing = text[item.size :]
        if not text and not item.size and raw.get("status") != "incomplete":
            missing = "{}"  # a call that was cut short must not look like one without arguments
        item.closed = True
        held = "".join(item.held)
        self._name(item, raw if raw.get("name") else {**raw, "name": item.wire_name or "unknown"})
        if held or missing:
            self._call_piece(item.block_id, held + missing, item.name)

    def _run_by_provider(self, raw: Json) -> None:
        """A tool that ran at the provider, or an item of an unknown type."""
        result = raw.get("result")
        if raw.get("type") == "image_generation_call" and isinstance(result, str) and result:
            source = Base64Source(data=result, media_type=f"image/{raw.get('output_format') or 'png'}")
            self._add(DataBlock(source=source, created_at=self.created_at))
            raw = {key: value for key, value in raw.items() if key != "result"}
        self.metadata.setdefault("server_tools", []).append(raw)

    def _terminal(self, event: Json) -> None:
        response = event.get("response") or {}
        if event.get("type") == "response.failed":
            raise failed_response(self._profile, response)
        if event.get("type") in ("response.incomplete", "response.cancelled"):
            response = {"status": event["type"].partition(".")[2], **response}
        self._ended(response)
        self.ended = True

    def _ended(self, response: Json) -> None:
        """The final response object: its items are matched with those seen, type by type."""
        if response.get("status") in _FAILED:
            raise failed_response(self._profile, response)
        self._created({"response": response})
        if response.get("usage"):
            add_counts(self._raw_usage, response["usage"])
            self.usage = response_usage(self._raw_usage)
        for name in _FACTS:
            if response.get(name) is not None:
                self.metadata[name] = response[name]
        self._has_output = isinstance(response.get("output"), list)
        counts: dict[str, int] = {}
        for index, raw in enumerate(response.get("output") or ()):
            kind = str(raw.get("type"))
            place = counts[kind] = counts.get(kind, -1) + 1
            seen = self._items.of_kind(kind)
            item = seen[place] if place < len(seen) else self._items.add(index, raw)
            if not item.closed:
                self._close(item, raw)
        self._set_finish_reason(response)

    def _set_finish_reason(self, response: Json) -> None:
        status = response.get("status") or "completed"
        details = response.get("incomplete_details") or {}
        self.raw_finish_reason = (details.get("reason") if status == "incomplete" else None) or status
        reason = finish_reason(self.raw_finish_reason)
        refused = self._refused and reason is FinishReason.STOP
        self.finish_reason = FinishReason.REFUSAL if refused else reason


K = TypeVar("K")


def _missing(item: Item, texts: Mapping[K, str]) -> Iterator[tuple[K, str]]:
    """What the texts of a finished item hold beyond the deltas; servers without indexes give it all to one part."""
    if sum(part.size for part in item.parts.values()) >= sum(map(len, texts.values())):
        return
    for key, text in texts.items():
        known = item.parts.get(key)
        if known is None or known.size < len(text):
            yield key, text[known.size if known else 0 :]


def _text(part: Json) -> str:
    return part.get("text") or part.get("refusal") or ""


def _arguments(raw: Json) -> str:
    arguments = raw.get("arguments")
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else dump_json(arguments).decode()


_Decoder = OpenAIResponsesDecoder
_HANDLERS: Mapping[str, Callable[[OpenAIResponsesDecoder, Json], None]] = {
    "response.created": _Decoder._created,
    "response.output_item.added": _Decoder._added,
    "response.output_item.done": _Decoder._done,
    "response.refusal.delta": lambda decoder, event: decoder._say(event, event.get("delta"), refusal=True),
    "response.reasoning_summary_text.delta": lambda decoder, event: decoder._think(event, "summary", "summary_index"),
    "response.reasoning_text.delta": lambda decoder, event: decoder._think(event, "content", "content_index"),
    "response.function_call_arguments.delta": _Decoder._arguments_delta,
    "response.function_call_arguments.done": _Decoder._arguments_done,
    "response.completed": _Decoder._terminal,
    "response.done": _Decoder._terminal,
    "response.incomplete": _Decoder._terminal,
    "response.failed": _Decoder._terminal,
    "response.cancelled": _Decoder._terminal,
}
