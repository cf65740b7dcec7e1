"""What CosyVoice's and Sambert's speech share: tasks, one after the other, on one connection.

All text frames of a task carry its id; every binary frame is audio.

Facts: docs/protocols/dashscope-tts.md#cosyvoice-tasks, docs/protocols/dashscope-tts.md#sambert-tasks.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import ClassVar, Literal

from ....domain.errors import ModelError
from ....domain.ids import new_id
from ....domain.speech.responses import TTSUsage
from ....ports.codec.realtime_speech import (
    AudioReceived,
    RealtimeRequest,
    SegmentFinished,
    ServerReady,
    SpeechEvent,
    UtteranceFinished,
)
from ....ports.websocket import Frame
from ...wire.decoder import Json
from .errors import error_of_close, error_of_task
from .frames import frame_of, object_of, usage_of
from .settings import task_settings

__all__ = ["TaskProtocol", "TaskState"]


class TaskState(Enum):
    """Where the current task is."""

    NONE = auto()
    STARTING = auto()
    TAKING_TEXT = auto()
    FINISHING = auto()
    FAILED = auto()


class TaskProtocol:
    """Text waits in `_queue` until a task takes it. A further task begins when the last one is finished and text waits.

    A protocol implements `_advance`, which handles its text in each state.
    """

    ready: ClassVar[bool] = True
    keep_alive_after: ClassVar[float | None] = None
    streaming: ClassVar[Literal["duplex", "out"]]
    """`streaming` of `run-task`: `duplex` when the text comes later, `out` when all of it is in the task."""

    def __init__(self) -> None:
        self._state = TaskState.NONE
        self._queue: deque[str] = deque()
        self._sending: list[Frame] = []
        self._task_id = ""
        self._usage: TTSUsage | None = None
        self._finish_asked = False
        self.ended = False

    def start(self, request: RealtimeRequest) -> None:
        """Begin an utterance. Its first task begins with its text, for a task without text is ended by the server."""
        self._request = request
        self._settings = task_settings(request)
        self._queue.clear()
        self._finish_asked = self.ended = False

    @property
    def idle(self) -> bool:
        """Between two tasks."""
        return self._state is TaskState.NONE and not self._queue

    @property
    def reusable(self) -> bool:
        """After a task that failed the server closes the connection."""
        return self._state is TaskState.NONE

    def push(self, text: str) -> None:
        """Add text to be spoken."""
        self._queue.append(text)
        self._advance()

    def finish(self) -> None:
        """The text is complete."""
        self._finish_asked = True
        self._advance()

    def keep_alive(self) -> None:
        """A no-op for protocols that send the text with the task."""

    def cancel(self) -> None:
        """Stop the task that runs, without speaking what is left of it."""
        if self._state in (TaskState.TAKING_TEXT, TaskState.FINISHING):
            self._send("finish-task", {"input": {"directive": "cancel"}})

    def receive(self, frame: Frame) -> SpeechEvent | None:
        """One message: audio, or an event of the current task."""
        if isinstance(frame, bytes):
            return AudioReceived(frame)
        event = object_of(frame)
        header, payload = event.get("header"), event.get("payload")
        if not isinstance(header, dict) or header.get("task_id", self._task_id) != self._task_id:
            return None
        handle = self._HANDLERS.get(str(header.get("event")))
        return handle(self, header, payload if isinstance(payload, dict) else {}) if handle else None

    def closed(self, code: int, reason: str) -> ModelError:
        """The connection ended before the utterance did."""
        return error_of_close(code, reason)

    def frames_to_send(self) -> list[Frame]:
        """The frames to send now."""
        frames, self._sending = self._sending, []
        return frames

    def _advance(self) -> None:
        raise NotImplementedError

    def _run_task(self, text: Json) -> None:
        """Begin a task with this input."""
        self._task_id = new_id()
        self._usage = None
        self._state = TaskState.STARTING
        self._send(
            "run-task",
            {
                "task_group": "audio",
                "task": "tts",
                "function": "SpeechSynthesizer",
                "model": self._request.model,
                "parameters": self._settings,
                "input": text,
            },
        )

    def _send(self, action: str, payload: Json) -> None:
        header = {"action": action, "task_id": self._task_id, "streaming": self.streaming}
        self._sending.append(frame_of({"header": header, "payload": payload}))

    def _started(self, header: Json, payload: Json) -> SpeechEvent | None:
        if self._state is not TaskState.STARTING:
            return None
        self._state = TaskState.TAKING_TEXT
        self._advance()
        return ServerReady()

    def _generated(self, header: Json, payload: Json) -> None:
        """Words and sentences; what is counted so far is the count of the task up to here."""
        self._usage = usage_of(payload.get("usage")) or self._usage

    def _finished(self, header: Json, payload: Json) -> SpeechEvent:
        usage = usage_of(payload.get("usage")) or self._usage
        facts = {"task_id": self._task_id}
        self._state = TaskState.NONE
        self._advance()
        return (UtteranceFinished if self.ended else SegmentFinished)(usage, facts)

    def _failed(self, header: Json, payload: Json) -> SpeechEvent | None:
        self._state = TaskState.FAILED
        code, message = header.get("error_code"), header.get("error_message")
        raise error_of_task(str(code or ""), str(message or ""), self._task_id)

    _HANDLERS: ClassVar = {
        "task-started": _started,
        "result-generated": _generated,
        "task-finished": _finished,
        "task-failed": _failed,
    }
