"""Code blocks: the first one of an answer, for `modelport chat -x`."""

from __future__ import annotations

import re

from .answers import PlainText

__all__ = ["CodeOnly", "first_code"]

_BLOCK = re.compile(
    r"^ {0,3}(?P<fence>`{3,}+|~{3,}+)[^\n]*+\n(?P<code>.*?)(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)", re.M | re.S
)


def first_code(text: str) -> str:
    """The inside of the first code block; the whole text when there is none."""
    found = _BLOCK.search(text)
    return found["code"] if found else text


class CodeOnly(PlainText):
    """Shows only the first code block of an answer, when it is complete."""

    def __init__(self, show_usage: bool = False) -> None:
        super().__init__(show_usage)
        self._text = ""

    def _write(self, text: str) -> None:
        """Collect the text."""
        self._text += text

    def _end(self) -> None:
        text, self._text = first_code(self._text), ""
        if text:
            super()._write(text)
        super()._end()
