"""JSON text to values and back, fast, and forgiving where real servers are sloppy."""

from __future__ import annotations

import json
from typing import Any

import orjson

__all__ = ["dump_json", "parse_json"]

_loads = orjson.loads


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text. Raises `ValueError` when it is none.

    orjson refuses what Python's own parser takes (lone surrogates, NaN); servers send both now and then.
    """
    try:
        return _loads(data)
    except ValueError:
        return json.loads(data)


def dump_json(value: Any) -> bytes:
    """Compact JSON in UTF-8; lone surrogates and integers beyond 64 bits are written as Python writes them."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()
