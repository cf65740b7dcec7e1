"""DashScope's error codes.

Facts: docs/protocols/dashscope-chat.md#errors.

The status decides for the codes that are not listed, since their prefixes mislead: `InternalError.Algo` is a failure of
the server, `InternalError.Algo.InvalidParameter` one of the request.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ...domain.errors import (
    AuthenticationError,
    ContentFilterError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
)
from ..wire.errors import ErrorFacts
from ..wire.words.error_words import COMMON_CODES, ErrorCodes

__all__ = ["DASHSCOPE_CODES", "with_native_code"]

DASHSCOPE_CODES: ErrorCodes = {
    **COMMON_CODES,
    "datainspectionfailed": ContentFilterError,
    "data_inspection_failed": ContentFilterError,
    "internalerror.algo.datainspectionfailed": ContentFilterError,
    "invalidparameter": InvalidRequestError,
    "invalid_parameter_error": InvalidRequestError,
    "internalerror.algo.invalidparameter": InvalidRequestError,
    "invalidapikey": AuthenticationError,
    "accessdenied": PermissionDeniedError,
    "model.accessdenied": PermissionDeniedError,
    "modelnotfound": NotFoundError,
    "model_not_found": NotFoundError,
    "arrearage": QuotaExceededError,
    "commoditynotpurchased": QuotaExceededError,
    "prepaidbilloverdue": QuotaExceededError,
    "accessdenied.unpurchased": QuotaExceededError,
    "allocationquota.freetieronly": QuotaExceededError,
    "throttling": RateLimitError,
    "throttling.ratequota": RateLimitError,
    "throttling.allocationquota": RateLimitError,
    "throttling.burstrate": RateLimitError,
    "limitrequests": RateLimitError,
    "limit_requests": RateLimitError,
    "limit_burst_rate": RateLimitError,
    "serviceunavailable": OverloadedError,
    "modelunavailable": OverloadedError,
}

_NATIVE_CODE = re.compile(r"<(\d{3})> ([A-Za-z][\w.]*):")


def with_native_code(facts: ErrorFacts) -> ErrorFacts:
    """The code of the native service, which the compatible mode puts at the head of the message."""
    native = _NATIVE_CODE.match(facts.message)
    if native is None:
        return facts
    return replace(facts, words=(native[2], *facts.words), number=int(native[1]))
