"""URLs of servers: compared by the server that they name, checked, and extended by a path."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

__all__ = ["belongs_to", "checked_url", "join_url", "normal_url", "with_path"]

_NOT_IN_HOSTS = frozenset("%\"'<>^`{|}!$&()*+,;=~")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def normal_url(url: str) -> str:
    """The URL in the one form that all URLs of this server and path have in common.

    Scheme and host are in lower case; the scheme's own port, user and password, the fragment and a slash at the end are
    left out. A text that cannot be read as a URL is returned unchanged.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url
    host = f"[{host}]" if ":" in host else host
    place = host if port in (None, _PORTS.get(parts.scheme)) else f"{host}:{port}"
    return urlunsplit((parts.scheme, place, parts.path.rstrip("/"), parts.query, ""))


def checked_url(value: str, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """The URL without a slash at the end of its path. Raises `ValueError` for one to which nothing can be sent.

    The message does not repeat the value, which may be a key that was put in the wrong place.
    """
    text = value.strip()
    if "://" not in text or text.partition("://")[0].lower() not in schemes:
        raise ValueError(f"this is not a URL; write it with its scheme, e.g. {schemes[-1]}://host/v1")
    if any(sign.isspace() or not sign.isprintable() for sign in text) or "\\" in text:
        raise ValueError("this URL holds spaces, backslashes or control characters; write it like https://host/v1")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("this URL has a malformed host or port; write it like https://host:8080/v1") from None
    if not parts.hostname or port == 0:
        raise ValueError("this URL names no host, or the port 0; write it like https://host:8080/v1")
    if not _possible(parts.hostname):
        raise ValueError("this URL has a host that cannot exist; write it like https://host:8080/v1")
    if parts.fragment:
        raise ValueError("this URL has a fragment (`#`), which is never sent to a server; remove it")
    return with_path(text, lambda path: path.rstrip("/"))


def _possible(host: str) -> bool:
    """Whether there may be a server of this name: no empty or too long part, no sign that a name never has."""
    if ":" in host:  # an IPv6 address, which was read before
        return True
    labels = host.removesuffix(".").split(".")
    if any(not 0 < len(label) < 64 or _NOT_IN_HOSTS & set(label) for label in labels):
        return False
    return not labels[-1].isdecimal() or (len(labels) <= 4 and all(_is_byte(label) for label in labels))


def _is_byte(label: str) -> bool:
    return label.isdecimal() and int(label) < 256


def with_path(url: str, change: Callable[[str], str]) -> str:
    """The URL with its path changed; everything else stays as it is written, the query behind the path."""
    place, mark, query = url.partition("?")
    start, slashes, rest = place.partition("://")
    host, slash, path = rest.partition("/")
    return f"{start}{slashes}{host}{change(slash + path)}{mark}{query}"


def join_url(base_url: str, path: str) -> str:
    """The URL of a method below the base URL; a query of the base URL stays, before one of the path."""
    if "?" not in base_url:
        return base_url + path
    base, _, kept = base_url.partition("?")
    place, _, own = path.partition("?")
    return f"{base.rstrip('/')}{place}?{'&'.join(each for each in (kept, own) if each)}"


def belongs_to(url: str, domain: str) -> bool:
    """Whether the URL is https and its host is the domain or one below it: a host that only ends alike is another."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    return parts.scheme == "https" and (host == domain or host.endswith(f".{domain}"))
