"""Ollama's errors. Facts: wire/ollama, "Errors"."""

from __future__ import annotations

from ...domain.errors import ContextLengthError, InvalidRequestError, ModelError
from ..wire.errors import error_of_answer, read_error

__all__ = ["map_error"]


def map_error(status: int, body: bytes) -> ModelError:
    """The error of an unsuccessful answer; Ollama has no codes, only words."""
    error = error_of_answer(status, read_error(body))
    if isinstance(error, InvalidRequestError) and "context length" in error.message:
        return ContextLengthError(error.message, status_code=status, body=error.body)
    return error
