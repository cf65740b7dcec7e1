"""Conversation mode: questions from the keyboard until Ctrl-D, one event loop for all of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

from ...domain.errors import ModelportError
from ...domain.message.messages import Msg, UserMsg
from ..console.terminal import complain, error_status, note
from .slash import SlashCommands

if TYPE_CHECKING:
    from .talk import Talk

__all__ = ["converse"]

ReadLine = Callable[[], Awaitable[str]]
"""The next question; raises `EOFError` at the end, and `KeyboardInterrupt` for Ctrl-C."""


def converse(talk: Talk) -> int:
    """Questions until the end of input; the exit status is the last answer's."""
    note(f"{talk.model.provider_name}/{talk.model.model} - /help lists the commands, Ctrl-D ends")
    with asyncio.Runner() as runner:
        return runner.run(_Mode(talk).run())


class _Mode:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._commands = SlashCommands(talk)
        self._status = 0

    async def run(self) -> int:
        read = self._reader()
        try:
            while True:
                try:
                    line = (await read()).strip()
                except KeyboardInterrupt:
                    note("Ctrl-D or /exit ends the conversation")
                    continue
                if line == "/exit":
                    break
                if line:
                    await self._take(line)
        except EOFError:
            note("")
        finally:
            await self._talk.aclose()
        return self._status

    def _reader(self) -> ReadLine:
        if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
            return _plain_line
        from .prompt import Prompt

        return Prompt(self._talk, self._commands).read

    async def _take(self, line: str) -> None:
        """Run a command or ask a question; whatever goes wrong is one line, and the conversation goes on."""
        question = None
        try:
            if line.startswith("/"):
                question = await self._commands.run(line)
            else:
                question = UserMsg("user", [line, *self._commands.take_attachments()])
            if question is not None:
                await self._ask(question)
        except click.UsageError as error:
            complain(error.format_message())
        except (ModelportError, OSError) as error:
            self._talk.view.failed(error if isinstance(error, ModelportError) else ModelportError(str(error)))
            if question is not None:
                self._status = error_status(error) if isinstance(error, ModelportError) else 1
            if self._talk.speaker:
                await self._talk.speaker.drop()

    async def _ask(self, question: Msg) -> None:
        """Ask; Ctrl-C stops the answer."""
        task = asyncio.ensure_future(self._talk.ask(question))
        with _interrupts(task):
            try:
                await task
                self._status = 0
            except asyncio.CancelledError:
                if not task.cancelled():
                    raise
                self._talk.view.stopped()
                note("stopped; what has arrived stays in the conversation")
                if self._talk.speaker:
                    await self._talk.speaker.drop()


class _interrupts:
    """Within it, Ctrl-C cancels this task and nothing else."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task, self._before = task, signal.getsignal(signal.SIGINT)

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(self._task.cancel))

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)


async def _plain_line() -> str:
    """A line without editing; the prompt `>` goes to stderr."""
    note("> ", end="")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        line = sys.stdin.readline()  # nothing else waits for the event loop meanwhile
    except KeyboardInterrupt:
        raise click.Abort from None
    finally:
        signal.signal(signal.SIGINT, before)
    if not line:
        raise EOFError
    return line
