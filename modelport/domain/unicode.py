"""Text that UTF-8 can write.

A Python string may hold lone surrogates: halves of characters that a server cut apart, or bytes of file names that are
not UTF-8. No JSON document, file or socket takes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

__all__ = ["REPLACEMENT", "has_no_halves", "is_well_formed", "well_formed", "well_formed_value"]

REPLACEMENT = "\ufffd"
_HALF = re.compile(r"(?:\\|5[cC])u[dD][89a-fA-F]")
"""An escape of a surrogate, whose backslash may be an escape itself."""

Value = TypeVar("Value")


def well_formed(text: str) -> str:
    """The text with neighbouring halves joined, and the replacement character for each other surrogate."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def has_no_halves(json: str) -> bool:
    """Whether a JSON text, and JSON inside its strings, surely has well-formed values; `False` may be wrong."""
    return well_formed(json) is json and _HALF.search(json) is None


def is_well_formed(value: object) -> bool:
    """Whether every text in a JSON value, or in pydantic models, is well-formed; looks without recursion."""
    left = [value]
    while left:
        item = left.pop()
        kind = item.__class__
        if kind is str or isinstance(item, str):
            if not item.isascii():  # type: ignore[attr-defined]  # it is a text
                try:
                    item.encode()  # type: ignore[attr-defined]  # as above
                except UnicodeEncodeError:
                    return False
        elif item is None or kind is bool or kind is int or kind is float:
            continue
        elif isinstance(item, list):
            left.extend(item)
        elif isinstance(item, dict):
            left.extend(item)
            left.extend(item.values())
        elif isinstance(item, BaseModel):
            left.extend(item.__dict__.values())  # the names of fields are well-formed
    return True


def well_formed_value(value: Value) -> Value:
    """The value with every text in it well-formed: a JSON value or pydantic models; itself when nothing changes."""
    changed: object = value
    if isinstance(value, str):
        changed = well_formed(value)
    elif isinstance(value, dict):
        pairs = {well_formed_value(key): well_formed_value(item) for key, item in value.items()}
        changed = value if _same(pairs, value) and _same(pairs.values(), value.values()) else pairs
    elif isinstance(value, list):
        items = [well_formed_value(item) for item in value]
        changed = value if _same(items, value) else items
    elif isinstance(value, BaseModel):
        fields = value.__dict__
        kept = well_formed_value(fields)
        changed = value if kept is fields else value.model_copy(update=kept)
    return changed  # type: ignore[return-value]  # of the same type


def _same(first: Iterable[object], second: Iterable[object]) -> bool:
    """Whether two collections hold the same objects."""
    return all(one is other for one, other in zip(first, second, strict=False))
