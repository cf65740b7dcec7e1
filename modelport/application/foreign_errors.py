"""Errors of other libraries, raised inside a custom model, in our own words.

They are recognised by shape – a status, a base class's name – so that no library is imported for it.
"""

from __future__ import annotations

from ..domain.errors import (
    AuthenticationError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from ..domain.retry import retryable_status

__all__ = ["error_for_status", "from_foreign"]

_BY_STATUS: dict[int, type[ModelError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: ServerError,
    409: ServerError,
    429: RateLimitError,
    503: OverloadedError,
    529: OverloadedError,
}
_CONNECTION = frozenset(
    {"TransportError", "APIConnectionError", "ClientConnectionError", "ConnectionError", "WebSocketException"}
)


def error_for_status(status: int) -> type[ModelError]:
    """The class that an HTTP status means when nothing else is known."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ServerError if status >= 500 else InvalidRequestError


def from_foreign(error: Exception) -> ModelError | None:
    """The same failure as a `ModelError`, or `None` when this is no failure of a model call."""
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
