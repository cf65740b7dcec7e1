"""Characters cut in two: a high surrogate at the end of one piece, its low one at the start of the next."""

from __future__ import annotations

from ...domain.unicode import REPLACEMENT, well_formed

__all__ = ["Halves"]


class Halves:
    """Holds back the first half of a character of each block until its second half arrives."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[str, str] = {}

    def joined(self, block_id: str, text: str) -> str:
        """The next piece of a block, well-formed, with the half that was held back before it."""
        text = self._held.pop(block_id, "") + text
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._held[block_id] = text[-1]
            text = text[:-1]
        return well_formed(text)

    def rest(self, block_id: str) -> str:
        """At the end of a block: a replacement for a half whose second half never came."""
        return REPLACEMENT if self._held.pop(block_id, "") else ""

    @property
    def open(self) -> list[str]:
        """The blocks with a half that waits."""
        return list(self._held)
