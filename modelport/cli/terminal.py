"""What is written where: the answer on stdout, everything about it on stderr."""

from __future__ import annotations

import re
import sys
from functools import cache

from rich.console import Console

from ..domain.errors import ModelportError, SettingsError

__all__ = ["WIDE", "complain", "error_status", "errors", "note", "output", "printable", "write"]

WIDE = 240
"""Columns of a table that does not go to a terminal, so that `grep` finds whole rows."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would exit with status 1 here; the group of commands ends cleanly


@cache
def output() -> Console:
    """Tables and cards, on stdout."""
    return _Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


@cache
def errors() -> Console:
    """Notes, on stderr."""
    return _Console(stderr=True, highlight=False)


def printable(text: str) -> str:
    """The text without characters that could steer a terminal."""
    return _CONTROL.sub("", text)


def write(text: str) -> None:
    """Part of an answer, at once; a terminal gets only what is printable, a pipe every character."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def note(text: str, style: str = "dim", end: str = "\n") -> None:
    """Something about the answer, on stderr."""
    errors().out(printable(text), style=style, highlight=False, end=end)


def complain(message: str) -> None:
    """One line on stderr that says what went wrong."""
    errors().out(f"modelport: {printable(' '.join(message.split()))}", style="red", highlight=False)


def error_status(error: ModelportError) -> int:
    """The exit status: 2 when the settings are wrong, 1 when a model failed."""
    return 2 if isinstance(error, SettingsError) else 1
