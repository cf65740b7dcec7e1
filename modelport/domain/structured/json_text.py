"""Finds the JSON value in what a model wrote, and where it ends.

Nothing is repaired here. Where a value ends is found from quotes and brackets alone, so that it works on damaged text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["BRACKETS", "ValueEnd", "cut_off", "find_brackets", "json_text", "open_brackets", "outside_strings"]

_THOUGHTS = re.compile(r"\s*+<think(?:ing)?>", re.IGNORECASE)
_END_OF_THOUGHTS = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FENCE = re.compile(r"```[ \t]*+(?:json5?|jsonc|javascript)?[ \t]*+\r?\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)
_START = re.compile(r"(?:\[\s*)?\{")
_LIST_START = re.compile(r"\[")
_SIGN = re.compile(r'\\.?|["{}\[\]]', re.DOTALL)
_ESCAPED = re.compile(r"\\.", re.DOTALL)
find_brackets = re.compile(r"[{}\[\]]").findall
_PAIR = ["{", "}"]
"""Of a piece with one small object, as many are."""
_DEEP = 64
BRACKETS = {"{": "}", "[": "]"}


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


class ValueEnd:
    """Finds where the first object, list or string of a text ends; the text may come in pieces.

    `closings` are the brackets to come, the innermost last; `in_string` and `escaped` say how the next piece begins.
    """

    __slots__ = ("_counts", "closings", "escaped", "in_string")

    def __init__(self) -> None:
        self.closings: list[str] = []
        self.escaped = False
        self.in_string = False
        self._counts: dict[str, int] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a string, an object or a list has begun and not ended."""
        return self.in_string or bool(self.closings)

    def feed(self, text: str, start: int = 0) -> int | None:
        """The index in this piece, of which `start` is the first to read, at which the value has ended, or `None`."""
        if "\\" not in text and not (start or self.escaped) and self._take(text):
            return None
        start, self.escaped = start + self.escaped, False
        if self._counts is None:
            self._counts = {closing: self.closings.count(closing) for closing in BRACKETS.values()}
        for found in _SIGN.finditer(text, start):
            sign = found[0]
            if self.in_string:
                self.escaped = sign == "\\"
                if sign != '"':
                    continue
                self.in_string, ended = False, not self.closings
            elif sign[-1] == '"':  # a backslash outside of a string escapes nothing
                self.in_string, ended = True, False
            else:
                ended = self._bracket(sign[-1], self._counts)
            if ended:
                return found.end()
        return None

    def _take(self, text: str) -> bool:
        """Take a piece without escapes, unless the value may end in it; whether it was taken."""
        if '"' not in text and self.in_string:
            return True
        if not 0 < len(self.closings) < _DEEP:  # what is deeper is copied too often
            return False
        parts = text.split('"')
        signs = find_brackets("".join(parts[self.in_string :: 2]))
        if signs and signs != _PAIR:
            closings = self.closings.copy()
            for sign in signs:
                if sign in BRACKETS:
                    closings.append(BRACKETS[sign])
                elif len(closings) > 1 and closings[-1] == sign:
                    closings.pop()
                else:
                    return False
            self.closings, self._counts = closings, None
        if not len(parts) & 1:
            self.in_string = not self.in_string
        return True

    def _bracket(self, sign: str, counts: dict[str, int]) -> bool:
        """Whether the value ends here. A bracket that closes an outer one closes the inner ones too."""
        closings = self.closings
        if sign in BRACKETS:
            closings.append(BRACKETS[sign])
            counts[BRACKETS[sign]] += 1
            return False
        if not counts.get(sign):  # also an escape outside of a string
            return False
        while (closed := closings.pop()) != sign:
            counts[closed] -= 1
        counts[sign] -= 1
        return not closings


def outside_strings(text: str) -> list[str]:
    """The text between quotes, each escape as two dots: what is outside and what is inside strings in turn."""
    return (_ESCAPED.sub("..", text) if "\\" in text else text).split('"')


def open_brackets(closings: Sequence[str]) -> str:
    """The brackets that these close."""
    return "".join("{" if closing == "}" else "[" for closing in closings)
