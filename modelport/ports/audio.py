"""The audio port: where a voice conversation gets the user's speech from, and where it plays the model's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

__all__ = ["AudioTransport"]


class AudioTransport(Protocol):
    """A microphone and a loudspeaker, a telephone line, a browser: 16-bit little-endian mono samples in both ways.

    Contract: `play` returns at once and the audio is played in order; it is called from one task.
    """

    def frames(self) -> AsyncIterator[bytes]:
        """The user's speech, piece by piece, at the model's input sample rate."""
        ...

    def play(self, item_id: str, pcm: bytes) -> None:
        """Play this after what is being played; `item_id` is the item of the reply that it belongs to."""
        ...

    def position(self) -> tuple[str, float] | None:
        """The item that is played, or was played last, and how many milliseconds of it; `None` before the first."""
        ...

    def clear(self) -> None:
        """Stop at once and forget what was not played."""
        ...
