"""Output: answers go to stdout, notes about them and errors to stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from ...domain.errors import ModelportError, SettingsError
from .streams import discard

__all__ = [
    "complain",
    "error_status",
    "errors",
    "json_text",
    "note",
    "printable",
    "show",
    "show_message",
    "terminal_width",
    "write",
    "write_json",
    "write_lines",
]

_WIDE = 240
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What steers a terminal: control characters of both sets, and signs that break lines or reverse their order."""
_UNSAFE = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What JSON allows unescaped although it steers a terminal or is no UTF-8."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would exit with status 1 here; the group of commands ends cleanly


class _Tables(Console):
    """Takes texts as they are, without markup, and leaves out of them what steers a terminal."""

    def __init__(self, **options: Any) -> None:  # Any: rich's
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


def show(*renderables: RenderableType) -> None:
    """Print tables on stdout; in a pipe with wide lines, so that `grep` and `cut` work."""
    if sys.stdout.isatty():
        _Tables().print(*renderables, sep="\n")
        return
    console = _Tables(width=_WIDE)
    with console.capture() as captured:
        console.print(*renderables, sep="\n")
    write("\n".join(line.rstrip() for line in captured.get().split("\n")))


def terminal_width() -> int | None:
    """The columns of the terminal that is stdout; `None` where it is none."""
    return _Tables().width if sys.stdout.isatty() else None


def write_lines(lines: Iterable[Text]) -> None:
    """Print lines as they are: a terminal breaks one that is too long, and nothing is cut off."""
    console = _Tables()
    for line in lines:
        if sys.stdout.isatty():
            console.print(line, soft_wrap=True)
        else:
            write(f"{line.plain}\n")


def show_message(name: str, text: str, others: str) -> None:
    """Print a message of a conversation: as Markdown on a terminal, else as it is."""
    if sys.stdout.isatty():
        from rich.markdown import Markdown

        console = _Tables()
        console.print(Text(f"{name} {others}".rstrip(), style="bold"))
        console.print(Markdown(printable(text), hyperlinks=False))
    else:
        write(f"## {name} {others}".rstrip() + f"\n\n{text}\n\n")


@cache
def errors() -> Console:
    """The console on stderr."""
    return _Console(stderr=True, highlight=False)


def printable(text: str) -> str:
    """The text without characters that a terminal would interpret."""
    return _CONTROL.sub("", text)


def write(text: str) -> None:
    """Write part of an answer to stdout and flush it; control characters are removed on a terminal only."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def write_json(value: Any, indent: int | None = None) -> None:  # Any: JSON values
    """Write a JSON value and a line break to stdout and flush it; every sign is escaped where stdout is not UTF-8."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").replace("_", "") == "utf8"
    sys.stdout.write(json_text(value, indent, ascii_only=not unicode) + "\n")
    sys.stdout.flush()


def json_text(value: Any, indent: int | None = None, *, ascii_only: bool = False) -> str:  # Any: JSON values
    """A JSON value in which what steers a terminal is escaped."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def note(text: str, style: str = "dim", end: str = "\n") -> None:
    """Write a note about the answer to stderr."""
    errors().out(printable(text), style=style, highlight=False, end=end)


def complain(message: str) -> None:
    """Write an error as one line to stderr; there may be no stderr left to write it to."""
    try:
        errors().out(f"modelport: {printable(' '.join(message.split()))}", style="red", highlight=False)
    except OSError:
        discard(sys.stderr)


def error_status(error: ModelportError) -> int:
    """The exit status: 2 when the settings are wrong, 1 when a model failed."""
    return 2 if isinstance(error, SettingsError) else 1
