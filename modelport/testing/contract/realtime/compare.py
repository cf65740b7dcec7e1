"""Compares what an application saw of a recorded conversation with the recording's `expected`."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ....domain.message.blocks import TextBlock, ToolCallBlock, ToolResultBlock
from ....domain.message.messages import Msg
from ....domain.message.responses import FinishReason
from ...servers.realtime import frame_kind
from .outcome import Outcome, Response

__all__ = ["differences"]

Json = Mapping[str, Any]  # Any: a recording's JSON
_ACCEPTED = ("session.updated", "setupComplete")
_CUT = ("cancelled", "abandoned", "cut-off")


def differences(recording: Json, outcome: Outcome) -> list[str]:
    """Every difference, in a sentence each."""
    expected = recording["expected"]
    found = [*outcome.faults, *_refusal(recording, outcome)]
    if outcome.refused is None:
        if "turns" in expected:
            found += _turns(expected, outcome)
        else:
            found += _responses(expected, outcome)
            found += _user_turns(recording, outcome)
            found += _conversation(recording, outcome)
            found += _interruptions(expected, outcome)
            found += _errors(expected, outcome)
        found += _tool_results(expected, outcome)
        found += _audio_in(expected, outcome)
        found += _ends(expected, outcome)
    return found


def _differ(what: str, got: object, wanted: object) -> Iterator[str]:
    if got != wanted:
        yield f"{what}: expected {wanted!r}, got {got!r}"


def _refusal(recording: Json, outcome: Outcome) -> Iterator[str]:
    """A set-up that was refused raises the server's own words."""
    expected = recording["expected"]
    closes = [close for close in expected["closes"] if close["by"] == "server"]
    if any(frame_kind(frame["json"]) in _ACCEPTED for frame in recording["frames"] if "json" in frame):
        if outcome.refused is not None:
            yield f"the set-up was refused: {outcome.refused}"
        return
    words = [close["reason"] for close in closes] + [error["message"] for error in expected["errors"]]
    if outcome.refused is None:
        yield f"expected a refused set-up: {words}"
    elif not any(word in str(outcome.refused) for word in words):
        yield f"the refusal {str(outcome.refused)!r} does not say {words}"


def _responses(expected: Json, outcome: Outcome) -> Iterator[str]:
    yield from _differ("number of responses", len(outcome.responses), len(expected["responses"]))
    for index, (got, wanted) in enumerate(zip(outcome.responses, expected["responses"], strict=False)):
        where = f"response {index}"
        yield from _differ(f"{where} text", got.text, wanted["text"])
        yield from _differ(f"{where} transcript", got.transcript, wanted["transcript"])
        yield from _differ(f"{where} calls", _calls(got, raw=True), _wanted_calls(wanted, raw=True))
        yield from _audio(where, got, wanted)
        yield from _status(where, got, wanted)
        yield from _usage(where, got, wanted["usage"], _openai_usage, outcome)
    if outcome.open_replies:
        yield "a reply was never ended"


def _turns(expected: Json, outcome: Outcome) -> Iterator[str]:
    turns = [turn for turn in expected["turns"] if any(turn[name] for name in _CONTENT)]
    yield from _differ("number of turns", len(outcome.responses), len(turns))
    heard = [heard.transcript for heard in outcome.heard.values() if heard.transcript]
    wanted_heard = [turn["input_transcript"] for turn in expected["turns"] if turn["input_transcript"]]
    yield from _differ("input transcripts", heard, wanted_heard)
    for index, (got, wanted) in enumerate(zip(outcome.responses, turns, strict=False)):
        where = f"turn {index}"
        for name in ("text", "transcript", "thoughts"):
            yield from _differ(f"{where} {name}", getattr(got, name), wanted[name])
        yield from _differ(f"{where} calls", _calls(got, raw=False), _wanted_calls(wanted, raw=False))
        yield from _differ(f"{where} interrupted", got.interrupted, wanted["interrupted"])
        yield from _audio(where, got, wanted)
        yield from _usage(where, got, wanted["usage"], _gemini_usage, outcome)
    yield from _spoken_history(expected, outcome)
    yield from _differ("cancelled calls", outcome.cancelled, _ids(expected["tool_call_cancellations"]))
    leaving = sum(change.kind == "going_away" for change in outcome.changes)
    yield from _differ("announced ends", leaving, len(expected["go_away"]))
    yield from _resumption(expected, outcome)


