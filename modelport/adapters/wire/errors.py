"""Error bodies of any provider to our error tree.

Facts: docs/protocols/transport.md#error-bodies.

`error` may be an object or a string, `code` a string, a number or null, the body HTML: nothing is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...domain.errors import (
    AuthenticationError,
    ContentFilterError,
    ContextLengthError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
    error_for_status,
)
from ...domain.retry import retryable_status
from .json_text import parse_json

__all__ = ["COMMON_CODES", "ErrorCodes", "ErrorFacts", "error_in_stream", "error_of_answer", "read_error"]

ErrorCodes = Mapping[str, type[ModelError]]
"""A provider's error words (`code`, `type` or `status`, lower case) and their class, for any HTTP status."""

COMMON_CODES: ErrorCodes = {
    "context_length_exceeded": ContextLengthError,
    "exceed_context_size_error": ContextLengthError,
    "string_above_max_length": ContextLengthError,
    "insufficient_quota": QuotaExceededError,
    "billing_hard_limit_reached": QuotaExceededError,
    "invalid_api_key": AuthenticationError,
    "content_policy_violation": ContentFilterError,
    "content_filter": ContentFilterError,
}
"""Codes that OpenAI and compatible servers share."""

_STREAM_WORDS: ErrorCodes = {
    "authentication_error": AuthenticationError,
    "permission_error": PermissionDeniedError,
    "not_found_error": NotFoundError,
    "invalid_request_error": InvalidRequestError,
    "rate_limit_error": RateLimitError,
    "rate_limit_exceeded": RateLimitError,
    "overloaded_error": OverloadedError,
    "server_error": ServerError,
    "api_error": ServerError,
}
"""The class of a word when there is no HTTP status."""

_KEPT_BODY = 2000
_KEPT_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """The facts of an error body: `words` are its code, type and status, the most precise first."""

    message: str
    words: tuple[str, ...] = ()
    number: int | None = None
    request_id: str | None = None
    text: str = ""

    @property
    def code(self) -> str | None:
        """The most precise word."""
        return self.words[0] if self.words else None


def read_error(body: bytes) -> ErrorFacts:
    """The facts of an error body; never raises."""
    text = body.decode("utf-8", "replace").strip()
    try:
        value = parse_json(body) if body.strip() else None
    except ValueError:
        return ErrorFacts(_plain(text), text=text[:_KEPT_BODY])
    return error_facts(value, text)


def error_facts(value: Any, text: str = "") -> ErrorFacts:  # Any: whatever JSON the server sent
    """The facts of a parsed error body."""
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return ErrorFacts(_plain(text) or "the server sent no explanation", text=text[:_KEPT_BODY])
    inner = value.get("error")
    nested = inner if isinstance(inner, dict) else value
    message = nested.get("message") or (inner if isinstance(inner, str) else None) or nested.get("detail")
    words = [nested.get(key) for key in ("code", "type", "status")] + [value.get("code")]
    numbers = [word for word in words if isinstance(word, int) and not isinstance(word, bool)]
    return ErrorFacts(
        message=_clipped(message) or _plain(text) or "the server sent no explanation",
        words=tuple(dict.fromkeys(word for word in words if isinstance(word, str) and word)),
        number=numbers[0] if numbers else None,
        request_id=_string(value.get("request_id")) or _string(nested.get("request_id")),
        text=text[:_KEPT_BODY],
    )


def error_of_answer(status: int, facts: ErrorFacts, codes: ErrorCodes = COMMON_CODES) -> ModelError:
    """The error of an answer with an unsuccessful HTTP status."""
    named = QuotaExceededError if status == 402 else _by_word(facts, codes)
    cls = named or error_for_status(status)
    message = facts.message
    if 300 <= status < 400:
        message = f"the server redirects, which is not followed; check base_url: {message}"
    retryable = named.default_retryable if named else retryable_status(status)
    return _build(cls, facts, message, status, retryable=retryable)


def error_in_stream(facts: ErrorFacts, codes: ErrorCodes = COMMON_CODES) -> ModelError:
    """The error of an error object inside a successful answer."""
    cls = _by_word(facts, codes) or _by_word(facts, _STREAM_WORDS)
    if cls is None:
        number = facts.number if facts.number and 400 <= facts.number < 600 else None
        cls = error_for_status(number) if number else ServerError
    return _build(cls, facts, facts.message, None, retryable=cls.default_retryable)


def _build(
    cls: type[ModelError], facts: ErrorFacts, message: str, status: int | None, *, retryable: bool
) -> ModelError:
    return cls(
        message,
        status_code=status,
        code=facts.code or (str(facts.number) if facts.number else None),
        request_id=facts.request_id,
        retryable=retryable,
        body=facts.text or None,
    )


def _by_word(facts: ErrorFacts, codes: ErrorCodes) -> type[ModelError] | None:
    found = (codes.get(word.lower()) for word in facts.words)
    return next((cls for cls in found if cls is not None), None)


def _plain(text: str) -> str:
    """A readable line of a body that is not JSON; of an HTML page its title and text."""
    if "<" in text[:200] and re.search(r"<(!doctype|html|head|body|title|h1)", text[:1000], re.IGNORECASE):
        words = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]+>", " ", text[:4000])
        text = "the server answered with an HTML page, not an API: " + words
    return _clipped(re.sub(r"\s+", " ", text).strip())


def _clipped(value: Any) -> str:  # Any: whatever stands where a message should
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text if len(text) <= _KEPT_MESSAGE else text[:_KEPT_MESSAGE] + "…"


def _string(value: Any) -> str | None:  # Any: whatever JSON is there
    return value if isinstance(value, str) else None
