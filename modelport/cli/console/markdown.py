"""Markdown for a terminal while it arrives: what is complete stays, the last block is drawn again as it grows."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment, Segments

from .answers import PlainText
from .terminal import printable

__all__ = ["MarkdownText", "complete_part", "rendered_lines"]

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_PAUSE = 0.06
"""Seconds between two drawings of the growing block."""


class MarkdownText(PlainText):
    """Shows the text of answers as Markdown on stdout; everything else as `PlainText` does."""

    def __init__(
        self, show_usage: bool = False, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(show_usage)
        self._console = console or Console(highlight=False, emoji=False)
        self._clock = clock
        self._text = ""
        self._shown_any = False
        self._live: Live | None = None
        self._next = 0.0

    def _write(self, text: str) -> None:
        """Add text to the answer; what is complete is printed, the rest drawn, both only now and then."""
        self._text += text
        began = self._clock()
        if began < self._next:
            return
        complete = complete_part(self._text)
        if complete:
            self._stop()
            self._print(self._text[:complete])
            self._text = self._text[complete:]
        if self._text.strip():
            self._draw()
        self._next = began + max(_PAUSE, 4 * (self._clock() - began))  # a long block is drawn less often

    def _draw(self) -> None:
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        lines = rendered_lines(self._text, self._console, self._shown_any)
        self._live.update(_segments(lines[-max(1, self._console.height - 2) :]), refresh=True)

    def _print(self, text: str) -> None:
        if text.strip():
            self._console.print(_segments(rendered_lines(text, self._console, self._shown_any)), end="")
            self._shown_any = True

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _end(self) -> None:
        super()._end()
        self._stop()
        self._print(self._text)
        self._text, self._shown_any, self._next = "", False, 0.0


def complete_part(text: str) -> int:
    """How many characters of the text are blocks that further text does not change.

    They end with a blank line outside code, after which a line begins that is not indented.
    """
    fence, place, blank, end = "", 0, 0, 0
    for line in text.splitlines(keepends=True):
        if blank and not line[0].isspace():
            end, blank = blank, 0
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1][0] == fence[:1] and len(found[1]) >= len(fence) and not line[found.end() :].strip():
            fence = ""
        place += len(line)
        if not fence and not line.strip() and line.endswith("\n") and text[:place].strip():
            blank = place
    return end


def rendered_lines(text: str, console: Console, after_another: bool = False) -> list[list[Segment]]:
    """The Markdown in lines without blanks at their ends, and without links that a terminal would follow."""
    markdown = Markdown(printable(text.replace("\t", "    ")), hyperlinks=False)
    lines = [_trimmed(line) for line in console.render_lines(markdown, pad=False)]
    while lines and not lines[-1]:
        lines.pop()
    return [[], *lines] if after_another else lines


def _segments(lines: list[list[Segment]]) -> Segments:
    return Segments([segment for line in lines for segment in (*line, Segment("\n"))])


def _trimmed(line: list[Segment]) -> list[Segment]:
    """The line without plain blanks at its end; those with a background colour belong to a block of code."""
    kept = [Segment(printable(segment.text), segment.style) for segment in line]  # character references are read by now
    while kept and not kept[-1].text.strip() and not (kept[-1].style and kept[-1].style.bgcolor):
        kept.pop()
    if kept and not (kept[-1].style and kept[-1].style.bgcolor):
        kept[-1] = Segment(kept[-1].text.rstrip(), kept[-1].style)
    return kept