_CONTENT = ("text", "transcript", "thoughts", "tool_calls", "audio_bytes")
"""A turn that has none of these was interrupted before it began, and is no answer."""


def _ids(cancellations: Sequence[Any]) -> list[str]:  # Any: ids, lists of them, or objects that hold one
    ids: list[str] = []
    for cancelled in cancellations:
        held = cancelled["ids"] if isinstance(cancelled, dict) else cancelled
        ids += [held] if isinstance(held, str) else held
    return ids


def _spoken_history(expected: Json, outcome: Outcome) -> Iterator[str]:
    """The history holds each turn's transcripts, in order."""
    got = [entry["text"] for entry in _flat(outcome.history) if entry.get("spoken")]
    wanted = []
    for turn in expected["turns"]:
        wanted += [turn["input_transcript"]] if turn["input_transcript"] else []
        wanted += [turn["transcript"]] if turn["transcript"] else []
    yield from _differ("history", [text for text in got if text], wanted)


def _resumption(expected: Json, outcome: Outcome) -> Iterator[str]:
    handles = [update["newHandle"] for update in expected["resumption"] if update.get("resumable")]
    setups = [frame["setup"] for frame in outcome.sent if "setup" in frame]
    if len(setups) > 1:
        yield from _differ("handle", setups[-1].get("sessionResumption"), {"handle": handles[-1]})


def _calls(response: Response, *, raw: bool) -> list[tuple[str, str, Any]]:  # Any: JSON values
    return [
        (call_id, name, arguments if raw else json.loads(arguments))
        for call_id, (name, arguments) in response.calls.items()
    ]


def _wanted_calls(wanted: Json, *, raw: bool) -> list[tuple[str, str, Any]]:  # Any: as above
    key = "arguments_raw" if raw else "arguments"
    return [(call["id"], call["name"], call[key]) for call in wanted["tool_calls"]]


def _audio(where: str, got: Response, wanted: Json) -> Iterator[str]:
    yield from _differ(f"{where} audio bytes", len(got.audio), wanted["audio_bytes"])
    yield from _differ(f"{where} audio", got.digest, wanted["audio_sha256"])


def _status(where: str, got: Response, wanted: Json) -> Iterator[str]:
    end, status = got.end, wanted["status"]
    if end is None:
        yield f"{where} has no end"
    elif status in _CUT:
        yield from _differ(f"{where} error", end.error, "interrupted")
    elif status == "failed":
        if not end.error or end.error == "interrupted":
            yield f"{where} error: expected the server's reason, got {end.error!r}"
    else:
        yield from _differ(f"{where} error", end.error, None)
        cut = {"max_output_tokens": FinishReason.LENGTH, "content_filter": FinishReason.CONTENT_FILTER}
        reason = cut.get(str(wanted["reason"])) if status == "incomplete" else None
        if reason is not None:
            yield from _differ(f"{where} finish_reason", end.finish_reason, reason)


def _usage(
    where: str,
    got: Response,
    raw: Json | None,
    normalised: Callable[[Json], tuple[int, int, int]],
    outcome: Outcome,
) -> Iterator[str]:
    if got.end is None:
        return
    usage = got.end.usage
    late = next((msg.usage for msg in outcome.history if msg.id == got.reply_id), None)
    if raw and usage is None and late is not None:  # it came after the end of the response
        counts = (late.input_tokens, late.output_tokens, late.cache_input_tokens)
        yield from _differ(f"{where} usage", counts, normalised(raw))
        return
    if not raw:
        yield from _differ(f"{where} usage", usage, None)
    elif usage is None:
        yield f"{where} usage: expected {raw}, got none"
    else:
        counts = (usage.input_tokens, usage.output_tokens, usage.cache_input_tokens)
        yield from _differ(f"{where} usage", counts, normalised(raw))
        yield from _differ(f"{where} raw usage", got.end.metadata.get("raw"), raw)


