"""Finds and reads the JSON value in what a model wrote, whole (`json_text`) or while it arrives (`PartialJson`).

Nothing is repaired here. Where a value ends is found from quotes and brackets alone, so that it works on damaged text.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic_core import from_json

from ..unicode import well_formed

__all__ = ["PartialJson", "ValueEnd", "cut_off", "json_text"]

_OPENING, _CLOSING = "<think", "</think"
_THOUGHTS = re.compile(r"\s*+<think(?:ing)?>", re.IGNORECASE)
_CLOSED = re.compile(_CLOSING, re.IGNORECASE)
_END_OF_THOUGHTS = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FENCE = re.compile(r"```[ \t]*+(?:json5?|jsonc|javascript)?[ \t]*+\r?\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)
_START = re.compile(r"(?:\[\s*)?\{")
_LIST_START = re.compile(r"\[")
_SIGN = re.compile(r'\\.?|["{}\[\]]', re.DOTALL)
_BRACKETS = {"{": "}", "[": "]"}
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)  # possessive: no memory for ways back
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_UNFINISHED = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z")
"""The first half of a character at the end of a text."""
_ESCAPED_CONTROLS = {code: f"\\u{code:04x}" for code in range(32)}
_NUMBER_END = "0123456789+-.eE"
_GROWTH = 16


def json_text(text: str) -> str:
    """The part of the text that is meant to be JSON, possibly damaged; empty when there is none.

    Thoughts before it, a code fence and prose around it are left out.
    """
    thoughts = _THOUGHTS.match(text)
    end = _END_OF_THOUGHTS.search(text, thoughts.end()) if thoughts else None
    text = text[end.end() :] if end else text
    stripped = text.strip()
    if stripped[:1] in ("{", "[", '"'):
        return _without_tail(stripped)
    fenced = _FENCE.search(text)
    if fenced and fenced[1].strip():
        return fenced[1].strip()
    start = _START.search(text) or _LIST_START.search(text)
    return _without_tail(text[start.start() :].strip()) if start else ""


def cut_off(text: str) -> bool:
    """Whether the text ends before its first value does, so that a repair would invent or lose what is missing."""
    scan = ValueEnd()
    return scan.feed(text) is None and scan.is_open


def _without_tail(text: str) -> str:
    """The text up to the end of its first value, if it has one."""
    return text[: ValueEnd().feed(text)]


class PartialJson:
    """Reads one JSON object while its text arrives; `value` is the object so far, `None` before it begins.

    Thoughts in `<think>` tags and whatever else precedes the first `{` are skipped, and what follows the object's end
    is ignored. Text that is not JSON ends the reading (`broken`); the last `value` stays.

    Each change gives a new `value`: earlier ones are never modified. The text is read again whenever it has grown by a
    sixteenth, so that the total cost is linear in its length.
    """

    __slots__ = ("_end", "_held", "_next_size", "_pieces", "_size", "_thinks", "broken", "complete", "value")

    def __init__(self) -> None:
        self.value: dict[str, Any] | None = None  # Any: JSON values
        self.complete = False
        self.broken = False
        self._held = ""
        self._thinks: bool | None = None
        self._pieces: list[str] = []
        self._size = 0
        self._next_size = 0
        self._end = ValueEnd()

    def feed(self, text: str) -> bool:
        """Take a piece; whether `value` changed, or became complete."""
        if self.complete or self.broken or not text:
            return False
        if not self._pieces:
            text = self._after_thoughts(text)
            start = text.find("{")
            if start < 0:
                return False
            text = text[start:]
        end = self._end.feed(text)
        self._pieces.append(text[:end])
        self._size += len(text)
        if end is None and self._size < self._next_size:
            return False
        return self._read(whole=end is not None)

    def _read(self, *, whole: bool) -> bool:
        text = "".join(self._pieces)
        self._pieces, self._next_size = [text], self._size + self._size // _GROWTH
        if not whole and not self._end.in_string:
            text = text.rstrip(_NUMBER_END)  # a number at the end may have more digits to come
        try:
            value = _partial_value(text, whole=whole)
        except ValueError:
            self.broken = True
            return False
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


def _partial_value(text: str, *, whole: bool) -> Any:  # Any: JSON values
    """The value of a text that may end early. Raises `ValueError`.

    Control characters in strings are accepted, and halves of characters replaced.
    """
    partial: Literal["off", "trailing-strings"] = "off" if whole else "trailing-strings"
    try:
        return from_json(text, allow_inf_nan=False, allow_partial=partial)
    except (TypeError, ValueError):  # TypeError: half a character that is not an escape
        escaped = well_formed(text if whole else _UNFINISHED.sub("", text))
        if _SURROGATE.search(escaped):
            escaped = _ESCAPE.sub(_paired, escaped)
        escaped = _STRING.sub(lambda found: found[0].translate(_ESCAPED_CONTROLS), escaped)
        return from_json(escaped, allow_inf_nan=False, allow_partial=partial)


def _paired(escape: re.Match[str]) -> str:
    """An escape as it is; of half a character, the replacement character."""
    return r"\ufffd" if escape[1] else escape[0]


class ValueEnd:
    """Finds where the first object, list or string of a text ends; the text may come in pieces."""

    __slots__ = ("_closings", "_counts", "_escaped", "in_string")

    def __init__(self) -> None:
        self._closings: list[str] = []
        self._counts = {"}": 0, "]": 0}
        self._escaped = False
        self.in_string = False

    @property
    def is_open(self) -> bool:
        """Whether a string, an object or a list has begun and not ended."""
        return self.in_string or bool(self._closings)

    def feed(self, text: str, start: int = 0) -> int | None:
        """The index in this piece, of which `start` is the first to read, at which the value has ended, or `None`."""
        start, self._escaped = start + self._escaped, False
        if _SIGN.search(text, start) is None:  # most pieces of a long string
            return None
        for found in _SIGN.finditer(text, start):
            sign = found[0]
            if sign == '"':
                self.in_string = not self.in_string
                ended = not self.in_string and not self._closings
            elif self.in_string:
                self._escaped = sign == "\\"
                continue
            else:
                ended = self._bracket(sign)
            if ended:
                return found.end()
        return None

    def _bracket(self, sign: str) -> bool:
        """Whether the value ends here. A bracket that closes an outer one closes the inner ones too."""
        closings, counts = self._closings, self._counts
        if sign in _BRACKETS:
            closings.append(_BRACKETS[sign])
            counts[_BRACKETS[sign]] += 1
            return False
        if not counts.get(sign):  # also an escape outside of a string
            return False
        while (closed := closings.pop()) != sign:
            counts[closed] -= 1
        counts[sign] -= 1
        return not closings
