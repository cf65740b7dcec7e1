"""JSON text to values and back, fast, and forgiving where real servers are sloppy."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from ...domain.errors import InvalidRequestError
from ...domain.unicode import well_formed

__all__ = ["MAY_BE_DEEP", "dump_json", "parse_json", "too_deep"]

_loads = orjson.loads
_DEEPEST = 200
"""orjson reads 1,024 levels, but Python's own functions, such as `repr`, may fail on as many."""
MAY_BE_DEEP = 2 * _DEEPEST
"""Shorter texts cannot be nested more deeply than that."""
_LONGEST_SEARCHED = 1 << 20
"""A megabyte: searching many vectors would cost half as much as reading them."""
_OTHERS = bytes(octet for octet in range(256) if octet not in b'[]{}"\\')
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text. Raises `ValueError` for other texts.

    Also for one that is nested more than 200 levels deep, unless it is too long to be searched.
    orjson refuses what Python's own parser takes (lone surrogates, NaN); servers send both now and then.
    """
    if MAY_BE_DEEP < len(data) < _LONGEST_SEARCHED and too_deep(_octets(data)):
        raise ValueError("it is nested too deeply")
    try:
        return _loads(data)
    except ValueError:
        pass
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _octets(data: bytes | str) -> bytes:
    return data if isinstance(data, bytes) else data.encode("utf-8", "replace")


def too_deep(data: bytes) -> bool:
    """Whether arrays and objects are nested more than 200 levels deep."""
    if data.count(b"[") + data.count(b"{") <= _DEEPEST:
        return False
    kept = bytearray(data.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _OTHERS))
    depth = deepest = 0
    for sign in _STRING.sub(b"", kept):
        depth += 1 if sign in b"[{" else -1 if sign in b"]}" else 0
        deepest = max(deepest, depth)
    return deepest > _DEEPEST


def dump_json(value: Any) -> bytes:
    """Compact JSON in UTF-8: lone surrogates are replaced, and integers beyond 64 bits written as they are.

    Raises `InvalidRequestError` for values that JSON does not have.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        pass
    try:
        return well_formed(json.dumps(value, separators=(",", ":"), ensure_ascii=False)).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"the request cannot be written as JSON: {error}") from error
