"""The task protocol of Sambert, as a state machine: a task takes its whole text when it begins.

The protocol has neither `continue-task` nor `finish-task`, and the model determines the voice.

Facts: docs/protocols/dashscope-tts.md#sambert-tasks.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from ....domain.speech.text import split_text
from .task_protocol import TaskProtocol, TaskState

__all__ = ["SambertProtocol"]


class SambertProtocol(TaskProtocol):
    """Text is kept until all of it is there; one longer than the card's limit takes several tasks."""

    streaming: ClassVar[Literal["duplex", "out"]] = "out"

    def finish(self) -> None:
        """The text is complete: send it."""
        whole = "".join(self._queue)
        self._queue.clear()
        self._queue.extend(split_text(whole, self._request.max_characters))
        super().finish()

    def _advance(self) -> None:
        if not self._finish_asked or self._state is not TaskState.NONE:
            return
        if self._queue:
            self._run_task({"text": self._queue.popleft()})
        else:
            self.ended = True
