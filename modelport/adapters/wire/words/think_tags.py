"""`<think>` text in front of an answer, cut off while it streams in.

Facts: docs/protocols/minimax.md#reasoning-on-the-openai-shape.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["ThinkTags"]

_OPEN, _CLOSE = "<think>", "</think>"

Piece = tuple[Literal["text", "thinking"], str]


class ThinkTags:
    """Splits text into thinking and answer. Only a tag at the very start counts; tags may be cut across pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._blank: list[str] = []
        """Blanks before the answer, and line breaks at the end of the thinking so far."""
        self._thought = False
        self._state: Literal["start", "thinking", "between", "answer"] = "start"

    @property
    def began(self) -> bool:
        """Whether any text has come, be it held back."""
        return bool(self._held or self._blank) or self._state != "start"

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are certain with this text."""
        if self._state == "answer":
            return [("text", text)]
        self._held += text
        pieces: list[Piece] = []
        if self._state == "start":
            self._begin()
        if self._state == "thinking":
            pieces += self._think()
        if self._state == "between":
            self._held = self._held.lstrip("\r\n")
            self._state = "answer" if self._held else "between"
        if self._state == "answer":
            pieces.append(("text", self._taken()))
        return [piece for piece in pieces if piece[1]]

    def finish(self) -> list[Piece]:
        """What was held back at the end; thinking without its closing tag stays thinking."""
        held = self._taken()
        if not held or self._state == "between":
            return []
        return [("thinking", held.rstrip()) if self._state == "thinking" else ("text", held)]

    def _begin(self) -> None:
        start = self._held.lstrip()
        if len(start) < len(self._held):
            self._blank.append(self._held[: len(self._held) - len(start)])
        self._held = start
        if start.startswith(_OPEN):
            self._state, self._held = "thinking", start.removeprefix(_OPEN)
            self._blank.clear()
        elif not _OPEN.startswith(start):
            self._state = "answer"

    def _think(self) -> list[Piece]:
        if not self._thought:
            self._held = self._held.lstrip("\r\n")
            self._thought = bool(self._held)
        thought, closed, rest = self._held.partition(_CLOSE)
        if closed:
            self._held = thought
            thought = self._taken()
            self._state, self._held = "between", rest
            return [("thinking", thought.rstrip("\r\n"))]
        keep = next((size for size in range(len(_CLOSE), 0, -1) if thought.endswith(_CLOSE[:size])), 0)
        self._held, kept = thought[: len(thought) - keep], thought[len(thought) - keep :]
        sure = self._held.rstrip("\r\n")
        breaks = self._held[len(sure) :]
        self._held = sure
        thought = self._taken() if sure else ""
        if breaks:
            self._blank.append(breaks)
        self._held = kept
        return [("thinking", thought)]

    def _taken(self) -> str:
        """All that was held back."""
        text = "".join(self._blank) + self._held
        self._blank.clear()
        self._held = ""
        return text
