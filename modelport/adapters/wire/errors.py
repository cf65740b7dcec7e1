"""Error bodies of any provider to our error tree.

Facts: docs/protocols/transport.md#error-bodies.

`error` may be an object or a string, `code` a string, a number or null, the body HTML: nothing is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ...domain.errors import (
    ContextLengthError,
    InvalidRequestError,
    ModelError,
    QuotaExceededError,
    ResponseDecodeError,
    ServerError,
    error_for_status,
)
from ...domain.records import record
from ...domain.retry import retryable_status
from .framing import SSEFramer, begins_as_sse
from .json_text import dump_json, parse_json
from .words.error_words import BASE_RESP_CODES, COMMON_CODES, STREAM_CODES, ErrorCodes, by_phrase, is_context_length

__all__ = [
    "ErrorFacts",
    "error_facts",
    "error_in_stream",
    "error_of_answer",
    "has_failed_base",
    "names_an_error",
    "read_error",
    "refused_answer",
]

_KEPT_BODY = 2000
_KEPT_MESSAGE = 1000
_NO_EXPLANATION = "the server sent no explanation"


@record(frozen=True, slots=True)
class ErrorFacts:
    """The facts of an error body: `words` are its code, type and status, the most precise first."""

    message: str
    words: tuple[str, ...] = ()
    number: int | None = None
    request_id: str | None = None
    text: str = ""
    explained: bool = True
    """Whether the server says why."""

    @property
    def code(self) -> str | None:
        """The most precise word."""
        return self.words[0] if self.words else None


def read_error(body: bytes) -> ErrorFacts:
    """The facts of an error body: JSON, an event, which some servers send to a request for a stream, or text."""
    if begins_as_sse(body):
        framer = SSEFramer()
        body = next((payload for payload in (*framer.feed(body), framer.tail()) if payload), body)
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
        return ErrorFacts(_plain(text) or _NO_EXPLANATION, text=text[:_KEPT_BODY], explained=bool(text))
    nested = _nested(value)
    words = [nested.get(key) for key in ("code", "type", "status")] + [value.get(key) for key in ("code", "error_code")]
    numbers = [_number(word) for word in (*words, nested.get("status_code"), value.get("status"))]
    return ErrorFacts(
        message=_clipped(_message(nested) or _message(value)) or _plain(text) or _NO_EXPLANATION,
        words=tuple(dict.fromkeys(word for word in words if isinstance(word, str) and word)),
        number=next((number for number in numbers if number is not None), None),
        request_id=_string(value.get("request_id")) or _string(nested.get("request_id")),
        text=text[:_KEPT_BODY],
        explained=bool(_message(nested) or _message(value)),
    )


def _nested(value: dict[str, Any]) -> dict[str, Any]:  # Any: whatever JSON the server sent
    """The object that holds the facts of an error."""
    base = value.get("base_resp")
    if isinstance(base, dict) and base.get("status_code"):
        return {"message": base.get("status_msg"), "code": base["status_code"], **base}
    for inner in (value.get("error"), value.get("errors")):
        inner = inner[0] if isinstance(inner, list) and inner else inner
        if isinstance(inner, dict):
            return inner
        if isinstance(inner, str) and inner:
            return {**value, "message": _message(value) if value.get("message") else inner}
    return value


_MESSAGE_KEYS = ("message", "detail", "error_msg", "error_message", "msg", "title", "reason")


def _message(value: dict[str, Any]) -> str:  # Any: as above
    """The words of an error object, with those of the server behind a router."""
    found = next((value[key] for key in _MESSAGE_KEYS if value.get(key)), None)
    if isinstance(found, list):
        parts = [item.get("msg") or item.get("message") if isinstance(item, dict) else item for item in found]
        found = "; ".join(str(part) for part in parts if part)
    behind = value.get("metadata")
    raw = behind.get("raw") if isinstance(behind, dict) else None
    return f"{found or ''}: {raw}".strip(": ") if raw else "" if found is None else str(found)


def _number(word: Any) -> int | None:  # Any: as above
    if isinstance(word, str) and len(word) == 3 and word.isdigit():
        return int(word)
    return word if isinstance(word, int) and not isinstance(word, bool) else None


def error_of_answer(status: int, facts: ErrorFacts, codes: ErrorCodes = COMMON_CODES) -> ModelError:
    """The error of an answer with an unsuccessful HTTP status."""
    named = QuotaExceededError if status == 402 else _by_word(facts, codes, COMMON_CODES)
    named = _context_length(named or error_for_status(status), facts) or named
    cls = named or error_for_status(status)
    message = facts.message
    if 300 <= status < 400:
        message = f"the server redirects, which is not followed; check base_url: {message}"
    retryable = named.default_retryable if named else retryable_status(status)
    return _build(cls, facts, message, status, retryable=retryable)


def error_in_stream(facts: ErrorFacts, codes: ErrorCodes = COMMON_CODES) -> ModelError:
    """The error of an error object inside a successful answer: by its words, its number, or its message."""
    cls = _by_word(facts, codes, COMMON_CODES, STREAM_CODES)
    if cls is None:
        number = facts.number if facts.number and 400 <= facts.number < 600 else None
        cls = error_for_status(number) if number else by_phrase(facts.message) or ServerError
    cls = _context_length(cls, facts) or cls
    return _build(cls, facts, facts.message, None, retryable=cls.default_retryable)


def names_an_error(event: Mapping[str, Any]) -> bool:  # Any: whatever JSON the server sent
    """Whether an event is an error: one in its envelope, or one that says only by its kind that it is one."""
    return bool(event.get("error")) or "error" in (event.get("object"), str(event.get("type")).rpartition(".")[2])


def refused_answer(
    answer: dict[str, Any],  # Any: whatever JSON the server sent
    missing: str,
    api: str,
    codes: ErrorCodes = COMMON_CODES,
    refine: Callable[[ErrorFacts], ErrorFacts] | None = None,
) -> ModelError:
    """The error for a status 200 without an answer of the protocol; it quotes what the server sent instead."""
    text = dump_json(answer).decode()
    facts = error_facts(answer, text)
    facts = refine(facts) if refine else facts
    if has_failed_base(answer):
        cls = BASE_RESP_CODES.get(answer["base_resp"]["status_code"]) or by_phrase(facts.message) or ServerError
        cls = _context_length(cls, facts) or cls
        return _build(cls, facts, facts.message, None, retryable=cls.default_retryable)
    if facts.explained and not isinstance(answer.get("message"), dict):
        return error_in_stream(facts, codes)
    message = f"the answer has no `{missing}`; check that base_url points to {api}; got {text[:300]}"
    return ResponseDecodeError(message, body=facts.text)


def has_failed_base(answer: dict[str, Any]) -> bool:  # Any: as above
    """Whether the answer is MiniMax's envelope of a failure."""
    base = answer.get("base_resp")
    return isinstance(base, dict) and bool(base.get("status_code"))


