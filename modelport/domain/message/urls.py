"""URLs of media: as they can be sent, and as messages may show them."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from ..unicode import well_formed

__all__ = ["encoded_url", "shown_url"]

_SAFE = "%/:?#[]@!$&'()*+,;=~"
_UNSAFE = re.compile(r"[^!#-;=?-\[\]_a-z~]")
_PARTS = re.compile(r"([^:]++://)([^/?#]*)(.*)", re.DOTALL)
_LONGEST = 200


def encoded_url(url: str) -> str:
    """The URL in ASCII: what may not stand in one is percent-encoded, a host is written in its ASCII form.

    Escapes that are there already are kept. Raises `ValueError` for a host that has no ASCII form.
    """
    url = url.strip()
    parts = _PARTS.match(url)
    if not parts or not _UNSAFE.search(url):
        return url
    scheme, host, rest = parts.groups()
    user, at, host = host.rpartition("@")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise ValueError(f"the host {host!a:.80} has no ASCII form: {error}") from error
    return scheme + _quoted(user) + at + host + _quoted(rest)


def _quoted(text: str) -> str:
    try:
        return quote(text, safe=_SAFE, errors="surrogateescape")  # a file name that is not UTF-8 keeps its bytes
    except UnicodeEncodeError:
        return quote(well_formed(text), safe=_SAFE)


def shown_url(url: str) -> str:
    """The URL for messages: no query and no user, where signatures and passwords are."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:_LONGEST]
