"""Decodes transferred vectors: base64 of little-endian float32, or a JSON list of numbers.

Facts: docs/protocols/openai-embedding.md#request-and-answer.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ResponseDecodeError

__all__ = ["decode_vector", "decode_vectors"]

_WIRE = np.dtype("<f4")


def decode_vector(value: Any) -> npt.NDArray[np.float32]:  # Any: whatever the provider's JSON holds
    """One vector, float32 of shape (size,).

    Both forms are accepted, because some compatible servers ignore `encoding_format`. A vector from base64
    is a read-only view of the decoded bytes. Raises `ResponseDecodeError` for anything else, for an empty vector and
    for numbers that are not finite.
    """
    vector = _from_base64(value) if isinstance(value, (str, bytes)) else _from_numbers(value)
    if not vector.size:
        raise ResponseDecodeError("an embedding is empty")
    if not np.isfinite(vector).all():
        raise ResponseDecodeError("an embedding holds null, NaN or a number beyond float32")
    return vector


def decode_vectors(values: Iterable[Any]) -> list[npt.NDArray[np.float32]]:  # Any: as above
    """Several vectors, decoded one by one and not copied into one array."""
    return [decode_vector(value) for value in values]


def _from_base64(text: str | bytes) -> npt.NDArray[np.float32]:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ResponseDecodeError(f"an embedding is not base64: {error}") from error
    if len(raw) % _WIRE.itemsize:
        raise ResponseDecodeError(f"an embedding of {len(raw)} bytes is not whole float32 numbers")
    return np.frombuffer(raw, dtype=_WIRE).astype(np.float32, copy=False)


def _from_numbers(value: Any) -> npt.NDArray[np.float32]:
    if not isinstance(value, list):
        raise ResponseDecodeError(f"an embedding is {type(value).__name__}, neither base64 text nor a list of numbers")
    try:
        with np.errstate(over="ignore"):
            vector = np.array(value, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise ResponseDecodeError(f"an embedding is not a list of numbers: {error}") from error
    if vector.ndim != 1:
        raise ResponseDecodeError(f"an embedding is nested: its shape is {vector.shape}")
    return vector
