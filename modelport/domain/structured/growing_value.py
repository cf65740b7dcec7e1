"""The value of a JSON text that grows: what is complete is read once, so that the cost is linear in the length."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Literal

from pydantic_core import from_json

from ..unicode import well_formed
from .json_text import BRACKETS, ValueEnd, find_brackets, open_brackets, outside_strings

__all__ = ["GrowingValue"]

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)  # possessive: no memory for ways back
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_UNFINISHED = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z")
"""The first half of a character at the end of a text."""
_ESCAPED_CONTROLS = {code: f"\\u{code:04x}" for code in range(32)}
_NUMBER_END = "0123456789+-.eE"
_ON, _MARK = "\ue000 the container that is open \ue001", "\ue000 the end of what is kept \ue001"
"""The key on the way to the innermost open container, and what marks its end, which no answer has by chance."""
_OWN_KEY = "a key of the text is one that marks where it was cut"
_DEEPEST = 32


class GrowingValue:
    """Reads one JSON value again and again while its text grows.

    A reading keeps the value of the text before the last comma outside a string, and which brackets are open there;
    later ones read only what follows, within the same brackets. Open containers are copied for each reading;
    complete ones are shared by all.
    """

    __slots__ = ("_before", "_kept", "_open", "_tail")

    def __init__(self) -> None:
        self._tail = ""
        self._open = ""
        self._kept: Any = None  # Any: JSON values, here and below
        self._before: tuple[str, bool, bool] | None = ("", False, False)

    def read(self, fresh: str, end: ValueEnd, *, whole: bool) -> Any:
        """The value with this further text; `end` has scanned all of it, and `whole` says that it is complete.

        Raises `ValueError` for what is not JSON.
        """
        length, self._tail = len(self._tail), self._tail + fresh
        if not whole:
            self._keep(fresh, length)
            closings = end.closings
            self._before = (open_brackets(closings), end.in_string, end.escaped) if len(closings) < _DEEPEST else None
        text = _opening(self._open) + self._tail
        if not whole and not end.in_string:
            text = text.rstrip(_NUMBER_END)  # a number at the end may have more digits to come
        return self._with_kept(_partial_value(text, whole=whole))

    def _keep(self, fresh: str, length: int) -> None:
        """Keep the value before the last comma in what is new, if there is one; `length` is that of the text before."""
        found = _last_comma(fresh, *self._before) if self._before else None
        if found is None:
            return
        comma, still_open = length + found[0], found[1]
        mark = f',"{_MARK}"' if still_open[-1] == "[" else f',"{_MARK}":0'
        try:
            value = self._with_kept(_partial_value(_opening(self._open) + self._tail[:comma] + mark, whole=False))
        except ValueError:
            return  # so will be the reading
        if _without_mark(value, still_open):
            self._kept, self._open, self._tail = value, still_open, self._tail[comma + 1 :]

    def _with_kept(self, value: Any) -> Any:
        if not self._open:
            return value
        try:
            return _merged(self._kept, value, len(self._open))
        except (LookupError, StopIteration) as error:
            raise ValueError(_OWN_KEY) from error


def _opening(brackets: str) -> str:
    """A text in which these brackets are open, one inside the other."""
    return "".join(sign if sign == "[" else f'{{"{_ON}":' for sign in brackets[:-1]) + brackets[-1:]


def _merged(old: Any, new: Any, levels: int) -> Any:
    """What was kept with what follows: both begin with the same open containers, so many levels deep.

    Where they do not, because the text has a key that is used here, it raises `ValueError`, `LookupError` or
    `StopIteration`.
    """
    if type(old) is not type(new):
        raise ValueError(_OWN_KEY)
    if isinstance(old, list):
        return [*old, *new] if levels == 1 else [*old[:-1], _merged(old[-1], new[0], levels - 1), *islice(new, 1, None)]
    if levels == 1:
        return {**old, **new}
    key = next(reversed(old))
    return {**old, key: _merged(old[key], new.pop(_ON), levels - 1), **new}


def _without_mark(value: Any, brackets: str) -> bool:
    """Take the mark out of the innermost open container; False when it is not there, because a key came twice."""
    for sign in brackets[:-1]:
        if not value or type(value) is not (list if sign == "[" else dict):
            return False
        value = value[-1] if sign == "[" else value[next(reversed(value))]
    if isinstance(value, list) and value and value[-1] == _MARK:
        value.pop()
    elif isinstance(value, dict) and _MARK in value:
        del value[_MARK]
    else:
        return False
    return True


def _last_comma(text: str, brackets: str, in_string: bool, escaped: bool) -> tuple[int, str] | None:
    """Where the last comma outside a string is, and which brackets are open there; `None` for none.

    The brackets that are open before the text are given, and whether it begins in a string, and with what is escaped.
    """
    parts = outside_strings("." + text[1:] if escaped else text)
    end = len(text)
    for index in range(len(parts) - 1, -1, -1):
        start = end - len(parts[index])
        comma = parts[index].rfind(",") if index & 1 == in_string else -1
        if comma >= 0:
            break
        end = start - 1
    else:
        return None
    stack = [*brackets]
    for sign in find_brackets("".join(parts[in_string:index:2]) + parts[index][:comma]):
        if sign in BRACKETS:
            stack.append(sign)
        elif not stack or BRACKETS[stack.pop()] != sign:
            return None
    return (start + comma, "".join(stack)) if 0 < len(stack) < _DEEPEST else None


def _partial_value(text: str, *, whole: bool) -> Any:
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
