"""JSON that a stranger wrote, read no deeper than Python's own functions reach.

Python 3.12 and newer read JSON thousands of levels deep, which `repr`, a comparison or a recursive walk then fails on
with `RecursionError`.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

__all__ = ["MAY_BE_DEEP", "read_json", "too_deep"]

_DEEPEST = 200
MAY_BE_DEEP = 2 * _DEEPEST
"""Shorter texts cannot be nested more deeply than that."""
_QUICKLY_COUNTED = 16 * 1024
_OTHERS = bytes(octet for octet in range(256) if octet not in b'[]{}"\\')
_FEW = 4
_STEPS = {octet: 1 if octet in b"[{" else -1 if octet in b"]}" else 0 for octet in range(256)}
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


def too_deep(data: bytes | str) -> bool:
    """Whether arrays and objects are nested more than 200 levels deep. Takes time in proportion to the length."""
    size = len(data)
    if size <= MAY_BE_DEEP or (size > _QUICKLY_COUNTED and _is_flat(data)):
        return False
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    if data.count(b"[") + data.count(b"{") <= _DEEPEST:
        return False
    if b"\\" in data:  # not in vectors, of which there may be megabytes
        data = data.replace(rb"\\", b"").replace(rb"\"", b"")
    kept = _STRING.sub(b"", data.translate(None, _OTHERS))
    return max(accumulate(map(_STEPS.__getitem__, kept)), default=0) > _DEEPEST


def _is_flat(data: bytes | str) -> bool:
    """Whether a text has only a few brackets, as a long one has that is mostly one string: quicker than to count."""
    place = found = 0
    curly, square = ("{", "[") if isinstance(data, str) else (b"{", b"[")
    if data.find(square) >= 0:  # type: ignore[arg-type]  # a text and a text, or bytes and bytes
        return False
    while found < _FEW:
        place = data.find(curly, place) + 1  # type: ignore[arg-type]  # as above
        if not place:
            return True
        found += 1
    return False


def read_json(text: bytes | str, *, with_nan: bool = False) -> Any:  # Any: a JSON value
    """The value of a JSON text. Raises `ValueError` for other texts, and for those more than 200 levels deep.

    NaN and infinities, which Python's own parser accepts, are refused unless `with_nan`.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if too_deep(text):
        raise ValueError("it is nested too deeply")
    try:
        return json.loads(text) if with_nan else json.loads(text, parse_constant=_refuse)
    except RecursionError as error:  # the caller is deep in calls itself
        raise ValueError("it is nested too deeply") from error


def _refuse(word: str) -> Any:  # Any: never returns
    raise ValueError(f"{word} is not JSON")
