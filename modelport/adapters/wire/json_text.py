"""JSON text to values and back, fast, and forgiving where real servers are sloppy."""

from __future__ import annotations

import json
from typing import Any

import orjson

from ...domain.errors import InvalidRequestError
from ...domain.json_values import MAY_BE_DEEP, read_json, too_deep
from ...domain.unicode import well_formed

__all__ = ["dump_json", "parse_json"]

_loads = orjson.loads


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text. Raises `ValueError` for other texts.

    Also for one that is nested more than 200 levels deep.
    orjson refuses what Python's own parser takes (lone surrogates, NaN); servers send both now and then.
    """
    if len(data) > MAY_BE_DEEP and too_deep(data):
        raise ValueError("it is nested too deeply")
    try:
        return _loads(data)
    except ValueError:
        pass
    return read_json(data, with_nan=True)


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
