"""Chat Completions answers, streamed or whole, as deltas.

Facts: docs/protocols/openai-chat.md#streaming, docs/protocols/openai-chat.md#usage,
docs/protocols/openai-chat.md#quirks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ....domain.errors import ModelError, ServerError, StreamTruncatedError
from ....domain.ids import new_id
from ....domain.message.blocks import ProviderData, ThinkingBlock
from ....domain.message.responses import ChatResponse, ChatUsage, FinishReason
from ...wire.calls.tool_calls import ToolCallTracker
from ...wire.decoder import Json, JsonDecoder
from ...wire.errors import error_facts, error_in_stream, has_failed_base, names_an_error, refused_answer
from ...wire.words.counts import add_counts, count, counts
from ...wire.words.finish_words import finish_reason, is_failure, reason_word
from ...wire.words.think_tags import ThinkTags
from .audio import AudioReader
from .cumulative import NewText
from .profile import OpenAIChatProfile
from .replay import DETAILS, EXTRA, Details, details_text

__all__ = ["OpenAIChatDecoder", "chat_usage"]

_FACTS = ("service_tier", "system_fingerprint", "provider", "citations", "search_results")
"""Fields of an answer that are copied to `metadata`."""
_USUAL = frozenset({"index", "delta", "logprobs", "finish_reason"})
"""The fields of a choice that most servers send, and all that they send beside more text."""
_NO_CHOICE = "the stream ended without a choice; check that base_url points to a chat API"


def chat_usage(usage: dict[str, Any]) -> ChatUsage:  # Any: the provider's JSON
    """The provider's input includes cached tokens and its output reasoning, as `ChatUsage` does."""
    sent, received, cached, hit = counts(
        usage, "prompt_tokens", "completion_tokens", "cached_tokens", "prompt_cache_hit_tokens"
    )
    if not sent and not received:  # some servers use the words of other APIs
        sent, received = counts(usage, "input_tokens", "output_tokens")
    details = usage.get("prompt_tokens_details")
    read, written, created = counts(details, "cached_tokens", "cache_write_tokens", "cache_creation_input_tokens")
    return ChatUsage(
        input_tokens=sent,
        output_tokens=received,
        cache_input_tokens=read or cached or hit,
        cache_creation_input_tokens=written or created,
        reasoning_tokens=count(usage.get("completion_tokens_details"), "reasoning_tokens"),
        raw=usage,
    )


