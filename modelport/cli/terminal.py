"""What is written where: the answer on stdout, everything about it on stderr."""

from __future__ import annotations

import re
import sys
from functools import cache

from rich.console import Console, RenderableType

from ..domain.errors import ModelportError, SettingsError

__all__ = ["complain", "error_status", "errors", "note", "printable", "show", "write"]

_WIDE = 240
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would exit with status 1 here; the group of commands ends cleanly


def show(*renderables: RenderableType) -> None:
    """Tables and their like on stdout; without a terminal in wide rows, so that `grep` and `cut` work."""
    if sys.stdout.isatty():
        Console(highlight=False).print(*renderables, sep="\n")
        return
    console = Console(highlight=False, width=_WIDE)
    with console.capture() as captured:
        console.print(*renderables, sep="\n")
    write("\n".join(line.rstrip() for line in captured.get().split("\n")))


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
