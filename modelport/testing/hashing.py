"""Vectors from a hash of a text, for embeddings without a model."""

from __future__ import annotations

import hashlib
import math
import re
import struct

__all__ = ["hashed_vector"]


def hashed_vector(text: str, size: int) -> list[float]:
    """A vector of length 1 from the text alone, always the same; texts that share words lie nearer to each other."""
    total = [0.25 * number for number in _numbers(text, size)]
    for word in set(re.findall(r"\w+", text.lower())):
        total = [sum(pair) for pair in zip(total, _numbers(word, size), strict=True)]
    length = math.sqrt(sum(number * number for number in total)) or 1.0
    return [number / length for number in total]


def _numbers(text: str, size: int) -> list[float]:
    """So many numbers between -1 and 1, from a hash."""
    raw = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(4 * size)
    return [number / 2**31 - 1 for number in struct.unpack(f"<{size}I", raw)]
