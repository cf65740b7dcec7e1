"""Gemini's errors.

Facts: docs/protocols/gemini.md#errors.

The HTTP status misleads here: a wrong key is a 400, and a 429 may mean that the day's quota is gone.
"""

from __future__ import annotations

import re
from typing import Any

from ...domain.errors import (
    AuthenticationError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from ..wire.errors import error_facts, error_in_stream, error_of_answer, read_error
from ..wire.json_text import parse_json
from ..wire.words.error_words import ErrorCodes

__all__ = ["map_error", "stream_error"]

_CODES: ErrorCodes = {
    "unauthenticated": AuthenticationError,
    "permission_denied": PermissionDeniedError,
    "not_found": NotFoundError,
    "invalid_argument": InvalidRequestError,
    "failed_precondition": InvalidRequestError,
    "out_of_range": InvalidRequestError,
    "resource_exhausted": RateLimitError,
    "unavailable": OverloadedError,
    "internal": ServerError,
    "unknown": ServerError,
    "deadline_exceeded": ServerError,
}
_RETRY_IN = re.compile(r"retry in (\d+(?:\.\d+)?)s\b", re.IGNORECASE)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s\Z")


def map_error(status: int, body: bytes) -> ModelError:
    """The error of an unsuccessful answer, also when it is wrapped in a list as array streams do."""
    value = _parsed(body)
    facts = read_error(body) if value is None else error_facts(value, body.decode("utf-8", "replace").strip())
    return _refined(error_of_answer(status, facts, _CODES), _details(value))


def stream_error(event: dict[str, Any]) -> ModelError:
    """The error of an error object inside a successful answer."""
    return _refined(error_in_stream(error_facts(event), _CODES), _details(event))


def _refined(error: ModelError, details: list[dict[str, Any]]) -> ModelError:
    """The same error with the class and the waiting time that its details give."""
    if isinstance(error, InvalidRequestError):
        if any(detail.get("reason") == "API_KEY_INVALID" for detail in details):
            error = _as(AuthenticationError, error)
    elif isinstance(error, RateLimitError) and any("PerDay" in quota for quota in _quotas(details)):
        error = _as(QuotaExceededError, error)
    error.retry_after = _delay(error.message, details)
    return error


def _as(cls: type[ModelError], error: ModelError) -> ModelError:
    return cls(error.message, status_code=error.status_code, code=error.code, body=error.body)


def _delay(message: str, details: list[dict[str, Any]]) -> float | None:
    """Seconds to wait, which the body has as a detail or in its message."""
    delays = (_SECONDS.match(str(detail.get("retryDelay", ""))) for detail in details)
    found = next((delay for delay in delays if delay), None) or _RETRY_IN.search(message)
    seconds = float(found[1]) if found else 0.0
    return seconds or None


def _quotas(details: list[dict[str, Any]]) -> list[str]:
    violations = [detail.get("violations") for detail in details]
    listed = [item for violation in violations if isinstance(violation, list) for item in violation]
    return [str(item.get("quotaId", "")) for item in listed if isinstance(item, dict)]


def _parsed(body: bytes) -> Any:  # Any: whatever JSON the server sent
    try:
        return parse_json(body)
    except ValueError:
        return None


def _details(value: Any) -> list[dict[str, Any]]:  # Any: as above
    if isinstance(value, list) and value:
        value = value[0]
    error = value.get("error") if isinstance(value, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []
