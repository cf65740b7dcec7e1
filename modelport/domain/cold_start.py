"""Text that is still being written, held back until there is enough of it to begin to speak."""

from __future__ import annotations

__all__ = ["ColdStart"]


class ColdStart:
    """Holds the first text back until it has enough characters and enough words; then lets text through.

    Blank text waits for what follows it, so nothing that leaves is blank.

    Args:
        length: the characters that the first text must have; `None` for any.
        words: the words, by white space, that it must have; `None` for any.
    """

    def __init__(self, length: int | None = None, words: int | None = None) -> None:
        self._length = length or 0
        self._words = words or 0
        self._held: list[str] = []
        self._held_length = 0
        self._open = not (self._length or self._words)

    def feed(self, text: str) -> str:
        """The text that may leave now: everything held and this, or nothing."""
        self._held.append(text)
        self._held_length += len(text)
        if not self._open and not self._enough():
            return ""
        return self.flush()

    def flush(self) -> str:
        """Everything that is held; nothing when it is blank, which stays for what follows."""
        text = "".join(self._held)
        if not text.strip():
            return ""
        self._held.clear()
        self._held_length = 0
        self._open = True
        return text

    def _enough(self) -> bool:
        if self._held_length < self._length:
            return False
        return not self._words or len("".join(self._held).split()) >= self._words