def _context_length(cls: type[ModelError], facts: ErrorFacts) -> type[ModelError] | None:
    """`ContextLengthError` for a message that says so; servers give it many codes and statuses."""
    general = cls in (InvalidRequestError, ServerError)
    return ContextLengthError if general and is_context_length(facts.message) else None


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


def _by_word(facts: ErrorFacts, *codes: ErrorCodes) -> type[ModelError] | None:
    found = (table.get(part) for word in facts.words for part in _parts(word.lower()) for table in codes)
    return next((cls for cls in found if cls is not None), None)


def _parts(word: str) -> list[str]:
    """A word such as `RateLimitExceeded.EndpointRPM`, then its beginnings up to a full stop."""
    ends = [place for place, sign in enumerate(word) if sign == "."]
    return [word, *(word[:end] for end in reversed(ends))]


def _plain(text: str) -> str:
    """A readable line of a body that is not JSON; of an HTML page its title and text."""
    if "<" in text[:200] and re.search(r"<(!doctype|html|head|body|title|h1)", text[:1000], re.IGNORECASE):
        words = re.sub(r"(?is)<(script|style).*?(?:</\1>|\Z)|<[^<>]+>", " ", text[:4000])
        text = "the server answered with an HTML page, not an API: " + words
    return _clipped(re.sub(r"\s+", " ", text).strip())


def _clipped(value: Any) -> str:  # Any: whatever stands where a message should
    try:
        text = value if isinstance(value, str) else "" if value is None else str(value)
    except (RecursionError, ValueError):  # nested too deeply, or an integer of too many digits
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= _KEPT_MESSAGE else text[:_KEPT_MESSAGE] + "…"


def _string(value: Any) -> str | None:  # Any: whatever JSON is there
    return value if isinstance(value, str) else None
