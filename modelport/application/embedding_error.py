"""The error of an embedding call that some inputs came out of without a vector."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..domain.errors import EmbeddingError, ModelError, ModelportError

__all__ = ["embedding_error"]


def embedding_error(cause: ModelportError, missing: Sequence[int], total: int) -> EmbeddingError:
    """An `EmbeddingError` that also has the cause's class and facts, so that `except RateLimitError` still works."""
    known = cause if isinstance(cause, ModelError) else ModelError(str(cause))
    message = f"{known.message} [{len(missing)} of {total} inputs have no vector]"
    facts = {**vars(known), **vars(cause), "message": message, "missing_indices": tuple(missing)}
    error = _rebuilt(type(cause), message, facts)
    error.__cause__ = cause
    return error


def _rebuilt(cause: type[ModelportError], message: str, facts: dict[str, Any]) -> EmbeddingError:
    kind = _both(cause)  # type: ignore[arg-type]  # mypy does not see that classes have a hash
    error = kind.__new__(kind, message)
    error.__dict__.update(facts)
    return error


@cache
def _both(cause: type[ModelportError]) -> type[EmbeddingError]:
    """The class of errors that are both."""
    if issubclass(cause, EmbeddingError):
        return cause

    def reduce(self: EmbeddingError) -> tuple[Any, ...]:  # Any: what pickle wants; the class has no place to be found
        return _rebuilt, (cause, self.message, dict(vars(self)))

    doc = f"{cause.__name__} in an embedding call."
    return type(f"Embedding{cause.__name__}", (EmbeddingError, cause), {"__doc__": doc, "__reduce__": reduce})