def _openai_usage(raw: Json) -> tuple[int, int, int]:
    details = raw.get("input_token_details") or raw.get("input_tokens_details") or {}
    return raw.get("input_tokens", 0), raw.get("output_tokens", 0), details.get("cached_tokens", 0)


def _gemini_usage(raw: Json) -> tuple[int, int, int]:
    """Reasoning counts as output, as for chat models."""
    answered = raw.get("responseTokenCount", raw.get("candidatesTokenCount", 0))
    output = answered + raw.get("thoughtsTokenCount", 0)
    return raw.get("promptTokenCount", 0), output, raw.get("cachedContentTokenCount", 0)


def _user_turns(recording: Json, outcome: Outcome) -> Iterator[str]:
    for wanted in recording["expected"]["user_turns"]:
        if wanted.get("kind", "audio") != "audio":
            continue
        got = outcome.heard.get(wanted["item_id"])
        where = f"user turn {wanted['item_id']}"
        if got is None:
            if wanted.get("transcript") is not None or "speech_start_ms" in wanted:
                yield f"{where}: nothing was reported"
            continue
        yield from _differ(f"{where} transcript", got.transcript, wanted.get("transcript"))
        yield from _differ(f"{where} start", got.started_ms, wanted.get("speech_start_ms"))
        yield from _differ(f"{where} end", got.ended_ms, wanted.get("speech_end_ms"))
        error = wanted.get("transcript_error")
        if error and error["message"] not in (got.error or ""):
            yield f"{where} error: expected {error}, got {got.error!r}"


def _conversation(recording: Json, outcome: Outcome) -> Iterator[str]:
    """The history, item by item. What a timeout committed is no turn, and what the server repeats is held once."""
    silent = {
        frame["json"].get("item_id")
        for frame in recording["frames"]
        if frame.get("json", {}).get("type") == "input_audio_buffer.timeout_triggered"
    }
    wanted: list[dict[str, Any]] = []  # Any: JSON values
    for entry in recording["expected"]["conversation"]:
        repeated = "conversation_note" in recording["expected"] and any(
            entry.get("text") is not None and entry.get("text") == before.get("text") for before in wanted
        )
        if entry.get("item_id") not in silent and not repeated:
            wanted.append(_plain(entry))
    if not wanted and not any(
        "conversation.item" in str(frame.get("json", {}).get("type")) for frame in _new(recording)
    ):
        return
    got = [_plain(entry) for entry in _flat(outcome.history)]
    for entry, other in zip(wanted, got, strict=False):
        if "heard_ms" not in entry:
            other.pop("heard_ms", None)
    yield from _differ("conversation", got, wanted)


def _new(recording: Json) -> Iterator[Json]:
    for frame in recording["frames"]:
        if str(frame.get("json", {}).get("type")) in ("conversation.item.added", "conversation.item.created"):
            yield frame


def _plain(entry: Json) -> dict[str, Any]:  # Any: JSON values
    """An entry without the server's ids of items, and without what is false."""
    kept = ("role", "text", "tool_call", "tool_result", "name", "output", "interrupted", "heard_ms")
    plain = {key: entry[key] for key in kept if entry.get(key) or (key == "text" and key in entry)}
    if plain.get("tool_result"):
        plain.pop("name", None)
    return plain


