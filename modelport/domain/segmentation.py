"""Cutting a text that is too long for one synthesis request, where a speaker would pause."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["SENTENCE_END", "split_text"]

SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？…｡]+[”’」』）\"]*|\n+")
"""Where a sentence ends inside a text; what follows a full stop tells, so its very end is none."""

_BREAKS = (
    SENTENCE_END,
    re.compile(r"[,;:](?=\s)|[，；：、]"),
    re.compile(r"(?=\s)"),
)
"""The ends of sentences, of clauses and of words: the first kind that is there is where the text is cut."""

_JOINERS = ("\u200d", "\ufe0e", "\ufe0f")
"""What belongs to the character before it, and a zero-width joiner also to the one after."""


def split_text(text: str, max_characters: int | None) -> list[str]:
    """The text in pieces of at most `max_characters`, in order, each as long as its break allows; none is blank.

    A text that fits is one piece as it stands. Otherwise the white space around the pieces is left out, and nothing
    else. A word longer than a piece is cut, but no character is parted from its accents.
    """
    if not text.strip():
        return []
    if max_characters is None or len(text) <= max_characters:
        return [text]
    pieces, start = [], 0
    while start < len(text):
        end = start + max_characters
        if end < len(text):
            end = _break_before(text, start, end)
        piece = text[start:end].strip()
        if piece:
            pieces.append(piece)
        start = _after_space(text, end)
    return pieces


def _break_before(text: str, start: int, limit: int) -> int:
    """Where to cut: after the start, at or before the limit, which is inside the text."""
    window = text[start : limit + 1]  # one more, to see what follows a full stop
    for breaks in _BREAKS:
        ends = [found.end() for found in breaks.finditer(window) if found.end() < len(window)]
        if ends and window[: ends[-1]].strip():
            return start + ends[-1]
    cut = limit
    while cut > start and _joins(text, cut):
        cut -= 1
    return cut if cut > start else limit


def _joins(text: str, cut: int) -> bool:
    """Whether the characters on both sides of the cut belong together."""
    after = text[cut]
    return bool(unicodedata.combining(after)) or after in _JOINERS or text[cut - 1] == "\u200d"


def _after_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position
