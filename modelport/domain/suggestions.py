"""The nearest of several names, for errors about an unknown name."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence: which name was meant, or which there are."""
    from difflib import get_close_matches  # for errors only

    names = list(known)
    near = get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names)}"