def _flat(history: Sequence[Msg]) -> list[dict[str, Any]]:  # Any: JSON values
    """The messages as entries like those of a recording's conversation."""
    entries: list[dict[str, Any]] = []
    for msg in history:
        if msg.role != "assistant":
            missing = msg.metadata.get("spoken") and not msg.metadata.get("transcribed")
            text = None if missing else msg.get_text_content()
            entries.append({"role": msg.role, "text": text, "spoken": bool(msg.metadata.get("spoken"))})
            continue
        entries += _assistant_entries(msg)
    return entries


def _assistant_entries(msg: Msg) -> Iterator[dict[str, Any]]:  # Any: as above
    facts = msg.metadata
    cut = {"interrupted": True, "heard_ms": facts.get("heard_ms")} if "generated_text" in facts else {}
    said = False
    for block in msg.content:
        if isinstance(block, TextBlock):
            said = True
            text = facts.get("generated_text", block.text)
            yield {"role": "assistant", "text": text, "spoken": bool(facts.get("spoken")), **cut}
        elif isinstance(block, ToolCallBlock):
            yield {"tool_call": block.id, "name": block.name}
        elif isinstance(block, ToolResultBlock):
            yield {"tool_result": block.id, "output": block.output}
    if cut and not said:
        yield {"role": "assistant", "text": facts["generated_text"], "spoken": bool(facts.get("spoken")), **cut}


def _interruptions(expected: Json, outcome: Outcome) -> Iterator[str]:
    wanted = expected["interruptions"]
    speech = [each for each in wanted if each["by"] == "speech"]
    truncated = [(each["item_id"], each["audio_end_ms"]) for each in wanted if each["by"] == "client"]
    acted = bool(truncated) or any(each["by"] == "client-cancel" for each in wanted)
    yield from _differ("interruptions", len(outcome.interruptions), len(speech) or int(acted))
    sent = [
        (frame["item_id"], frame["audio_end_ms"])
        for frame in outcome.sent
        if frame.get("type") == "conversation.item.truncate"
    ]
    if truncated:
        yield from _differ("truncations", sent, truncated)


def _errors(expected: Json, outcome: Outcome) -> Iterator[str]:
    fatal = len(outcome.errors) < len(expected["errors"]) and outcome.failed is not None
    got = [error.error for error in outcome.errors] + ([str(outcome.failed)] if fatal else [])
    for error in expected["errors"]:
        if not any(error["message"] in text for text in got):
            yield f"errors: expected {error['message']!r} among {got}"


def _tool_results(expected: Json, outcome: Outcome) -> Iterator[str]:
    got: list[tuple[str, Any]] = []  # Any: an output
    for frame in outcome.sent:
        item = frame.get("item", {})
        if item.get("type") == "function_call_output":
            got.append((item["call_id"], item["output"]))
        for response in frame.get("toolResponse", {}).get("functionResponses", []):
            got.append((response["id"], response["response"]))
    wanted = [(each["call_id"], each.get("output", each.get("response"))) for each in expected["tool_results"]]
    yield from _differ("tool results", got, wanted)


def _audio_in(expected: Json, outcome: Outcome) -> Iterator[str]:
    chunks = []
    for frame in outcome.sent:
        data = frame.get("audio") or frame.get("realtimeInput", {}).get("audio", {}).get("data")
        if isinstance(data, str):
            chunks.append(base64.b64decode(data))
    audio = b"".join(chunks)
    wanted = expected["audio_in"]
    yield from _differ("audio sent", len(audio), wanted["bytes"])
    if audio:
        yield from _differ("audio sent", hashlib.sha256(audio).hexdigest(), wanted["sha256"])


def _ends(expected: Json, outcome: Outcome) -> Iterator[str]:
    """A connection that the server closed for a reason says so."""
    for close in expected["closes"]:
        if close["by"] == "server" and close["code"] != 1000:
            reasons = " ".join(change.reason or "" for change in outcome.changes)
            if close["reason"] not in reasons:
                yield f"end: expected the reason {close['reason']!r}, got {reasons!r}"
