"""The task protocol of CosyVoice and Qwen-Audio, as a state machine: text goes in while audio comes out.

Facts: docs/protocols/dashscope-tts.md#cosyvoice-tasks.
"""

from __future__ import annotations

import unicodedata
from typing import ClassVar, Literal

from ....domain.speech.text import cut_text
from ....ports.codec.realtime_speech import RealtimeRequest
from .task_protocol import TaskProtocol, TaskState

__all__ = ["CosyVoiceProtocol"]

_LONGEST_MESSAGE = 20_000
_LONGEST_TASK = 200_000


class CosyVoiceProtocol(TaskProtocol):
    """Tasks that take text until they are finished.

    The server fails a task that gets no text for 23 seconds. What keeps it alive is not documented, so the task is
    finished before that, which speaks all it has, and the next text begins another one on the same connection.
    """

    streaming: ClassVar[Literal["duplex", "out"]] = "duplex"
    keep_alive_after: ClassVar[float | None] = 18.0

    def __init__(self) -> None:
        super().__init__()
        self._limit = _LONGEST_TASK
        self._weight = 0
        self._at_once = False
        """Markup may be sent in one message only, so it waits for its end."""

    def start(self, request: RealtimeRequest) -> None:
        """Begin an utterance."""
        super().start(request)
        self._limit = request.max_characters or _LONGEST_TASK
        self._weight = 0
        self._at_once = bool(self._settings.get("enable_ssml"))

    def keep_alive(self) -> None:
        """Finish the task before the server fails it."""
        if self._state is TaskState.TAKING_TEXT:
            self._end_task()

    def _advance(self) -> None:
        if self._at_once and not self._finish_asked:
            return
        if self._state is TaskState.NONE:
            if self._queue:
                self._weight = 0
                self._run_task({})
            elif self._finish_asked:
                self.ended = True
        elif self._state is TaskState.TAKING_TEXT and (not self._send_texts() or self._finish_asked):
            self._end_task()

    def _send_texts(self) -> bool:
        """Send what waits; `False` when the rest of it must wait for another task."""
        if self._at_once:
            markup = "".join(self._queue)
            self._queue.clear()
            self._send("continue-task", {"input": {"text": markup}})
            return True
        while self._queue:
            pieces = _split(self._queue.popleft())
            if len(pieces) > 1:
                self._queue.extendleft(reversed(pieces))
                continue
            weight = _weight(pieces[0])
            if self._weight and self._weight + weight > self._limit:
                self._queue.appendleft(pieces[0])
                return False
            self._weight += weight
            self._send("continue-task", {"input": {"text": pieces[0]}})
        return True

    def _end_task(self) -> None:
        self._state = TaskState.FINISHING
        self._send("finish-task", {"input": {}})


def _split(text: str) -> list[str]:
    """Pieces that one message takes; Chinese, Japanese and Korean characters count twice."""
    return cut_text(text, _LONGEST_MESSAGE if text.isascii() else _LONGEST_MESSAGE // 2)


def _weight(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
