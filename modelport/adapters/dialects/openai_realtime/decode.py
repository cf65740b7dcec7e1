"""Server events as signals, each by itself. Facts: docs/protocols/realtime-openai.md#server-events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....domain.message.responses import ChatUsage, FinishReason
from ....domain.realtime.signals import (
    AudioDelta,
    CallArguments,
    CallDone,
    CallStarted,
    ItemAdded,
    ItemDone,
    ResponseEnded,
    ResponseStarted,
    Signal,
    SpeechEnded,
    SpeechStarted,
    TextDelta,
    TextSoFar,
    Transcript,
)
from ...wire.decoder import Json
from ...wire.realtime import text_of
from ...wire.words.counts import count

__all__ = ["SERVER_EVENTS", "response_ended"]

_INCOMPLETE = {"max_output_tokens": FinishReason.LENGTH, "content_filter": FinishReason.CONTENT_FILTER}


def _audio(event: Json) -> list[Signal]:
    duration = event.get("audio_duration_ms")
    length = float(duration) if isinstance(duration, int | float) and duration >= 0 else None
    data = event.get("delta")
    if not isinstance(data, str):
        return []
    return [AudioDelta(text_of(event, "response_id"), text_of(event, "item_id"), data, length)]


def _text_delta(spoken: bool) -> Callable[[Json], list[Signal]]:
    def decode(event: Json) -> list[Signal]:
        text, start = text_of(event, "delta"), event.get("start_time")
        if not text:
            return []
        start_ms = start * 1000 if isinstance(start, int | float) and start >= 0 else None
        return [TextDelta(text_of(event, "response_id"), text_of(event, "item_id"), text, spoken, start_ms)]

    return decode


def _text_so_far(spoken: bool) -> Callable[[Json], list[Signal]]:
    """The whole text of an item: at its end, and from servers that send what is settled again and again."""

    def decode(event: Json) -> list[Signal]:
        text = text_of(event, "text", "transcript")
        return [TextSoFar(text_of(event, "response_id"), text_of(event, "item_id"), text, spoken)] if text else []

    return decode


def _call_arguments(event: Json) -> list[Signal]:
    return [CallArguments(text_of(event, "response_id"), text_of(event, "item_id"), text_of(event, "delta"))]


def _call_done(event: Json) -> list[Signal]:
    name, call_id = text_of(event, "name"), text_of(event, "call_id")
    if not name or not call_id:
        return []  # the item that follows has both
    return [
        CallDone(text_of(event, "response_id"), text_of(event, "item_id"), call_id, name, text_of(event, "arguments"))
    ]


def _output_item(event: Json) -> list[Signal]:
    item = event.get("item")
    if text_of(item, "type") != "function_call":
        return []
    name, call_id = text_of(item, "name"), text_of(item, "call_id")
    if not name or not call_id:
        return []
    return [CallStarted(text_of(event, "response_id"), text_of(item, "id"), call_id, name)]


def _output_item_done(event: Json) -> list[Signal]:
    item = event.get("item")
    response_id, item_id = text_of(event, "response_id"), text_of(item, "id")
    signals: list[Signal] = []
    if text_of(item, "type") == "function_call" and text_of(item, "status") != "incomplete":
        name, call_id = text_of(item, "name"), text_of(item, "call_id")
        if name and call_id:
            signals.append(CallDone(response_id, item_id, call_id, name, text_of(item, "arguments")))
    return [*signals, ItemDone(response_id, item_id)]


def _item_added(event: Json) -> list[Signal]:
    item = event.get("item")
    item_id, previous = text_of(item, "id"), text_of(event, "previous_item_id") or None
    if not isinstance(item, dict) or not item_id:
        return []
    kind = item.get("type")
    if kind == "function_call":
        return [ItemAdded(item_id, "call", previous, call_id=text_of(item, "call_id"))]
    if kind == "function_call_output":
        return [ItemAdded(item_id, "call_result", previous, call_id=text_of(item, "call_id"))]
    role = item.get("role")
    if kind != "message" or role not in ("user", "assistant", "system"):
        return []
    content = item.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    text = "".join(text_of(part, "text", "transcript") for part in parts) or None
    spoken = any("audio" in str(part.get("type")) for part in parts)
    return [ItemAdded(item_id, role, previous, text, spoken=spoken)]


def _transcript_delta(event: Json) -> list[Signal]:
    item_id = text_of(event, "item_id")
    if "delta" in event:
        return [Transcript(item_id, text_of(event, "delta"), more=True)]
    return [Transcript(item_id, text_of(event, "text") + text_of(event, "stash"))]


def _transcript(event: Json) -> list[Signal]:
    final = event.get("status") in (None, "completed") and event.get("type", "").endswith("completed")
    return [Transcript(text_of(event, "item_id"), text_of(event, "transcript"), final=final)]


def _transcript_failed(event: Json) -> list[Signal]:
    why = text_of(event.get("error"), "message", "code") or "the transcription failed"
    return [Transcript(text_of(event, "item_id"), "", final=True, error=why)]


def response_ended(event: Json, *, usage_on_frame: bool) -> ResponseEnded:
    """The end of a response, with its outcome and its token counts."""
    response = event.get("response")
    response = response if isinstance(response, dict) else {}
    details = response.get("status_details")
    details = details if isinstance(details, dict) else {}
    usage = usage_of(event.get("usage") if usage_on_frame else response.get("usage"))
    status = response.get("status")
    response_id = text_of(response, "id") or text_of(event, "response_id")
    if status == "cancelled":
        return ResponseEnded(response_id, "cancelled", usage=usage)
    if status == "failed":
        why = text_of(details.get("error"), "message", "code") or text_of(details, "reason") or "the response failed"
        return ResponseEnded(response_id, "failed", error=why, usage=usage)
    reason = FinishReason.STOP
    if status == "incomplete":
        reason = _INCOMPLETE.get(text_of(details, "reason"), FinishReason.OTHER)
    return ResponseEnded(response_id, "completed", reason, usage=usage)


def usage_of(raw: Any) -> ChatUsage | None:  # Any: whatever stands where the usage should
    """Token counts; the details have two spellings."""
    if not isinstance(raw, dict) or not raw:
        return None
    details = raw.get("input_token_details") or raw.get("input_tokens_details")
    out = raw.get("output_token_details") or raw.get("output_tokens_details")
    return ChatUsage(
        input_tokens=count(raw, "input_tokens"),
        output_tokens=count(raw, "output_tokens"),
        cache_input_tokens=count(details, "cached_tokens"),
        reasoning_tokens=count(out, "reasoning_tokens"),
        raw=raw,
    )


SERVER_EVENTS: dict[str, Callable[[Json], list[Signal]]] = {
    "response.output_audio.delta": _audio,
    "response.output_audio_transcript.delta": _text_delta(True),
    "response.output_audio_transcript.text": _text_so_far(True),
    "response.output_audio_transcript.done": _text_so_far(True),
    "response.output_text.delta": _text_delta(False),
    "response.output_text.text": _text_so_far(False),
    "response.output_text.done": _text_so_far(False),
    "response.function_call_arguments.delta": _call_arguments,
    "response.function_call_arguments.done": _call_done,
    "response.output_item.added": _output_item,
    "response.output_item.done": _output_item_done,
    "response.created": lambda event: [ResponseStarted(text_of(event.get("response"), "id"))],
    "conversation.item.added": _item_added,
    "conversation.item.created": _item_added,
    "conversation.item.input_audio_transcription.delta": _transcript_delta,
    "conversation.item.input_audio_transcription.text": _transcript_delta,
    "conversation.item.input_audio_transcription.updated": _transcript,
    "conversation.item.input_audio_transcription.completed": _transcript,
    "conversation.item.input_audio_transcription.failed": _transcript_failed,
    "input_audio_buffer.speech_started": lambda event: [
        SpeechStarted(text_of(event, "item_id"), _ms(event, "audio_start_ms"))
    ],
    "input_audio_buffer.speech_stopped": lambda event: [
        SpeechEnded(text_of(event, "item_id"), _ms(event, "audio_end_ms"))
    ],
}
"""By event, under its present name and, where it had another one, under that of the beta."""

for _name, _decode in list(SERVER_EVENTS.items()):
    SERVER_EVENTS[_name.replace(".output_audio", ".audio").replace(".output_text", ".text")] = _decode


def _ms(event: Json, key: str) -> int | None:
    value = event.get(key)
    return int(value) if isinstance(value, int | float) and value >= 0 else None
