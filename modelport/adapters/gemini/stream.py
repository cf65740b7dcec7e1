"""Gemini's answers, streamed or whole, as deltas.

Every chunk holds new parts only. Text comes in pieces, function calls come whole. The end is a finish reason, or a
prompt that was blocked; usage may still follow it.

Facts: docs/protocols/gemini.md#response, docs/protocols/gemini.md#streaming, docs/protocols/gemini.md#usage,
docs/protocols/gemini.md#quirks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from ...domain.errors import ServerError, StreamTruncatedError
from ...domain.ids import new_id
from ...domain.message.blocks import Base64Source, DataBlock, ProviderData, URLSource
from ...domain.message.responses import ChatResponse, ChatUsage, FinishReason
from ..wire.decoder import Json, JsonDecoder, RunKind
from ..wire.errors import error_facts, refused_answer
from ..wire.json_text import dump_json
from ..wire.words.counts import add_counts, count
from ..wire.words.finish_words import finish_reason, is_failure, reason_word
from .errors import stream_error
from .media import is_raw_sound, wav_piece
from .replay import ReplayData

__all__ = ["GeminiDecoder", "chat_usage"]


def chat_usage(usage: Json) -> ChatUsage:
    """Candidates leave out thoughts; any count may be missing.

    Input of Google's own tools (`toolUsePromptTokenCount`) is in `raw` only: decision 0003.
    """
    thoughts = count(usage, "thoughtsTokenCount")
    return ChatUsage(
        input_tokens=count(usage, "promptTokenCount"),
        output_tokens=count(usage, "candidatesTokenCount") + thoughts,
        cache_input_tokens=count(usage, "cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        raw=usage,
    )


_UNSPECIFIED = frozenset({"FINISH_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED"})
_FACTS = frozenset(
    {
        "groundingMetadata",
        "citationMetadata",
        "urlContextMetadata",
        "safetyRatings",
        "logprobsResult",
        "avgLogprobs",
        "finishMessage",
        "continuationToken",
    }
)
"""Fields of a candidate that are copied to `metadata`."""
_SERVER_PARTS = frozenset({"executableCode", "codeExecutionResult", "toolCall", "toolResponse"})
_ANSWER_KEYS = frozenset({"candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId", "error"})


class GeminiDecoder(JsonDecoder):
    """One answer. `names` maps function names on the wire to the application's, `family` owns the replay data."""

    def __init__(self, names: Mapping[str, str] | None = None, family: str = "") -> None:
        super().__init__()
        self._names = names or {}
        self._family = family
        self._usage: Json = {}
        self._blocked = False
        self._further: set[int] = set()
        """The indexes of the candidates that are not read."""
        self._kind: RunKind | None = None
        """The kind of the block that takes more pieces, if any does."""
        self._block_id = ""
        self._last: tuple[RunKind, str, str] | None = None
        """Kind, id and name of the last block, when it can hold parts that follow it."""
        self._replay = ReplayData(family, [])
        self._waiting: list[Json] = []
        """Parts without a block of their own that wait for the next block."""
        self._call_ids: set[str] = set()
        self._cited: set[bytes] = set()
        self._sound_id = ""
        self._sound_kind = ""

    def body(self, answer: Json) -> ChatResponse:
        """A whole answer, as one response."""
        if not _ANSWER_KEYS & answer.keys():
            raise refused_answer(answer, "candidates", "the Gemini API")
        whole = self.whole(lambda: self._event(answer))
        if not answer.get("candidates") and not self._blocked:
            raise refused_answer(answer, "candidates", "the Gemini API")
        return whole

    def _check_end(self) -> None:
        if self.raw_finish_reason is None and not self.ended:
            raise StreamTruncatedError("the stream ended without a finish reason")
        self._leave()
        reason = finish_reason(self.raw_finish_reason)
        self.finish_reason = FinishReason.CONTENT_FILTER if self._blocked else reason
        if self._further:
            self.note_choices(1 + len(self._further))
        if self._usage:
            self.usage = chat_usage(self._usage)

    def _event(self, event: Json) -> None:
        if event.get("error"):
            raise stream_error(event)
        candidates = event.get("candidates") or ()
        if not candidates and not _ANSWER_KEYS & event.keys() and error_facts(event).explained:
            raise refused_answer(event, "candidates", "the Gemini API")
        if not self.response_id:
            self.response_id = event.get("responseId") or new_id()
            self.model = event.get("modelVersion")
        usage = event.get("usageMetadata")
        if usage:
            add_counts(self._usage, usage)
        for candidate in candidates:
            if not candidate.get("index"):
                self._candidate(candidate)
            else:
                self._further.add(candidate["index"])
        feedback = event.get("promptFeedback")
        if feedback:
            self._feedback(feedback)

    def _candidate(self, candidate: Json) -> None:
        for name, value in candidate.items():
            if not value:
                continue
            if name == "content":
                for part in value.get("parts") or ():
                    self._part(part)
            elif name == "finishReason":
                self._finished(reason_word(value))
            elif name in _FACTS:
                self._fact(name, value)

    def _finished(self, word: str | None) -> None:
        if word is None or word in _UNSPECIFIED:
            return
        if is_failure(word):
            raise ServerError(f"the provider stopped: {word}", code=word)
        self.raw_finish_reason = word
        self.complete = True

    def _feedback(self, feedback: Json) -> None:
        """A blocked prompt has no candidates; the block is the end of the answer."""
        self.metadata["promptFeedback"] = feedback
        reason = feedback.get("blockReason")
        if reason and reason not in _UNSPECIFIED:
            self._blocked = True
            self.raw_finish_reason = reason
            self.complete = True

    def _fact(self, name: str, value: Any) -> None:  # Any: the provider's JSON
        """Chunks repeat facts or add to them: the last value of each key counts, citations are collected."""
        known = self.metadata.get(name)
        if name == "citationMetadata" and known and isinstance(value.get("citationSources"), list):
            self._cite(known, value["citationSources"])
        elif isinstance(known, dict) and isinstance(value, dict):
            known.update(value)
        else:
            self.metadata[name] = value

    def _cite(self, known: Json, sources: list[Any]) -> None:  # Any: as above
        """Add the sources that are not known yet."""
        collected = known.setdefault("citationSources", [])
        if not self._cited:
            self._cited.update(map(dump_json, collected))
        for source in sources:
            written = dump_json(source)
            if written not in self._cited:
                self._cited.add(written)
                collected.append(source)

    def _part(self, part: Json) -> None:
        text = part.get("text")
        if text:
            self._text(text, part)
        elif part.get("functionCall"):
            self._call(part["functionCall"], part)
        elif part.get("inlineData") or part.get("fileData"):
            self._media(part)
        elif part.keys() & _SERVER_PARTS:
            self._server_part(part)
        elif part.get("thoughtSignature"):
            self._bare_signature(part)

    def _text(self, text: str, part: Json) -> None:
        kind: RunKind = "thinking" if part.get("thought") else "text"
        carries = False
        if kind != self._kind:
            carries = self._begin(kind, new_id()) or kind == "thinking"
        replay = self._replay
        if replay.text(len(text), part.get("thoughtSignature")) or carries:
            self._piece(kind, self._block_id, text, data=replay.owned())
        else:
            self._piece(kind, self._block_id, text)

    def _begin(self, kind: RunKind, block_id: str, name: str = "", **facts: JsonValue) -> bool:
        """A new block; whether parts that came before it wait to be kept with it."""
        self._leave()
        waiting, self._waiting = self._waiting, []
        self._replay = ReplayData(self._family, waiting, **facts)
        self._kind = kind
        self._block_id = block_id
        self._last = (kind, block_id, name)
        return bool(waiting)

    def _leave(self) -> None:
        """End the current block: replay data that its pieces do not carry yet follows without text."""
        if self._last is not None and self._replay.changed:
            kind, block_id, name = self._last
            self._piece(kind, block_id, "", name, self._replay.owned())
        self._kind = self._last = None

    def _call(self, call: Json, part: Json) -> None:
        """Calls come whole. Many have no id; the id made here is marked, since the API must not see it."""
        call_id = str(call.get("id") or "")
        local = not call_id or call_id in self._call_ids
        if local:
            call_id = f"call_{new_id()}"
        self._call_ids.add(call_id)
        name = self._own_name(call.get("name") or "unknown")
        self._begin("tool_call", call_id, name, thoughtSignature=part.get("thoughtSignature"), local_id=local)
        self._kind = None
        self._piece("tool_call", call_id, dump_json(call.get("args") or {}).decode(), name, self._replay.owned())

    def _own_name(self, name: str) -> str:
        """The application's name of a tool; models sometimes write the namespace that they see the tools in."""
        if name in self._names:
            return self._names[name]
        return self._names.get(name.removeprefix("default_api").lstrip(":."), name)

    def _media(self, part: Json) -> None:
        if part.get("thought"):
            return  # a draft of the image that follows
        inline, file = part.get("inlineData") or {}, part.get("fileData") or {}
        media_type = inline.get("mimeType") or file.get("mimeType") or "application/octet-stream"
        if inline and media_type.startswith("audio/"):
            self._sound(media_type, inline.get("data") or "", part)
            return
        url = file.get("fileUri") or ""
        if inline:
            source: Base64Source | URLSource = Base64Source(data=inline.get("data") or "", media_type=media_type)
        elif "://" in url:
            source = URLSource(url=url, media_type=media_type)
        else:
            return
        self._add(DataBlock(source=source, created_at=self.created_at, provider_data=self._owner_of_media(part)))

    def _sound(self, media_type: str, data: str, part: Json) -> None:
        """Sound of one type comes in pieces of one block; raw samples leave as one WAV."""
        kind = media_type.partition(";")[0].strip().lower()
        first = kind != self._sound_kind
        if first:
            self._sound_id, self._sound_kind = new_id(), kind
        owner = self._owner_of_media(part) if first else None
        if is_raw_sound(media_type):
            media_type, data = "audio/wav", wav_piece(media_type, data, first=first)
        source = Base64Source(data=data, media_type=media_type)
        self._add(DataBlock(id=self._sound_id, source=source, created_at=self.created_at, provider_data=owner))

    def _owner_of_media(self, part: Json) -> ProviderData:
        """A data block is complete at once and holds no parts that follow it."""
        self._leave()
        waiting, self._waiting = self._waiting, []
        return ReplayData(self._family, waiting, thoughtSignature=part.get("thoughtSignature")).owned()

    def _server_part(self, part: Json) -> None:
        """A tool that the provider ran: noted in the metadata, and kept to be sent back."""
        shown = {key: value for key, value in part.items() if key != "thoughtSignature"}
        self.metadata.setdefault("server_tools", []).append(shown)
        self._beside(part)

    def _bare_signature(self, part: Json) -> None:
        """A signature on an empty text: it ends the text before it, or stands for itself."""
        kind = "thinking" if part.get("thought") else "text"
        if kind == self._kind:
            self._replay.text(0, part["thoughtSignature"])
            self._replay.changed = True
        else:
            self._beside({"text": "", **part})

    def _beside(self, part: Json) -> None:
        """A part without a block of its own: kept after the last block, which it ends, or before the next."""
        self._kind = None
        if self._last is not None:
            self._replay.after(part)
        else:
            self._waiting.append(part)
