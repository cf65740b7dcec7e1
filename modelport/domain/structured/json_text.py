"""A JSON object that grows while its text arrives, at a cost linear in the text.

Every character is looked at once. The object is one and the same all the time; strings that are still open are brought
up to date at ever larger steps, so that a long one is not copied at every piece.

Finding the JSON value in what a model wrote, without repairing anything.
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["PartialJson", "cut_off", "json_text", "parse_json_value"]

_TOKEN = re.compile(r'[{}\[\],:"]|[^\s{}\[\],:"]+')
_PLAIN = re.compile(r'[^"\\]*')
_OPENING, _CLOSING = "<think", "</think"
_SMALL = 2048
_GROWTH = 16


class PartialJson:
    """Reads one JSON object piece by piece; `value` is what there is of it, `None` before it begins.

    Thoughts in `<think>` tags and whatever else precedes the first `{` are skipped, and what follows the object's end
    is ignored. Text that is not JSON stops the reading (`broken`); what came before it stays.
    """

    __slots__ = (
        "_buffer",
        "_key",
        "_pieces",
        "_places",
        "_shown",
        "_size",
        "_string",
        "_thinks",
        "broken",
        "complete",
        "value",
    )

    def __init__(self) -> None:
        self.value: dict[str, Any] | None = None  # Any: JSON values
        self.complete = False
        self.broken = False
        self._buffer = ""
        self._places: list[Any] = []  # Any: the dicts and lists that are open, the innermost last
        self._key: str | None = None
        self._string: str | None = None
        """`key` or `value` while a string is open."""
        self._pieces: list[str] = []
        self._size = 0
        self._shown = 0
        self._thinks: bool | None = None

    def feed(self, text: str) -> bool:
        """Take a piece; whether the object changed."""
        if self.complete or self.broken:
            return False
        if self.value is None:
            text = self._after_thoughts(text)
            start = text.find("{")
            if start < 0:
                return False
            self.value = {}
            self._places = [self.value]
            text = text[start + 1 :]
            self._read(text)
            return True
        return self._read(text)

    def _after_thoughts(self, text: str) -> str:
        """What of this piece, and of what was held back, is no thinking."""
        text, self._buffer = self._buffer + text, ""
        if self._thinks is None:
            opening = text.lstrip()[: len(_OPENING)].lower()
            if len(opening) < len(_OPENING) and _OPENING.startswith(opening):
                self._buffer = text
                return ""
            self._thinks = opening == _OPENING
        if not self._thinks:
            return text
        end = text.lower().find(_CLOSING)
        if end < 0:
            self._buffer = text[-len(_CLOSING) :]
            return ""
        self._thinks = False
        return text[end + len(_CLOSING) :]

    def _read(self, text: str) -> bool:
        text = self._buffer + text
        self._buffer = ""
        place, changed = 0, False
        while place < len(text) and not self.complete and not self.broken:
            if self._string is not None:
                place, grew = self._in_string(text, place)
                changed = changed or grew
                continue
            found = _TOKEN.search(text, place)
            if found is None:
                break
            sign, place = found[0], found.end()
            if sign[0] not in '{}[],:"' and place == len(text):
                self._buffer = sign  # a number or a word that may go on
                break
            changed = self._token(sign) or changed
        return changed

    def _in_string(self, text: str, place: int) -> tuple[int, bool]:
        """The open string up to its end or the end of the text."""
        found = _PLAIN.match(text, place)
        end = found.end() if found else place
        self._take(text[place:end])
        if end == len(text):
            return end, self._show()
        if text[end] == '"':
            return end + 1, self._close_string()
        length = self._escape_length(text, end)
        if end + length > len(text):
            self._buffer = text[end:]
            return len(text), self._show()
        try:
            self._take(json.loads(f'"{text[end : end + length]}"', strict=False))
        except ValueError:
            self.broken = True
        return end + length, False

    @staticmethod
    def _escape_length(text: str, start: int) -> int:
        """The characters of an escape; the halves of a surrogate pair belong together."""
        if text[start + 1 : start + 2] != "u":
            return 2
        high = text[start + 2 : start + 6].lower()
        return 12 if high[:2] in ("d8", "d9", "da", "db") else 6

    def _take(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
            self._size += len(piece)

    def _show(self) -> bool:
        """Bring the open string up to date, a long one only when it has grown by a part of itself."""
        if self._string == "key" or self._size == self._shown:
            return False
        if self._size > _SMALL and self._size - self._shown < self._size // _GROWTH:
            return False
        self._shown = self._size
        text = "".join(self._pieces)
        self._pieces = [text]
        self._replace(text)
        return True

    def _close_string(self) -> bool:
        text = "".join(self._pieces)
        kind, self._string = self._string, None
        if kind == "key":
            self._key = text
            return False
        self._replace(text)
        self._key = None
        return True

    def _open_string(self) -> bool:
        self._pieces, self._size, self._shown = [], 0, 0
        top = self._places[-1]
        if isinstance(top, dict) and self._key is None:
            self._string = "key"
            return False
        self._string = "value"
        return self._add("")

    def _token(self, sign: str) -> bool:
        if sign == '"':
            return self._open_string()
        if sign in "{[":
            inner: Any = {} if sign == "{" else []
            changed = self._add(inner)
            self._key = None
            self._places.append(inner)
            return changed
        if sign in "}]":
            return self._close(sign)
        if sign in ",:":
            return False
        try:
            changed = self._add(json.loads(sign, parse_constant=_refuse))
        except ValueError:
            self.broken = True
            return False
        self._key = None
        return changed

    def _close(self, sign: str) -> bool:
        closed = self._places.pop()
        if isinstance(closed, dict) is not (sign == "}"):
            self.broken = True
        self._key = None
        self.complete = not self._places and not self.broken
        return self.complete

    def _add(self, value: Any) -> bool:
        """A new value, under the key that waits for it or at the end of the list."""
        top = self._places[-1]
        if isinstance(top, list):
            top.append(value)
            return True
        if self._key is None:
            self.broken = True
            return False
        top[self._key] = value
        return True

    def _replace(self, text: str) -> None:
        top = self._places[-1]
        top[-1 if isinstance(top, list) else self._key] = text


def _refuse(word: str) -> Any:  # Any: never returns
    raise ValueError(f"{word} is not JSON")


_THOUGHTS = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[ \t]*(?:json5?|jsonc|javascript)?[ \t]*\r?\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)
_START = re.compile(r"(?:\[\s*)?\{")
_LIST_START = re.compile(r"\[")
_CLOSING_json_answer = {"{": "}", "[": "]"}


def json_text(text: str) -> str:
    """The part of the text that is meant to be JSON; empty when there is none.

    Thoughts before it, a code fence and words around it are left out. It may be damaged.
    """
    text = _THOUGHTS.sub("", text, count=1) if text.lstrip()[:6].lower() == "<think" else text
    stripped = text.strip()
    if stripped[:1] in ("{", "[", '"'):
        return _without_tail(stripped)
    fenced = _FENCE.search(text)
    if fenced and fenced[1].strip():
        return fenced[1].strip()
    start = _START.search(text) or _LIST_START.search(text)
    return _without_tail(text[start.start() :].strip()) if start else ""


def parse_json_value(text: str) -> Any:  # Any: a JSON value
    """The value, by the letter of JSON; raises `ValueError`. NaN and infinities are refused."""
    return json.loads(text, parse_constant=_refuse_json_answer)


def cut_off(text: str) -> bool:
    """Whether the text ends before its first value does: repairing it would make up, or lose, what is missing."""
    return _scan(text) is None


def _without_tail(text: str) -> str:
    """The text up to the end of its first value, if it has one."""
    end = _scan(text)
    tail = text[end:] if end is not None else ""
    return text[:end] if tail.strip() else text


def _scan(text: str) -> int | None:
    """Where the first value ends; `None` when it does not. Only quotes and brackets are looked at."""
    if text[:1] == '"':
        return _string_end(text, 0)
    open_brackets: list[str] = []
    place = 0
    while place < len(text):
        sign = text[place]
        if sign == '"':
            end = _string_end(text, place)
            if end is None:
                return None
            place = end
            continue
        if sign in _CLOSING_json_answer:
            open_brackets.append(_CLOSING_json_answer[sign])
        elif open_brackets and sign in "}]":
            if sign in open_brackets:
                while open_brackets.pop() != sign:
                    pass
            if not open_brackets:
                return place + 1
        place += 1
    return None if open_brackets else len(text)


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _string_end(text: str, start: int) -> int | None:
    found = _STRING.match(text, start)
    return found.end() if found else None


def _refuse_json_answer(word: str) -> Any:  # Any: never returns
    raise ValueError(f"{word} is not JSON")
