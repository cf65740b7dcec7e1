"""Compares a server's `Content-Type` with the declared media type."""

from __future__ import annotations

__all__ = ["contradicts"]

_SAYS_NOTHING = frozenset(
    {
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "application/unknown",
        "application/download",
        "application/force-download",
        "application/x-download",
    }
)
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_CONTAINERS = frozenset(
    {"application/ogg", "application/mp4", "application/x-matroska", "application/vnd.rn-realmedia"}
)


def contradicts(served: str, declared: str) -> bool:
    """Whether a `Content-Type` header and a declared media type are of different kinds.

    Servers are careless with subtypes, so only the kind counts: pictures, sound and film (which share their container
    formats), pages (mostly a login or an error), and other documents. Generic types contradict nothing.
    """
    served, declared = _essence(served), _essence(declared)
    return served != declared and served not in _SAYS_NOTHING and _kind(served) != _kind(declared)


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _kind(media_type: str) -> str:
    main = media_type.partition("/")[0]
    if main in ("audio", "video") or media_type in _CONTAINERS:
        return "recording"
    if media_type in _PAGES:
        return "page"
    return "image" if main == "image" else "document"
