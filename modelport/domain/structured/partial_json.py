"""Reads one JSON object out of a model's text while it arrives."""

from __future__ import annotations

import re
from typing import Any

from .growing_value import GrowingValue
from .json_text import ValueEnd

__all__ = ["PartialJson"]

_OPENING, _CLOSING = "<think", "</think"
_CLOSED = re.compile(_CLOSING, re.IGNORECASE)
_GROWTH = 16


class PartialJson:
    """Reads one JSON object while its text arrives; `value` is the object so far, `None` before it begins.

    Thoughts in `<think>` tags and whatever else precedes the first `{` are skipped, and what follows the object's end
    is ignored. Text that is not JSON ends the reading (`broken`); the last `value` stays.

    Each change gives a new `value`: earlier ones are never modified, and share the parts that are complete. The text is
    read whenever it has grown by a sixteenth, and of it only what was not complete the last time.
    """

    __slots__ = (
        "_begun",
        "_end",
        "_fresh",
        "_held",
        "_next_size",
        "_size",
        "_text",
        "_thinks",
        "broken",
        "complete",
        "value",
    )

    def __init__(self) -> None:
        self.value: dict[str, Any] | None = None  # Any: JSON values
        self.complete = False
        self.broken = False
        self._held = ""
        self._thinks: bool | None = None
        self._begun = False
        self._fresh: list[str] = []
        self._text = GrowingValue()
        self._size = 0
        self._next_size = 0
        self._end = ValueEnd()

    def feed(self, text: str) -> bool:
        """Take a piece; whether `value` changed, or became complete."""
        if self.complete or self.broken or not text:
            return False
        if not self._begun:
            text = self._after_thoughts(text)
            start = text.find("{")
            if start < 0:
                return False
            text, self._begun = text[start:], True
        end = self._end.feed(text)
        self._fresh.append(text if end is None else text[:end])
        self._size += len(text)
        if end is None and self._size < self._next_size:
            return False
        return self._read(whole=end is not None)

    def _read(self, *, whole: bool) -> bool:
        self._next_size = self._size + self._size // _GROWTH
        try:
            value = self._text.read("".join(self._fresh), self._end, whole=whole)
        except ValueError:
            self.broken = True
            return False
        self._fresh.clear()
        if value == self.value and not whole:
            return False
        self.value, self.complete = value, whole
        return True

    def _after_thoughts(self, text: str) -> str:
        """The part of this piece, and of the text held back before it, that follows the thoughts."""
        text, self._held = self._held + text, ""
        if self._thinks is None:
            text = text.lstrip()
            opening = text[: len(_OPENING)].lower()
            if len(opening) < len(_OPENING) and _OPENING.startswith(opening):
                self._held = opening
                return ""
            self._thinks = opening == _OPENING
        if not self._thinks:
            return text
        end = _CLOSED.search(text)
        if end is None:
            self._held = text[-len(_CLOSING) :]
            return ""
        self._thinks = False
        return text[end.end() :]
