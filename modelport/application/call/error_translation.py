"""Translates errors of other libraries, raised inside a custom model.

They are recognised by their shape (a status, the name of a base class), so that no library has to be imported.
"""

from __future__ import annotations

from ...domain.errors import (
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    error_for_status,
)
from ...domain.retry import retryable_status

__all__ = ["from_foreign"]

_CONNECTION = frozenset(
    {"TransportError", "APIConnectionError", "ClientConnectionError", "ConnectionError", "WebSocketException"}
)


def from_foreign(error: Exception) -> ModelError | None:
    """The same failure as a `ModelError`, or `None` when it is not a failure of a model call."""
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    if isinstance(status, int):
        return error_for_status(status)(str(error), status_code=status, retryable=retryable_status(status))
    names = {base.__name__ for base in type(error).__mro__}
    if isinstance(error, TimeoutError) or "TimeoutException" in names:
        return ModelTimeoutError(str(error) or "the call timed out", clock="total", retryable=True)
    if names & _CONNECTION:
        return ModelConnectionError(str(error) or type(error).__name__)
    return None
