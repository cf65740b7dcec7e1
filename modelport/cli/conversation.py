"""A conversation with a chat model: questions from the caller or the terminal, answers to a view and a speaker."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from ..domain.errors import ModelError, ModelportError
from ..domain.message.messages import AssistantMsg, Msg, SystemMsg, UserMsg
from ..domain.message.responses import ChatResponse
from .console.terminal import error_status, note

if TYPE_CHECKING:
    from ..application.chat.model import ChatModelBase
    from ..composition.hub import Modelport
    from .console.answers import AnswerView
    from .speaker import Speaker

__all__ = ["Conversation"]


class Conversation:
    """A model, its history, and where answers are shown and spoken; one event loop for all of it."""

    def __init__(
        self, hub: Modelport, model: ChatModelBase, view: AnswerView, system: str | None, speaker: Speaker | None
    ) -> None:
        self._hub, self._model, self._speaker = hub, model, speaker
        self._view = speaker.spoken(view) if speaker else view
        self._history: list[Msg] = [SystemMsg("system", system)] if system else []

    def once(self, prompt: str) -> int:
        """One question; the exit status."""
        with asyncio.Runner() as runner:
            try:
                return self._turn(runner, prompt)
            finally:
                runner.run(self._hub.aclose())

    def until_end(self) -> int:
        """Questions from the terminal until the end of input; the exit status is the last answer's."""
        note(f"{self._model.provider_name}/{self._model.model} - /exit or Ctrl-D ends")
        status = 0
        with asyncio.Runner() as runner:
            try:
                while (prompt := _read_prompt()) is not None:
                    if prompt:
                        status = self._turn(runner, prompt)
                return status
            finally:
                runner.run(self._hub.aclose())

    def _turn(self, runner: asyncio.Runner, prompt: str) -> int:
        """Ask and show; a question that failed is left out of the history."""
        question = UserMsg("user", prompt)
        try:
            response = runner.run(_ask(self._model, [*self._history, question], self._view))
            self._view.last(response)
            self._history += [question, AssistantMsg("assistant", response.content)]
            if self._speaker:
                runner.run(self._speaker.finish())
        except ModelportError as error:
            self._view.failed(error)
            if self._speaker:
                runner.run(self._speaker.drop())
            return error_status(error)
        return 0


async def _ask(model: ChatModelBase, messages: list[Msg], view: AnswerView) -> ChatResponse:
    """The whole answer, shown as it arrives; the connection is closed however this ends."""
    answer = await model(messages)
    if isinstance(answer, ChatResponse):
        view.delta(answer)
        return answer
    async with aclosing(answer) as responses:
        async for response in responses:
            if response.is_last:
                return response
            view.delta(response)
    raise ModelError("the stream ended without its last response", provider=model.provider_name, model=model.model)


def _read_prompt() -> str | None:
    """What the user types next; `None` at the end of the conversation."""
    with suppress(ImportError):
        import readline  # noqa: F401 - gives `input` editing and history, where there is one
    try:
        line = input("> ").strip() if sys.stdout.isatty() else _read_without_terminal()
    except EOFError:
        note("")
        return None
    return None if line == "/exit" else line


def _read_without_terminal() -> str:
    """A line, while stdout is a pipe: the prompt `>` goes to stderr."""
    note("> ", end="")
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()
