"""Legal names and ids for APIs that restrict their characters or length.

The result depends on the original alone, so that it is the same in every request, as prompt caches require.
"""

from __future__ import annotations

import hashlib
import re

__all__ = ["exact_id", "legal_name", "short_id"]

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]+")
_LEGAL = re.compile(r"[A-Za-z0-9_-]+\Z")


def legal_name(original: str, max_length: int = 64) -> str:
    """The original when it is made of letters, digits, `_` and `-` and short enough; else a legal replacement.

    Two different originals never share a name: a changed one ends in eight digits of its hash.
    """
    if len(original) <= max_length and _LEGAL.match(original):
        return original
    digest = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    stem = _ILLEGAL.sub("_", original).strip("_")[: max_length - 9]
    return f"{stem}_{digest}" if stem else f"x_{digest}"


def short_id(original: str, max_length: int) -> str:
    """The original when it is short enough, else a shorter replacement."""
    return original if len(original) <= max_length else legal_name(original, max_length)


_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def exact_id(original: str, length: int) -> str:
    """The original when it is that many letters and digits, else that many made of its hash."""
    if len(original) == length and original.isascii() and original.isalnum():
        return original
    number = int.from_bytes(hashlib.sha256(original.encode("utf-8", "surrogatepass")).digest(), "big")
    signs = []
    for _ in range(length):
        number, rest = divmod(number, len(_LETTERS))
        signs.append(_LETTERS[rest])
    return "".join(signs)
