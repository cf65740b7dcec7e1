"""What a caller gives beside a call's arguments: fields of the request's body, and headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..domain.errors import InvalidRequestError
from .codec import Endpoint

__all__ = ["body_fields", "secret_words"]

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_SECRET_HEADER = re.compile("auth|cookie|key|secret|token", re.IGNORECASE)


def body_fields(kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, str]]:
    """The fields, those of `extra_body` last, and the `extra_headers` (Any: JSON values, as the caller gives them).

    Raises `InvalidRequestError` for what is no mapping and for a header that cannot be sent.
    """
    fields = dict(kwargs)
    headers: Mapping[Any, Any] = _mapping(fields, "extra_headers")
    fields.update(_mapping(fields, "extra_body"))
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise InvalidRequestError(f"extra_headers: {name!r} is no name of a header")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidRequestError(f"extra_headers: the value of {name} must be text of printable ASCII characters")
    return fields, headers


def secret_words(endpoint: Endpoint, kwargs: Mapping[str, Any]) -> list[str]:
    """The words that errors of this call must not repeat (Any: as above)."""
    given = kwargs.get("extra_headers") or {}
    extra = Endpoint("", {name: value for name, value in given.items() if _SECRET_HEADER.search(name)})
    return [*endpoint.secrets(), *extra.secrets()]


def _mapping(fields: dict[str, Any], name: str) -> Mapping[str, Any]:
    given = fields.pop(name, None) or {}
    if not isinstance(given, Mapping):
        raise InvalidRequestError(f"{name} is a {type(given).__name__}; pass a dict")
    return given
