"""Translates errors of other libraries, raised inside a custom model.

They are recognised by their shape (a status, the name of a base class, the library that defines them), so that no
library has to be imported. What is left is a bug of the custom model, which is raised as it is.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

from ...domain.errors import (
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    ResponseDecodeError,
    error_for_status,
)
from ...domain.retry import retryable_status

__all__ = ["from_foreign", "innermost"]

_CONNECTION = frozenset(
    {
        *("TransportError", "APIConnectionError", "ClientConnectionError", "ClientPayloadError", "ConnectionError"),
        *("IncompleteReadError", "ProtocolError", "WebSocketException"),
    }
)
_DECODING = frozenset({"ContentDecodingError", "DecodingError", "JSONDecodeError", "ValidationError"})
_REQUEST = frozenset({"InvalidSchema", "InvalidURL", "MissingSchema"})
_LIBRARIES = frozenset(
    {
        *("aiohttp", "anthropic", "anyio", "dashscope", "google", "grpc", "h11", "h2", "httpcore", "httpx", "ollama"),
        *("openai", "orjson", "pydantic", "pydantic_core", "requests", "urllib3", "websockets", "xai_sdk"),
    }
)
_PASSING = frozenset(
    {
        *(errno.EADDRNOTAVAIL, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EMFILE, errno.ENETDOWN, errno.ENETUNREACH),
        *(errno.ENFILE, errno.ENOBUFS),
    }
)
"""The system's errors that may be gone at the next try."""


def from_foreign(error: Exception) -> ModelError | None:
    """The same failure as a `ModelError`, or `None` when it is not a failure of a model call.

    Of a group, it is the first failure that can be translated.
    """
    if isinstance(error, ExceptionGroup):
        found = (leaf if isinstance(leaf, ModelError) else from_foreign(leaf) for leaf in _leaves(error))
        return next((failure for failure in found if failure is not None), None)
    response = getattr(error, "response", None)
    status = (
        getattr(error, "status_code", None) or getattr(response, "status_code", None) or getattr(error, "status", 0)
    )
    if isinstance(status, int) and status >= 400:
        return error_for_status(status)(_words(error), status_code=status, retryable=retryable_status(status))
    names = {base.__name__ for base in type(error).__mro__}
    if isinstance(error, TimeoutError) or "TimeoutException" in names:
        return ModelTimeoutError(str(error) or "the call timed out", clock="total", retryable=True)
    if names & _CONNECTION:
        return ModelConnectionError(_words(error))
    if isinstance(error, OSError):
        return ModelConnectionError(_words(error), retryable=_passes(error))
    if names & _REQUEST:
        return InvalidRequestError(f"{type(error).__name__}: {_words(error)}")
    if names & _DECODING:
        return ResponseDecodeError(f"{type(error).__name__}: {_words(error)}")
    if isinstance(error, RecursionError):
        return ModelError(
            "the messages, the tools or the answer are nested too deeply, or the model's code calls itself without end "
            f"({error})"
        )
    if type(error).__module__.partition(".")[0] in _LIBRARIES:
        return ModelError(f"{type(error).__name__}: {_words(error)}")
    return None


def innermost(error: Exception) -> Exception:
    """The first error of a group, caused by the group; any other error itself."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaf = next(_leaves(error))
    leaf.__cause__ = leaf.__cause__ or error
    return leaf


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _passes(error: OSError) -> bool:
    """Whether the same call may succeed later: not after a missing file or a bad certificate."""
    if isinstance(error, socket.gaierror | socket.herror):
        return True
    if isinstance(error, ssl.SSLError):
        return not isinstance(error, ssl.SSLCertVerificationError)
    return error.errno in _PASSING
