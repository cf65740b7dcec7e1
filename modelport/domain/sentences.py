"""Sentences of a text that is still being written."""

from __future__ import annotations

from .segmentation import SENTENCE_END

__all__ = ["Sentences"]

_LONGEST = 600


class Sentences:
    """Text in pieces to whole sentences. What comes out, put together, is what went in, apart from blank text.

    A sentence without an end is cut at a space, or anywhere, once it has 600 characters.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """The whole sentences that this text completes, together; often none."""
        held = self._held + text
        ends = [found.end() for found in SENTENCE_END.finditer(held)]
        cut = ends[-1] if ends else 0
        if len(held) - cut > _LONGEST:
            cut = held.rfind(" ", cut + 1) + 1 or len(held)
        if not held[:cut].strip():
            cut = 0  # blank text waits for what follows it
        self._held = held[cut:]
        return held[:cut]

    def finish(self) -> str:
        """What is left; nothing when it is blank."""
        held, self._held = self._held, ""
        return held if held.strip() else ""
