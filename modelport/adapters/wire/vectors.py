"""Vectors out of an answer's JSON: in input order, as float32, every shape that is not the protocol's told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

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
    """The entries by their index; as they came where the indices are missing, repeated or out of range.

    Facts: wire/openai-embedding, "Traps": compatible servers leave `index` out, or send 0 for all.
    """
    if not all(isinstance(entry, dict) for entry in entries):
        raise ResponseDecodeError("a vector of the answer is not a JSON object")
    places = {entry.get(key): entry for entry in entries}
    if all(index in places for index in range(len(entries))):
        return [places[index] for index in range(len(entries))]
    return list(entries)


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
    """The first of these counts that is there."""
    found = (usage.get(name) for name in names) if isinstance(usage, dict) else iter(())
    return next((int(value) for value in found if isinstance(value, int | float) and value >= 0), None)
