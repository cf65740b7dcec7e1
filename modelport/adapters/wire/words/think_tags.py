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
        self._thought = False
        self._state: Literal["start", "thinking", "between", "answer"] = "start"

    @property
    def began(self) -> bool:
        """Whether any text has come, be it held back."""
        return bool(self._held) or self._state != "start"

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
            pieces.append(("text", self._held))
            self._held = ""
        return [piece for piece in pieces if piece[1]]

    def finish(self) -> list[Piece]:
        """What was held back at the end; thinking without its closing tag stays thinking."""
        held, self._held = self._held, ""
        if not held or self._state == "between":
            return []
        return [("thinking", held.rstrip()) if self._state == "thinking" else ("text", held)]

    def _begin(self) -> None:
        start = self._held.lstrip()
        if start.startswith(_OPEN):
            self._state, self._held = "thinking", start.removeprefix(_OPEN)
        elif not _OPEN.startswith(start):
            self._state = "answer"

    def _think(self) -> list[Piece]:
        if not self._thought:
            self._held = self._held.lstrip("\r\n")
            self._thought = bool(self._held)
        thought, closed, rest = self._held.partition(_CLOSE)
        if closed:
            self._state, self._held = "between", rest
            return [("thinking", thought.rstrip("\r\n"))]
        keep = next((size for size in range(len(_CLOSE), 0, -1) if thought.endswith(_CLOSE[:size])), 0)
        sure = thought[: len(thought) - keep].rstrip("\r\n")
        self._held = thought[len(sure) :]
        return [("thinking", sure)]
