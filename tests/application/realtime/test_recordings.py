"""`scripts/check_realtime`: conversations of the test's own agree, and a changed expectation does not."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelport.testing.contract.realtime.recordings import check_recording

from .support import b64, call, committed, created, done, heard, item, pcm, sound, speech, words

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]


def server(*frames: Json) -> list[Json]:
    return [{"dir": "server", "json": frame} for frame in frames]


def client(*frames: Json) -> list[Json]:
    return [{"dir": "client", "json": frame} for frame in frames]


OPEN = [
    *server({"type": "session.created", "session": {"id": "s"}}),
    *client({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["audio"]}}),
    *server({"type": "session.updated", "session": {"id": "s"}}),
]
USAGE = {"input_tokens": 10, "output_tokens": 5}


def response(index: int = 1, status: str = "completed", **fields: Any) -> Json:
    audio = fields.pop("audio", b"")
    return {
        "id": f"r{index}", "status": status, "reason": None, "text": "", "transcript": "", "tool_calls": [],
        "audio_bytes": len(audio), "audio_sha256": hashlib.sha256(audio).hexdigest() if audio else None,
        "usage": USAGE, **fields,
    }  # fmt: skip


def recording(name: str, frames: list[Json], api: str = "openai-realtime", **expected: Any) -> Json:
    sent = b"".join(_audio(frame) for frame in frames if frame["dir"] == "client")
    base: Json = {
        "session": {"id": "s", "model": "m"}, "user_turns": [], "tool_results": [], "interruptions": [], "errors": [],
        "closes": [], "conversation": [],
        "audio_in": {"bytes": len(sent), "sha256": hashlib.sha256(sent).hexdigest() if sent else None},
    }  # fmt: skip
    url = {"url": "wss://example.com/v1/realtime?model=m"}
    opcode = "binary" if api == "gemini-live" else "text"
    return {
        "id": name, "api": api, "connect": url, "server_opcode": opcode, "frames": frames,
        "expected": {**base, **expected},
    }  # fmt: skip


def _audio(frame: Json) -> bytes:
    import base64

    return base64.b64decode(frame.get("json", {}).get("audio", ""))


def spoken(item_id: str, transcript: str | None, **fields: Any) -> Json:
    return {"item_id": item_id, "kind": "audio", "transcript": transcript, **fields}


def failed() -> Json:
    details = {"type": "failed", "error": {"message": "it broke"}}
    frames = [
        *OPEN,
        *server(committed("u1", None), created(), done(status="failed", status_details=details, usage=None)),
    ]
    said = [{"role": "user", "text": None, "spoken": True}]
    return recording("failed", frames, responses=[response(1, "failed", usage=None)], conversation=said)


def limit_then_silence() -> Json:
    cut = {"type": "incomplete", "reason": "max_output_tokens"}
    frames = [
        *OPEN,
        *server(committed("u1", None), heard("u1", "Count."), created(), item("a1", "u1"), words("One, t")),
        *server(done(status="incomplete", status_details=cut)),
        *server({"type": "input_audio_buffer.timeout_triggered", "item_id": "u2"}, committed("u2", "a1")),
        *server(created("r2"), item("a2", "u2"), words("Hello?", "a2", "r2"), done("r2")),
    ]
    talk = [
        {"role": "user", "item_id": "u1", "text": "Count."},
        {"role": "assistant", "item_id": "a1", "text": "One, t"},
        {"role": "user", "item_id": "u2", "text": None},
        {"role": "assistant", "item_id": "a2", "text": "Hello?"},
    ]
    cut_short = response(1, "incomplete", reason="max_output_tokens", transcript="One, t")
    answers = [cut_short, response(2, transcript="Hello?")]
    return recording("limit", frames, responses=answers, user_turns=[spoken("u1", "Count.")], conversation=talk)


def late_transcript_of_a_second_turn() -> Json:
    audio = pcm(20)
    frames = [
        *OPEN,
        *client({"type": "input_audio_buffer.append", "audio": b64(pcm(20))}),
        *server(
            speech("u1", 10), committed("u1", None), created(), item("a1", "u1"), words("Hi."), sound(audio), done()
        ),
        *server(speech("u2", 99), committed("u2", "a1"), created("r2"), item("a2", "u2"), words("Bye.", "a2", "r2")),
        *server(heard("u1", "Hello."), heard("u2", "Go."), done("r2")),
    ]
    talk = [
        {"role": "user", "text": "Hello."},
        {"role": "assistant", "text": "Hi."},
        {"role": "user", "text": "Go."},
        {"role": "assistant", "text": "Bye."},
    ]
    turns = [spoken("u1", "Hello.", speech_start_ms=10), spoken("u2", "Go.", speech_start_ms=99)]
    answers = [response(1, transcript="Hi.", audio=audio), response(2, transcript="Bye.")]
    return recording("late", frames, responses=answers, user_turns=turns, conversation=talk)


def cancelled_without_done() -> Json:
    update = {"type": "session.update", "session": {"modalities": ["text", "audio"]}}
    frames = [
        *server({"type": "session.created", "session": {"id": "s"}}),
        *client(update),
        *server({"type": "session.updated", "session": {"id": "s"}}, committed("u1", None), created()),
        *server({**item("a1", "u1"), "type": "conversation.item.created"}),
        *server({"type": "response.audio_transcript.delta", "response_id": "r1", "item_id": "a1", "delta": "One"}),
        *client({"type": "response.cancel"}),
        *server(
            {"type": "response.output_item.done", "response_id": "r1", "item": {"id": "a1", "status": "incomplete"}}
        ),
    ]
    talk = [{"role": "user", "text": None}, {"role": "assistant", "text": "One", "interrupted": True}]
    answers = [response(1, "abandoned", transcript="One", usage=None)]
    interruptions = [{"by": "client-cancel"}]
    return recording(
        "no-done", frames, "dashscope-omni-realtime", responses=answers, conversation=talk, interruptions=interruptions
    )


def reconnected_with_items() -> Json:
    hi = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
    yes = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes?"}]}
    go = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go on"}]}
    create = [{"type": "conversation.item.create", "item": each} for each in (hi, yes, go)]
    ask = {"type": "response.create"}
    frames = [
        *OPEN,
        *client(create[0], ask),
        *server(created(), item("a1", None), words("Yes?"), done()),
        {"dir": "server", "close": {"code": 1001, "reason": "time is up"}},
        *OPEN,
        *client(create[0], create[1], create[2], ask),
        *server(created("r2"), item("a2", None), words("Well.", "a2", "r2"), done("r2")),
    ]
    talk = [
        {"role": "user", "text": "Hi"},
        {"role": "assistant", "text": "Yes?"},
        {"role": "user", "text": "Go on"},
        {"role": "assistant", "text": "Well."},
    ]
    answers = [response(1, transcript="Yes?"), response(2, transcript="Well.")]
    closes = [{"code": 1001, "reason": "time is up", "by": "server"}]
    return recording("reconnected", frames, responses=answers, conversation=talk, closes=closes)


def tools_in_the_past() -> Json:
    past = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look"}]},
        {"type": "function_call", "call_id": "c0", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c0", "output": "blue"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Again"}]},
    ]
    frames = [
        *OPEN,
        *client(*({"type": "conversation.item.create", "item": each} for each in past), {"type": "response.create"}),
        *server(created(), *call("c1", "f1"), done()),
        *client({"type": "conversation.item.create",
                 "item": {"type": "function_call_output", "call_id": "c1", "output": "red"}}),
        *client({"type": "response.create"}),
        *server(created("r2"), words("Red.", "a2", "r2"), done("r2")),
    ]  # fmt: skip
    used = {"id": "c1", "name": "look", "arguments": {}, "arguments_raw": "{}"}
    talk = [
        {"role": "user", "text": "Look"},
        {"tool_call": "c0", "name": "look"},
        {"tool_result": "c0", "output": "blue"},
        {"role": "user", "text": "Again"},
        {"tool_call": "c1", "name": "look"},
        {"tool_result": "c1", "output": "red"},
        {"role": "assistant", "text": "Red."},
    ]
    results = [{"call_id": "c0", "output": "blue"}, {"call_id": "c1", "output": "red"}]
    answers = [response(1, tool_calls=[used]), response(2, transcript="Red.")]
    return recording("tools", frames, responses=answers, conversation=talk, tool_results=results)


def live_turns() -> Json:
    usage = {"promptTokenCount": 9, "responseTokenCount": 4}

    def content(**fields: Any) -> Json:
        return {"serverContent": fields}

    frames = [
        *client({"setup": {"model": "models/m", "generationConfig": {"responseModalities": ["AUDIO"]}}}),
        *server({"setupComplete": {}}, content(interrupted=True), content(inputTranscription={"text": "Look"})),
        *server({"toolCall": {"functionCalls": [{"id": "c1", "name": "look", "args": {}}]}}),
        *server({"toolCallCancellation": {"ids": ["c1"]}}, content(outputTranscription={"text": "Never mind."})),
        *server(content(turnComplete=True), {"usageMetadata": usage}),
    ]
    turn = {
        "input_transcript": "Look", "text": "", "transcript": "Never mind.", "thoughts": "", "interrupted": False,
        "tool_calls": [{"id": "c1", "name": "look", "arguments": {}}], "audio_bytes": 0, "audio_sha256": None,
        "usage": usage,
    }  # fmt: skip
    extra: Json = {"turns": [turn], "resumption": [], "go_away": [], "tool_call_cancellations": ["c1"]}
    return recording("live", frames, "gemini-live", **extra)


RECORDINGS = [
    failed,
    limit_then_silence,
    late_transcript_of_a_second_turn,
    cancelled_without_done,
    reconnected_with_items,
    tools_in_the_past,
    live_turns,
]


@pytest.mark.parametrize("make", RECORDINGS)
async def test_a_recording_agrees(make: Any) -> None:
    assert await check_recording(make()) == []


def changes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a text or a number of what is expected stands."""
    if isinstance(value, dict):
        return [found for key, part in value.items() for found in changes(part, (*path, key))]
    if isinstance(value, list):
        return [found for index, part in enumerate(value) for found in changes(part, (*path, index))]
    return [path] if isinstance(value, int | str) and not isinstance(value, bool) else []


