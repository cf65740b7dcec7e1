"""A bounded queue of audio between the task that receives it and the caller."""

from __future__ import annotations

import asyncio

from ....domain.message.blocks import DataBlock
from ....domain.speech.spoken import Piece, SpokenAudio

__all__ = ["AudioQueue"]

_MAX_UNDELIVERED = 1024 * 1024
"""Bytes that may wait for the caller before the server has to wait: 21 seconds at 24,000 samples per second."""


class AudioQueue:
    """One task feeds it and ends it; others wait for audio and take it."""

    def __init__(self, audio: SpokenAudio) -> None:
        self.audio = audio
        self.ended = False
        self.error: Exception | None = None
        """Why the audio ended early, if it did."""
        self._unbounded = False
        self._reserved = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether so much waits for the caller that the server has to wait."""
        return self.audio.undelivered >= _MAX_UNDELIVERED and not self._unbounded

    async def room(self) -> None:
        """Wait while the queue is full."""
        while self.full:
            self._room.clear()
            await self._room.wait()

    def feed(self, data: Piece) -> None:
        """Add audio."""
        self.audio.feed(data)
        if not self._changed.is_set():
            self._changed.set()

    def end(self, error: Exception | None = None) -> None:
        """End the audio; only the first call has an effect."""
        if not self.ended:
            self.ended, self.error = True, error
            self._changed.set()

    async def came(self) -> bool:
        """Wait for audio; `False` at its end. Raises the error once all audio is taken."""
        while not self.audio.undelivered and not self.ended:
            self._changed.clear()
            await self._changed.wait()
        if not self.audio.undelivered and self.error is not None:
            raise self.error
        return self.audio.undelivered > 0

    def reserve(self) -> None:
        """Keep the audio from now on for the caller that ends the utterance."""
        self._reserved = True
        self._changed.set()

    async def came_early(self) -> bool:
        """Wait for audio until `reserve` is called; `False` if none comes."""
        while not (self.audio.undelivered or self.ended or self._reserved):
            self._changed.clear()
            await self._changed.wait()
        return self.audio.undelivered > 0 and not self._reserved

    async def complete(self) -> None:
        """Wait for all audio, of any size; raises the error."""
        self._unbounded = True
        self._room.set()
        while not self.ended:
            self._changed.clear()
            await self._changed.wait()
        if self.error is not None:
            raise self.error

    def take(self) -> DataBlock | None:
        """The next piece of the file, if there is one; raises the error once all audio is taken."""
        return self._taken(self.audio.take())

    def take_some(self) -> DataBlock | None:
        """As `take`, but more may be left, which `came` says at once."""
        return self._taken(self.audio.take_some())

    def _taken(self, block: DataBlock | None) -> DataBlock | None:
        self._room.set()
        if block is None and self.error is not None:
            raise self.error
        return block
