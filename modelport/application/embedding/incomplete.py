"""The error of an embedding call in which some inputs got no vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ...domain.errors import EmbeddingError, ModelError, ModelportError

__all__ = ["embedding_error", "listed", "reasons"]

_MOST_LISTED = 10


def embedding_error(
    cause: ModelportError, missing: Sequence[int], total: int, refused: Mapping[int, ModelError]
) -> EmbeddingError:
    """An `EmbeddingError` with the facts of its cause, which `except type(cause)` catches too.

    Args:
        missing: the indices of all inputs without a vector.
        total: how many inputs the call has.
        refused: the errors of single inputs, by index; errors in other words than the cause's are added.
    """
    known = cause if isinstance(cause, ModelError) else ModelError(str(cause))
    message = f"{known.message} [{len(missing)} of {total} inputs have no vector: {listed(missing)}]"
    others = [text for text in reasons(refused) if not text.endswith(f": {known.message}")]
    message = "; ".join([message, *others[:3]])
    facts = {**vars(known), **vars(cause), "message": message, "missing_indices": tuple(missing)}
    error = _rebuilt(type(cause), message, facts)
    error.__cause__ = cause
    return error


def reasons(refused: Mapping[int, ModelError]) -> list[str]:
    """The errors of single inputs in the server's words, inputs with the same one together."""
    indices: dict[str, list[int]] = {}
    for index, error in sorted(refused.items()):
        indices.setdefault(error.message, []).append(index)
    return [f"input {listed(group)}: {message}" for message, group in indices.items()]


def listed(indices: Sequence[int]) -> str:
    """The indices with commas, at most ten of them."""
    more = f" and {len(indices) - _MOST_LISTED} more" if len(indices) > _MOST_LISTED else ""
    return ", ".join(map(str, indices[:_MOST_LISTED])) + more


def _rebuilt(cause: type[ModelportError], message: str, facts: dict[str, Any]) -> EmbeddingError:
    kind = _class_of(cause)  # type: ignore[arg-type]  # mypy does not see that classes have a hash
    error = kind.__new__(kind, message)
    error.__dict__.update(facts)
    return error


@cache
def _class_of(cause: type[ModelportError]) -> type[EmbeddingError]:
    """The class of embedding errors with this cause.

    It has both bases, because an `except` clause looks only at an error's base classes. It is made here, because any
    error of the package may be the cause, also one of an application's own model; `__reduce__` lets it be pickled
    although no module has it.
    """
    if issubclass(cause, EmbeddingError):
        return cause

    def reduce(self: EmbeddingError) -> tuple[Any, ...]:  # Any: what pickle requires
        return _rebuilt, (cause, self.message, dict(vars(self)))

    doc = f"{cause.__name__} in an embedding call."
    return type(f"Embedding{cause.__name__}", (EmbeddingError, cause), {"__doc__": doc, "__reduce__": reduce})
