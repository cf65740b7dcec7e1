"""The words by which servers name their errors, as data: codes that several share, and phrases of messages.

Codes decide first. Phrases decide where a server gives no code, or one that it gives for many errors.

Facts: docs/protocols/transport.md#error-words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ....domain.errors import (
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
)

__all__ = ["BASE_RESP_CODES", "COMMON_CODES", "STREAM_CODES", "ErrorCodes", "by_phrase", "is_context_length"]

ErrorCodes = Mapping[str, type[ModelError]]
"""A provider's error words (`code`, `type` or `status`, lower case) and their class, for any HTTP status."""

COMMON_CODES: ErrorCodes = {
    "context_length_exceeded": ContextLengthError,
    "exceed_context_size_error": ContextLengthError,
    "string_above_max_length": ContextLengthError,
    "contextwindowexceedederror": ContextLengthError,
    "context_window_exceeded": ContextLengthError,
    "model_max_prompt_tokens_exceeded": ContextLengthError,
    "tokens_limit_reached": ContextLengthError,
    "insufficient_quota": QuotaExceededError,
    "billing_hard_limit_reached": QuotaExceededError,
    "insufficient_balance": QuotaExceededError,
    "invalid_api_key": AuthenticationError,
    "content_policy_violation": ContentFilterError,
    "content_filter": ContentFilterError,
}
"""Codes that OpenAI and compatible servers share; they hold for every protocol."""

STREAM_CODES: ErrorCodes = {
    "authentication_error": AuthenticationError,
    "authenticationerror": AuthenticationError,
    "unauthorized": AuthenticationError,
    "permission_error": PermissionDeniedError,
    "not_found_error": NotFoundError,
    "notfounderror": NotFoundError,
    "model_not_found": NotFoundError,
    "invalid_request_error": InvalidRequestError,
    "badrequesterror": InvalidRequestError,
    "bad_request": InvalidRequestError,
    "rate_limit_error": RateLimitError,
    "rate_limit_exceeded": RateLimitError,
    "overloaded_error": OverloadedError,
    "server_error": ServerError,
    "internal_server_error": ServerError,
    "internalservererror": ServerError,
    "api_error": ServerError,
}
"""The class of a word when there is no HTTP status."""

BASE_RESP_CODES: Mapping[int, type[ModelError]] = {
    1000: ServerError,
    1001: ServerError,
    1002: RateLimitError,
    1004: AuthenticationError,
    1008: QuotaExceededError,
    1013: ServerError,
    1024: ServerError,
    1026: ContentFilterError,
    1027: ContentFilterError,
    1033: ServerError,
    1039: ContextLengthError,
    1041: RateLimitError,
    2013: InvalidRequestError,
    2049: AuthenticationError,
    2061: PermissionDeniedError,
}
"""MiniMax's `base_resp.status_code`. Facts: docs/protocols/minimax.md#errors."""

_TOO_LONG = (
    r"(?:maximum|max|model'?s|longer than the model's|available) context (?:length|window|size)"
    r"|context (?:length|window|size) (?:is only|of only|exceeded|has been exceeded|exceeds)"
    r"|context[ _]?window[ _]?exceeded|context[ _]length[ _]exceeded|exceed_context_size"
    r"|exceeds?(?: the)?(?: maximum| model'?s| available)? (?:allowed )?context"
    r"|longer than the (?:maximum )?(?:model(?:'s)? )?(?:model |context )length"
    r"|exceeds? the (?:model's )?maximum (?:model |context |allowed |input |prompt )?length"
    r"|exceeds? the maximum (?:allowed )?number of (?:input )?tokens"
    r"|token count.{0,80}exceeds the maximum"
    r"|exceeded model token limit|exceed max message tokens|maximum prompt length"
    r"|(?:prompt|input|request|conversation) is too long|prompt too long|too many (?:input )?tokens"
    r"|range of input length should be|range of max_tokens.{0,40}input"
    r"|reduce the length of (?:the |your )?(?:messages|prompt|input)"
    r"|inputs?`? (?:tokens )?must have less than|`inputs` tokens \+ `max_new_tokens` must be"
    r"|too (?:large|long|big).{0,80}context (?:window|length|size)"
    r"|tokens to keep from the initial prompt is greater|when context the overflows|context overflow"
    r"|prompt exceeds max|input length.{0,40} exceeds|prompt contains \d+ tokens.{0,80}too large"
    r"|prompt超长|输入.{0,10}过长|超过.{0,12}(?:长度|token)"
)
"""How servers say that a prompt does not fit, as recorded and as their sources have it."""

_RATES = r"rate limit|per (?:second|minute|hour|day)\b"
"""Too many tokens in a time are not too many for the model."""

_PHRASES: tuple[tuple[str, type[ModelError]], ...] = (
    (
        r"(?:incorrect|invalid|wrong|missing|expired|no|bad) (?:api|access|authentication)"
        r"[ _-]?(?:key|token|header)"
        r"|api[ _-]?key.{0,20}(?:invalid|incorrect|expired|missing|not valid|not found|required)"
        r"|unauthori[sz]ed|not authenticated|unauthenticated|authentication (?:failed|required|fails)|login fail"
        r"|(?:invalid|expired) token|token (?:is |has )?expired",
        AuthenticationError,
    ),
    (
        r"insufficient (?:account )?(?:balance|quota|credits?|funds)|quota (?:has been )?exceeded"
        r"|exceeded your.{0,20}quota|out of credits|daily (?:request )?limit|no credits? left|余额不足",
        QuotaExceededError,
    ),
    (r"rate limit|too many requests|请求过于频繁", RateLimitError),
    (r"permission denied|access denied|forbidden|not allowed to", PermissionDeniedError),
    (r"overloaded|over capacity|temporarily unavailable|service unavailable", OverloadedError),
    (
        r"no route|^not found|(?:model|page|endpoint|resource).{0,60}(?:not found|does not exist|not exist)",
        NotFoundError,
    ),
)
# The expressions are compiled when the first error comes: together they cost as much as importing several modules.


def is_context_length(message: str) -> bool:
    """Whether a message says that the prompt, with the requested output, is longer than the model takes."""
    text = message[:4000]
    if re.search(_RATES, text, re.IGNORECASE):
        return False
    return re.search(_TOO_LONG, text, re.IGNORECASE | re.DOTALL) is not None


def by_phrase(message: str) -> type[ModelError] | None:
    """The class that a message means, for an error that has neither a code nor a status."""
    return next((cls for pattern, cls in _PHRASES if re.search(pattern, message[:4000], re.IGNORECASE)), None)
