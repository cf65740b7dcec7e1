"""Vectors of an answer's JSON: in input order, as float32; any other shape raises `ResponseDecodeError`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeGuard

from ...domain.errors import ResponseDecodeError
from .decoder import Json

if TYPE_CHECKING:
    from ...domain.embedding.values import EmbeddingResponse, FloatArray

__all__ = ["count", "entries_in_order", "entry_list", "vector_response"]


def entry_list(value: Any, where: str) -> list[Any]:  # Any: whatever stands where the vectors should
    """The list of vectors; raises `ResponseDecodeError` when there is none."""
    if not isinstance(value, list):
        raise ResponseDecodeError(f"the answer has no list of vectors at {where}")
    return value


def entries_in_order(entries: Sequence[Any], key: str) -> list[Json]:
    """The entries by their index, wherever it begins; as they came where it is missing, or the same in all.

    Raises `ResponseDecodeError` when the indices contradict each other: vectors cannot be matched to inputs then.
    Compatible servers leave `index` out, or send 0 for all. Facts: docs/protocols/openai-embedding.md#quirks.
    """
    if not all(isinstance(entry, dict) for entry in entries):
        raise ResponseDecodeError("a vector of the answer is not a JSON object")
    indices = [_index(entry.get(key)) for entry in entries]
    if all(index == indices[0] for index in indices):
        return list(entries)
    numbers = [index for index in indices if index is not None]
    if len(set(numbers)) == len(entries):
        return [entry for _, entry in sorted(zip(numbers, entries, strict=True), key=itemgetter(0))]
    if all(index in (None, place) for place, index in enumerate(indices)):
        return list(entries)
    raise ResponseDecodeError(f"the indices of the answer's vectors contradict each other: {str(indices)[:100]}")


def _index(value: Any) -> float | None:  # Any: whatever stands where the index should
    """The index, which some servers send as text, perhaps of a float."""
    if isinstance(value, str):
        text = value.strip().removesuffix(".0")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    return value if isinstance(value, int | float) else None


def vector_response(
    values: Sequence[Any], tokens: int, refine: Callable[[FloatArray], FloatArray] | None = None
) -> EmbeddingResponse:
    """The response with these vectors, each base64 text or a list of numbers (Any: the provider's JSON)."""
    from ...domain.embedding.decode import decode_vector  # numpy is needed by calls, and not by classes and cards
    from ...domain.embedding.values import EmbeddingResponse, EmbeddingUsage, EmbeddingVectors

    rows: list[FloatArray] = [decode_vector(value) for value in values]
    if refine is not None:
        rows = [refine(row) for row in rows]
    return EmbeddingResponse(EmbeddingVectors(rows), usage=EmbeddingUsage(tokens=tokens))


def count(usage: Any, *names: str) -> int | None:  # Any: the provider's usage object, or nothing
    """The first of these counts that exists."""
    found = (usage.get(name) for name in names) if isinstance(usage, dict) else iter(())
    return next((int(value) for value in found if _is_count(value)), None)


def _is_count(value: Any) -> TypeGuard[float]:  # Any: as above
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf
