"""The line where questions are typed: history across sessions, several lines, a status line. Needs prompt_toolkit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from ...adapters.wire.private_file import open_private
from ..console.answers import usage_line
from ..console.terminal import printable

if TYPE_CHECKING:
    from .slash import SlashCommands
    from .talk import Talk

__all__ = ["Prompt"]

_LARGEST_HISTORY = 1024 * 1024


class Prompt:
    """Reads questions. Enter sends, Alt-Enter begins a line; a paste of several lines is one question."""

    def __init__(self, talk: Talk, commands: SlashCommands) -> None:
        self._talk = talk
        self._session: PromptSession[str] = PromptSession(
            "> ",
            multiline=True,
            prompt_continuation="  ",
            history=_history(talk.keeper.enabled),
            key_bindings=_keys(),
            completer=_Commands(commands),
            complete_while_typing=False,
            bottom_toolbar=self._status,
            reserve_space_for_menu=0,
            enable_history_search=True,
        )

    async def read(self) -> str:
        """The next question; raises `EOFError` for Ctrl-D, and `KeyboardInterrupt` for Ctrl-C."""
        return await self._session.prompt_async()

    def _status(self) -> str:
        """The model and the tokens of the last answer."""
        last = self._talk.last
        used = f" · {usage_line(last.usage)}" if last and last.usage else ""
        return printable(f"{self._talk.model.provider_name}/{self._talk.model.model}{used}")


class _Commands(Completer):
    """The names of commands, after a slash at the beginning."""

    def __init__(self, commands: SlashCommands) -> None:
        self._names = list(commands.descriptions())

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The commands that begin with what is typed."""
        typed = document.text_before_cursor
        if typed.startswith("/") and " " not in typed:
            yield from (Completion(name, -len(typed)) for name in self._names if name.startswith(typed))


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


def _history(stored: bool) -> History:
    """The questions of earlier sessions, in a file that only its owner reads; of this one alone if none are stored."""
    if not stored:
        return InMemoryHistory()
    path = Path(platformdirs.user_data_dir("modelport", appauthor=False)) / "history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(open_private(path, os.O_CREAT | os.O_RDWR))
        if path.stat().st_size > _LARGEST_HISTORY:
            path.write_bytes(path.read_bytes()[-_LARGEST_HISTORY // 2 :].partition(b"\n\n")[2])
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
