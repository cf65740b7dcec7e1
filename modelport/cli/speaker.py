"""Speaking into a file: a text, or an answer while it is being written."""

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
from .answers import AnswerView, note_warning
from .audio_file import AudioFile

if TYPE_CHECKING:
    from ..application.speech.model import TTSModelBase
    from ..domain.message.responses import ChatResponse, ModelWarning

__all__ = ["Speaker", "speak_into"]


async def speak_into(
    file: AudioFile, model: TTSModelBase, text: str, told: Callable[[], None] = lambda: None
) -> TTSResponse:
    """Speak the text as a further utterance of the file, and tell of each piece; the last response."""
    file.begin()
    spoken = await model.synthesize(text)
    if isinstance(spoken, TTSResponse):
        _write(file, spoken, told)
        return spoken
    async with aclosing(spoken) as responses:
        async for response in responses:
            _write(file, response, told)
            if response.is_last:
                return response
    raise ModelError("the speech ended without its last response", provider=model.provider_name, model=model.model)


def _write(file: AudioFile, response: TTSResponse, told: Callable[[], None]) -> None:
    if response.content is not None:
        file.write(response.content)
        told()


class Speaker:
    """Speaks answers into a file, sentence by sentence, in a task beside the text, which never waits for it.

    An answer is `say`, any number of times, and `finish` or `drop`; the file is in its place after `with`.
    """

    def __init__(self, model: TTSModelBase, path: Path) -> None:
        self._model = model
        self._file = AudioFile(path)
        self._sentences = Sentences()
        self._task: asyncio.Task[None] | None = None
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self._told: set[ModelWarning] = set()

    def beside(self, view: AnswerView) -> AnswerView:
        """The view, with what it shows spoken."""
        return _SpokenView(view, self)

    def say(self, text: str) -> None:
        """More of the answer; returns at once."""
        self._put(self._sentences.feed(text))

    async def finish(self) -> None:
        """The answer is complete: wait until it is spoken. Raises what went wrong with that."""
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
        """There is no answer to speak, after all."""
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
            self._task.add_done_callback(_heard)
        self._waiting.put_nowait(text)

    async def _speak(self, waiting: asyncio.Queue[str | None]) -> None:
        """What piled up while one text was spoken is the next one."""
        async with self._model:
            more = True
            while more:
                texts = [await waiting.get()]
                while not waiting.empty():
                    texts.append(waiting.get_nowait())
                more = texts[-1] is not None
                if text := "".join(text for text in texts if text):
                    self._tell(await speak_into(self._file, self._model, text))

    def _tell(self, response: TTSResponse) -> None:
        for warning in response.warnings:
            if warning not in self._told:
                self._told.add(warning)
                note_warning(warning)


def _heard(task: asyncio.Task[None]) -> None:
    """Let asyncio not complain about an error that nobody waited for, as Ctrl-C came first."""
    if not task.cancelled():
        task.exception()


class _SpokenView:
    """Shows an answer and has it spoken."""

    def __init__(self, view: AnswerView, speaker: Speaker) -> None:
        self._view = view
        self._speaker = speaker
        self.last = view.last
        self.failed = view.failed

    def delta(self, response: ChatResponse) -> None:
        """The text first."""
        self._view.delta(response)
        self._speaker.say("".join(block.text for block in response.content if block.type == "text"))
