"""Speaks into a file: a text, or an answer while it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..domain.errors import ModelError, ModelportError
from ..domain.speech.responses import TTSResponse
from ..domain.speech.text import Sentences
from .audio_file import AudioFile
from .console.answers import AnswerView, note_warning

if TYPE_CHECKING:
    from ..application.speech.model import TTSModelBase
    from ..domain.message.responses import ChatResponse, ModelWarning

__all__ = ["Speaker", "speak_into"]


async def speak_into(
    file: AudioFile, model: TTSModelBase, text: str, on_piece: Callable[[], None] = lambda: None
) -> TTSResponse:
    """Speak the text as a further utterance of the file; `on_piece` is called after each piece. The last response."""
    file.begin()
    spoken = await model.synthesize(text)
    if isinstance(spoken, TTSResponse):
        _write(file, spoken, on_piece)
        return spoken
    async with aclosing(spoken) as responses:
        async for response in responses:
            _write(file, response, on_piece)
            if response.is_last:
                return response
    raise ModelError("the speech ended without its last response", provider=model.provider_name, model=model.model)


def _write(file: AudioFile, response: TTSResponse, on_piece: Callable[[], None]) -> None:
    if response.content is not None:
        file.write(response.content)
        on_piece()


class Speaker:
    """Speaks answers into a file, sentence by sentence, in a task of its own, so that the text never waits for it.

    For each answer, call `say` any number of times, then `finish` or `drop`. The file is complete after `with`.
    """

    def __init__(self, model: TTSModelBase, path: Path) -> None:
        self._model = model
        self._file = AudioFile(path)
        self._sentences = Sentences()
        self._task: asyncio.Task[None] | None = None
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self._noted: set[ModelWarning] = set()

    def spoken(self, view: AnswerView) -> AnswerView:
        """A view that shows and speaks."""
        return _SpokenView(view, self)

    def say(self, text: str) -> None:
        """Speak more of the answer; returns at once."""
        self._put(self._sentences.feed(text))

    async def finish(self) -> None:
        """Wait until the answer is spoken; raises the error of the speech model."""
        self._put(self._sentences.finish())
        task, self._task = self._task, None
        if task is not None:
            self._waiting.put_nowait(None)
            try:
                await task
            except BaseException:
                self._file.drop()
                raise
        self._file.keep()

    async def drop(self) -> None:
        """Stop speaking and remove this answer from the file."""
        self._sentences.finish()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError, ModelportError):
                await task
        self._file.drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._task is None:
            self._waiting = asyncio.Queue()
            self._task = asyncio.create_task(self._speak(self._waiting))
            self._task.add_done_callback(_retrieve_error)
        self._waiting.put_nowait(text)

    async def _speak(self, waiting: asyncio.Queue[str | None]) -> None:
        """Speak text by text; whatever arrives while one is spoken becomes the next."""
        async with self._model:
            more = True
            while more:
                texts = [await waiting.get()]
                while not waiting.empty():
                    texts.append(waiting.get_nowait())
                more = texts[-1] is not None
                if text := "".join(text for text in texts if text):
                    self._note(await speak_into(self._file, self._model, text))

    def _note(self, response: TTSResponse) -> None:
        for warning in response.warnings:
            if warning not in self._noted:
                self._noted.add(warning)
                note_warning(warning)


def _retrieve_error(task: asyncio.Task[None]) -> None:
    """Retrieve the error, so that asyncio does not log it when Ctrl-C ended the wait for the task."""
    if not task.cancelled():
        task.exception()


class _SpokenView:
    """Shows an answer with another view, and speaks it."""

    def __init__(self, view: AnswerView, speaker: Speaker) -> None:
        self._view = view
        self._speaker = speaker
        self.last = view.last
        self.tool_call, self.tool_result, self.stopped = view.tool_call, view.tool_result, view.stopped
        self.failed = view.failed

    def delta(self, response: ChatResponse) -> None:
        """Show the text, then speak it."""
        self._view.delta(response)
        self._speaker.say("".join(block.text for block in response.content if block.type == "text"))
