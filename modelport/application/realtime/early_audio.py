"""Speech that is sent while there is no connection: the newest ten seconds."""

from __future__ import annotations

from collections import deque

__all__ = ["EarlyAudio"]

_MOST = 10 * 24_000 * 2
"""Bytes: ten seconds at 24,000 samples per second."""


class EarlyAudio:
    """A bounded buffer that drops its oldest pieces."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0

    def add(self, pcm: bytes) -> None:
        """Keep a piece."""
        self._pieces.append(pcm)
        self._size += len(pcm)
        while self._size > _MOST and len(self._pieces) > 1:
            oldest = self._pieces.popleft()
            self._size -= len(oldest)
            self._dropped += len(oldest)

    def take(self) -> list[bytes]:
        """All pieces, once."""
        pieces = list(self._pieces)
        self.clear()
        return pieces

    def clear(self) -> None:
        """Forget them."""
        self._pieces.clear()
        self._size = self._dropped = 0

    def dropped_ms(self, rate: int) -> int:
        """How much was dropped, in milliseconds."""
        return self._dropped * 1000 // (2 * rate)
