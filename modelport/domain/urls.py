"""URLs compared by the server that they name."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

__all__ = ["normal_url"]

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