class OpenAIChatDecoder(JsonDecoder):
    """One streamed answer. Only the first choice is read; usage may come anywhere and the latest counts."""

    __slots__ = (
        "_audio",
        "_audio_format",
        "_calls",
        "_chosen",
        "_details",
        "_extra",
        "_further",
        "_kept",
        "_last_call",
        "_names",
        "_new",
        "_noted",
        "_odd",
        "_plain",
        "_profile",
        "_raw_usage",
        "_refused",
        "_tags",
        "_text_id",
        "_thinking_id",
    )

    done_ends = True

    def __init__(self, profile: OpenAIChatProfile, names: Mapping[str, str], audio_format: str = "pcm16") -> None:
        super().__init__()
        self._profile = profile
        self._text_id = ""
        self._thinking_id = ""
        self._refused = False
        self._chosen = False
        self._noted = True
        """Whether the facts of the current event are kept, or of no interest."""
        self._odd: Json | None = None
        """The first event without a choice, if it may be all that comes."""
        self._raw_usage: Json = {}
        self._tags = ThinkTags() if profile.reasoning_form == "tags" else None
        self._new = NewText() if profile.cumulative_text else None
        self._plain = self._tags is None and self._new is None
        """Whether text is text: it holds no thinking, and repeats nothing."""
        self._details: Details | None = None
        self._kept: Json = {}
        """What goes back with the message unchanged."""
        self._extra: Json | None = None
        """A signature that waits for the next piece of a call."""
        self._last_call = ("", "")
        self._further: set[int] = set()
        """The indexes of the choices that are not read."""
        self._names, self._audio_format = names, audio_format
        self._calls: ToolCallTracker | None = None  # this and the next are made by the first piece
        self._audio: AudioReader | None = None

    def body(self, answer: Json) -> ChatResponse:
        """A whole answer, as one response."""
        if not (answer.get("choices") or answer.get("error")):
            raise self._refused_answer(answer)
        return self.whole(lambda: self._event(answer))

    def _check_end(self) -> None:
        if self._further:
            self.note_choices(1 + len(self._further))
        if not self._chosen:
            raise self._refused_answer(self._odd) if self._odd else StreamTruncatedError(_NO_CHOICE)
        if self.raw_finish_reason is None and self._odd and error_facts(self._odd).explained:
            raise self._refused_answer(self._odd)  # an error without its envelope, after which there may be a [DONE]
        if self.raw_finish_reason is None and not self.ended:
            raise StreamTruncatedError("the stream ended without a finish reason or [DONE]")
        reason = finish_reason(self.raw_finish_reason)
        self.finish_reason = FinishReason.REFUSAL if self._refused else reason
        for kind, text in self._tags.finish() if self._tags else ():
            self._speak(text) if kind == "text" else self._think(text)
        for block in self._audio.finish() if self._audio else ():
            self._add(block)
        for piece in self._calls.finish() if self._calls else ():
            self._call(*piece)
        if self._extra and self._last_call[0]:
            self._call(self._last_call[0], "", self._last_call[1])
        kept = {DETAILS: self._details.whole(), **self._kept} if self._details else self._kept
        if kept:
            self.metadata.update(kept)
            if not self._thinking_id:
                self._think_unseen()
            self._piece("thinking", self._thinking_id, "", data=self._owned(kept))

    def _event(self, event: Json) -> None:
        if self._plain and self._chosen and self._noted and self._text_event(event):
            return
        if event.get("error"):
            raise self._failure(event)
        if not self.response_id:
            self.response_id = event.get("id") or new_id()
            self.model = event.get("model")
            self._noted = False
        usage = event.get("usage")
        if usage:
            self._count(usage)
            self._noted = False
        choices = event.get("choices")
        if choices:
            for choice in choices:
                if not choice.get("index"):
                    self._choice(choice, event)
                else:
                    self._further.add(choice["index"])
        elif not usage:
            self._without_choices(event)
        if not self._noted:
            self._facts(event)

    def _text_event(self, event: Json) -> bool:
        """Whether it says nothing but more text, as nearly all events of a long answer; the text is taken then."""
        choices = event.get("choices")
        if not choices or len(choices) != 1 or event.get("usage") or event.get("error"):
            return False
        choice = choices[0]
        if not choice.keys() <= _USUAL or choice.get("finish_reason") or choice.get("logprobs") or choice.get("index"):
            return False
        delta = choice.get("delta")
        if not delta or len(delta) != 1 or not (content := delta.get("content")) or content.__class__ is not str:
            return False
        self._piece("text", self._text_id or self._new_text(), content)
        return True

    def _facts(self, event: Json) -> None:
        """Facts about the answer, which are on every event, or only on the first or the last."""
        self._noted = True
        for name in _FACTS:
            if event.get(name) is not None:
                self.metadata[name] = event[name]

    def _collect(self, name: str, value: Any) -> None:  # Any: the provider's JSON
        """More entries of a fact that comes in pieces."""
        entries = self.metadata.setdefault(name, [])
        parts = [value[key] for key in ("content", "refusal") if value.get(key)] if isinstance(value, dict) else [value]
        for part in parts or [[value]]:
            entries.extend(part if isinstance(part, list) else [part])

    def _count(self, usage: Json) -> None:
        add_counts(self._raw_usage, usage)
        self.usage = chat_usage(self._raw_usage)

    def _without_choices(self, event: Json) -> None:
        """An error without its envelope, or facts about the prompt; kept, in case that no choice ever comes."""
        if (
            event.get("code")
            or names_an_error(event)
            or has_failed_base(event)
            or (not self._chosen and error_facts(event).explained)
        ):
            raise self._refused_answer(event)
        if self._odd is None and event.get("choices") is None:  # an empty list is of the protocol: facts come first
            self._odd = event

    def _refused_answer(self, event: Json) -> ModelError:
        return refused_answer(event, "choices", "a chat API", self._profile.codes, self._profile.refine_error)

    def _failure(self, event: Json) -> ModelError:
        facts, profile = error_facts(event), self._profile
        return error_in_stream(profile.refine_error(facts) if profile.refine_error else facts, profile.codes)

    def _choice(self, choice: Json, event: Json) -> None:
        delta = choice.get("delta")
        if delta:
            self._delta(delta if self._new is None else self._new.of(delta))
        message = choice.get("message")
        self._chosen = (
            self._chosen or delta is not None or bool(message or choice.get("text") or choice.get("finish_reason"))
        )
        if message and (delta is None or not self._said()):  # else a stream repeats in it all that was said so far
            self._delta(message, whole=True)
        elif delta is None and message is None and choice.get("text"):
            self._say(choice["text"])
        if choice.get("logprobs"):
            self._collect("logprobs", choice["logprobs"])
        if choice.get("error"):
            raise self._failure(choice)
        finish = choice.get("finish_reason")
        if finish and (word := reason_word(finish)):
            if is_failure(word) or word in self._profile.error_finish_reasons:
                raise self._stopped(word, event)
            if choice.get("moderation_hit_type"):
                self.metadata["moderation_hit_type"] = choice["moderation_hit_type"]
            self.raw_finish_reason = word
            self.complete = True
            self._noted = False
        if choice.get("usage") and not event.get("usage"):
            self._count(choice["usage"])

    def _stopped(self, word: str, event: Json) -> ModelError:
        """The error of a finish reason that is a failure, with the explanation that some servers send next to it."""
        groq = event.get("x_groq")
        if isinstance(groq, dict) and groq.get("error"):
            return self._failure(groq)
        return ServerError(f"the provider stopped: {word}", code=word)

    def _delta(self, delta: Json, *, whole: bool = False) -> None:
        content = delta.get("content")
        if content and len(delta) == 1 and content.__class__ is str and self._tags is None:  # nearly every delta
            self._piece("text", self._text_id or self._new_text(), content)
            return
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning and isinstance(reasoning, str):
            self._think(reasoning)
        if delta.get(DETAILS):
            self._detail(delta[DETAILS], said=bool(reasoning))
        if self._profile.kept_fields:
            self._kept.update({name: delta[name] for name in self._profile.kept_fields if delta.get(name)})
        if isinstance(content, str):
            self._say(content)
        elif content:
            self._parts(content)
        calls = delta.get("tool_calls") or ("function_call" in delta and _call_before(delta))
        if calls:
            self._tool_calls(calls, whole=whole)
        if delta.get("refusal"):
            self._refuse(delta["refusal"])
        if delta.get("audio"):
            self._sound(delta["audio"])
        if delta.get(EXTRA):
            self._piece("text", self._text_id or self._new_text(), "", data=self._owned({EXTRA: delta[EXTRA]}))
        if delta.get("annotations"):
            self.metadata.setdefault("annotations", []).extend(delta["annotations"])

    def _sound(self, audio: Json) -> None:
        if self._audio is None:
            profile, form = self._profile, self._audio_format
            self._audio = AudioReader(profile.provider, self.created_at, form, raw=form in profile.raw_audio_formats)
        for block in self._audio.feed(audio):
            self._add(block)

    def _new_text(self) -> str:
        self._text_id = new_id()
        return self._text_id

    def _said(self) -> bool:
        held = self._tags is not None and self._tags.began
        return bool(self._text_id or self._thinking_id or self._calls or self._refused or self._blocks or held)

    def _say(self, text: str) -> None:
        if self._tags is None:
            self._speak(text)
            return
        for kind, piece in self._tags.feed(text):
            self._speak(piece) if kind == "text" else self._think(piece)

    def _speak(self, text: str) -> None:
        if text:
            self._piece("text", self._text_id or self._new_text(), text)

    def _think(self, text: str) -> None:
        owner = None
        if not self._thinking_id:
            self._thinking_id = new_id()
            owner = ProviderData(provider=self._profile.provider)
        self._piece("thinking", self._thinking_id, text, data=owner)

    def _detail(self, details: Any, *, said: bool) -> None:  # Any: a list, if the server is sane
        """Reasoning with its signatures; the text of it counts only where it is not said twice."""
        entries = details if isinstance(details, list) else [details]
        self._details = self._details or Details()
        self._details.add(entries)
        text = "" if said else details_text(entries)
        if text:
            self._think(text)
        elif not self._thinking_id:
            self._think_unseen()

    def _think_unseen(self) -> None:
        """A block for reasoning that the server keeps to itself."""
        self._thinking_id = new_id()
        self._add(ThinkingBlock(id=self._thinking_id, thinking="", redacted=True, created_at=self.created_at))

    def _owned(self, data: Json) -> ProviderData:
        return ProviderData(provider=self._profile.provider, data=data)

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

    def _tool_calls(self, calls: Any, *, whole: bool) -> None:  # Any: a list, if the server is sane
        tracker = self._calls = self._calls if self._calls is not None else ToolCallTracker(self._names)
        ids = Counter(fragment.get("id") for fragment in calls) if len(calls) > 1 else None
        for position, fragment in enumerate(calls):
            call_id = fragment.get("id")
            unclear = ids is not None and "index" not in fragment and (not call_id or ids[call_id] > 1)
            if whole or unclear:
                fragment = {**fragment, "index": position}
            if fragment.get(EXTRA):
                self._extra = fragment[EXTRA]
            piece = tracker.feed(fragment)
            if piece is not None:
                self._call(*piece)

    def _call(self, call_id: str, text: str, name: str) -> None:
        extra, self._extra = self._extra, None
        self._last_call = (call_id, name)
        self._call_piece(call_id, text, name, self._owned({EXTRA: extra}) if extra else None)

    def _refuse(self, words: str) -> None:
        owner = None if self._refused else ProviderData(provider=self._profile.provider, data={"refusal": True})
        self._refused = True
        self._piece("text", self._text_id or self._new_text(), words, data=owner)


def _call_before(delta: Json) -> list[Json]:
    """The call in the form before `tool_calls`, which has one without an id."""
    function = delta.get("function_call")
    return [{"index": 0, "function": function}] if function else []
