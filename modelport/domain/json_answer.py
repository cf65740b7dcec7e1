"""Finding the JSON value in what a model wrote, without repairing anything."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["cut_off", "json_text", "parse_json_value"]

_THOUGHTS = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[ \t]*(?:json5?|jsonc|javascript)?[ \t]*\r?\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)
_START = re.compile(r"(?:\[\s*)?\{")
_LIST_START = re.compile(r"\[")
_CLOSING = {"{": "}", "[": "]"}


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
    return json.loads(text, parse_constant=_refuse)


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
        if sign in _CLOSING:
            open_brackets.append(_CLOSING[sign])
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


def _refuse(word: str) -> Any:  # Any: never returns
    raise ValueError(f"{word} is not JSON")