UNCOMPARED = {"id", "item_id", "model", "by", "role_of", "code", "kind", "status", "reason"}
"""Parts that are for the reader, or that a change of leaves the same."""


@pytest.mark.parametrize("make", [late_transcript_of_a_second_turn, tools_in_the_past, live_turns])
async def test_every_change_of_what_is_expected_is_noticed(make: Any) -> None:
    for path in changes(make()["expected"]):
        if (UNCOMPARED & set(map(str, path[-1:])) and path[-1] != "id") or path[0] == "session":
            continue
        if path[-1] == "id" and "tool_calls" not in path:
            continue
        changed = json.loads(json.dumps(make()))
        part = changed["expected"]
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = part[path[-1]] + (1 if isinstance(part[path[-1]], int) else "x")
        assert await check_recording(changed), f"a change of {path} was not noticed"


def test_the_script_says_which_recordings_agree(tmp_path: Path) -> None:
    good, bad = failed(), limit_then_silence()
    bad["expected"]["responses"][1]["transcript"] = "Good day?"
    for each in (good, bad):
        (tmp_path / f"{each['id']}.json").write_text(json.dumps(each))
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/check_realtime"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ok   failed" in done.stdout
    assert "response 1 transcript: expected 'Good day?', got 'Hello?'" in done.stdout
    assert "1 of 2 agree" in done.stdout
