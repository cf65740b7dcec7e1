"""Characters cut in two: a high surrogate at the end of one piece, its low one at the start of the next."""

from __future__ import annotations

from collections.abc import Container

from ...domain.ids import new_id
from ...domain.unicode import REPLACEMENT, well_formed

__all__ = ["Halves"]


class Halves:
    """Holds back the first half of a character of each block until its second half arrives."""

    __slots__ = ("_held", "_ids", "_taken")

    def __init__(self) -> None:
        self._held: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._taken: set[str] = set()

    def whole_id(self, block_id: str, used: Container[str] = ()) -> str:
        """The id, well-formed; a new one where that is the id of another block already, or is among those `used`."""
        known = self._ids.get(block_id)
        if known is None:
            known = well_formed(block_id)
            if known in self._taken or (known != block_id and known in used):
                known = f"call_{new_id()}"
            self._ids[block_id] = known
            self._taken.add(known)
        return known

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
