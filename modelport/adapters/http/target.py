"""What every transport does to a request before it is sent, so that the libraries cannot differ in it.

A user name and password in the URL become an `authorization` header, unless the request has one: the libraries would
replace the key by them, or refuse the request. The answer may be compressed only in ways that `content` decodes.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

from ...domain.errors import InvalidRequestError
from ...ports.http import HttpRequest
from .content import ACCEPTED

__all__ = ["prepared"]

_HEADER = re.compile(r"([!-~]([\t -~]*[!-~])?)?")
_ADVICE = "write base_url like https://host:8080/v1"


def prepared(request: HttpRequest) -> HttpRequest:
    """The request to send. Raises `InvalidRequestError` for a URL to which nothing can be sent.

    It is a request again, not URL and headers, because a request's repr shows no header: frames that hold it may be
    printed with their variables.
    """
    parts = _checked(request.url)
    if not all(map(_HEADER.fullmatch, request.headers.values())):
        raise _unfit(request)
    headers = {**request.headers}  # nothing raises from here on, so no error shows this variable
    names = set(map(str.lower, headers))
    url = request.url
    if "accept-encoding" not in names:
        headers["accept-encoding"] = ACCEPTED
    if "@" in parts.netloc:
        if "authorization" not in names:
            headers["authorization"] = _basic(parts)
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return HttpRequest(request.method, url, headers, request.body, request.address)


def _unfit(request: HttpRequest) -> InvalidRequestError:
    """The error of a header that cannot be sent. No variable is a value, since an error would hold it."""
    name = next(name for name in request.headers if _HEADER.fullmatch(request.headers[name]) is None)
    return InvalidRequestError(
        f"the header {name[:80]!r} has a value that cannot be sent: expected visible ASCII without line breaks "
        "and without spaces around it"
    )


@lru_cache(maxsize=64)
def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidRequestError(f"the URL of the request cannot be used: {error}; {_ADVICE}") from None
    if parts.scheme not in ("http", "https"):
        raise InvalidRequestError(f"the URL of the request has the scheme {parts.scheme[:20]!r}; {_ADVICE}")
    if not parts.hostname or port == 0:
        raise InvalidRequestError(f"the URL of the request names no host, or the port 0; {_ADVICE}")
    return parts


def _basic(parts: SplitResult) -> str:
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(login.encode()).decode('ascii')}"
