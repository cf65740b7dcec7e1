"""DashScope's speech over WebSockets.

Facts: docs/protocols/dashscope-tts.md#realtime-sessions, docs/protocols/dashscope-tts.md#cosyvoice-tasks,
docs/protocols/dashscope-tts.md#sambert-tasks.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ...ports.websocket import Frame
from ..servers.websocket import Script, ScriptedConnection
from . import voice
from .dashscope_speech import silence
from .reply import Json

__all__ = ["answer"]

_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？")


def answer(connection: ScriptedConnection) -> Script:
    """The conversation of the path: sessions of speech or voice below `/realtime`, tasks below `/inference`."""
    path, _, query = connection.path.partition("?")
    path = path.rstrip("/")
    if path.endswith("/realtime") and "tts" not in query:
        return Script([voice.converse])
    for ending, converse in (("/realtime", _sessions), ("/inference", _tasks)):
        if path.endswith(ending):
            return Script([converse])
    return Script(status=404, body=f"no provider has the path {path}".encode())


async def _sessions(connection: ScriptedConnection) -> None:
    """One session: text is synthesized word by word as it comes."""
    await _say(connection, "session.created", session={"id": "session_1"})
    waiting = ""
    while True:
        event = _object(await connection.expect())
        kind = event["type"]
        if kind == "session.update":
            await _say(connection, "session.updated", session=event["session"])
        elif kind == "input_text_buffer.append":
            whole, space, waiting = (waiting + event["text"]).rpartition(" ")
            await _respond(connection, whole + space)
        elif kind == "input_text_buffer.clear":
            waiting = ""
            await _say(connection, "input_text_buffer.cleared")
        elif kind in ("input_text_buffer.commit", "session.finish"):
            await _respond(connection, waiting)
            waiting = ""
            if kind == "session.finish":
                await _say(connection, "session.finished")
                return
            await _say(connection, "input_text_buffer.committed")
        elif kind != "response.cancel":
            error = {"code": "invalid_value", "message": f"unknown event {kind}"}
            await _say(connection, "error", error=error)


async def _respond(connection: ScriptedConnection, text: str) -> None:
    if not text.strip():
        return
    await _say(connection, "response.created", response={"id": "response_1"})
    await _say(connection, "response.output_item.added", item={"id": "item_1"})
    place = {"response_id": "response_1", "item_id": "item_1"}
    await _say(connection, "response.audio.delta", **place, delta=base64.b64encode(silence(text)).decode())
    await _say(connection, "response.audio.done", **place)
    usage = {"characters": len(text)}
    await _say(connection, "response.done", response={"id": "response_1", "status": "completed", "usage": usage})


async def _say(connection: ScriptedConnection, kind: str, **fields: Any) -> None:  # Any: JSON
    await connection.send({"event_id": "event_1", "type": kind, **fields})


async def _tasks(connection: ScriptedConnection) -> None:
    """Tasks one after the other: text is synthesized by the sentence, or at once where the first message has it all."""
    while True:
        run = _object(await connection.expect())
        task, given = str(run["header"]["task_id"]), run["payload"]["input"]
        await _event(connection, task, "task-started", {})
        text = str(given.get("text", ""))
        if run["header"].get("streaming") == "out":
            await _speak(connection, task, text)
        else:
            text = await _written(connection, task)
        await _event(connection, task, "task-finished", {"usage": {"characters": len(text)}})


async def _written(connection: ScriptedConnection, task: str) -> str:
    """The text of a task that comes in parts, once all of it is synthesized."""
    whole = waiting = ""
    while True:
        message = _object(await connection.expect())
        given: Json = message["payload"]["input"]
        text = str(given.get("text", ""))
        waiting, whole = waiting + text, whole + text
        ends = message["header"]["action"] == "finish-task"
        if ends or given.get("flush") or waiting.rstrip().endswith(_SENTENCE_ENDS):
            await _speak(connection, task, waiting)
            waiting = ""
        if ends:
            return whole


async def _speak(connection: ScriptedConnection, task: str, text: str) -> None:
    if text.strip():
        await _event(connection, task, "result-generated", {"output": {"type": "sentence-synthesis"}})
        await connection.send(silence(text))


async def _event(connection: ScriptedConnection, task: str, event: str, payload: Mapping[str, Any]) -> None:
    await connection.send({"header": {"task_id": task, "event": event, "attributes": {}}, "payload": payload})


def _object(frame: Frame) -> Json:
    value = json.loads(frame)
    assert isinstance(value, dict), f"a message is a JSON object, not {value!r}"
    return value
