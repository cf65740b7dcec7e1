"""Audio on its way from the task that receives it to whoever listens, with room for so much and no more."""

from __future__ import annotations

import asyncio

from ....domain.message.blocks import DataBlock
from ....domain.speech.audio import SpokenAudio

__all__ = ["AudioQueue"]

_MOST_UNDELIVERED = 1024 * 1024
"""Bytes that may wait for the listener before the server has to wait: 21 seconds at 24,000 samples."""


class AudioQueue:
    """One task feeds it and ends it; others wait for audio and take it."""

    def __init__(self, audio: SpokenAudio) -> None:
        self.audio = audio
        self.ended = False
        self.error: Exception | None = None
        """Why there is no more, when the utterance did not come to its end."""
        self._unbounded = False
        self._reserved = False
        self._news = asyncio.Event()
        self._room = asyncio.Event()

    async def room(self) -> None:
        """Wait until some of what waits was taken, when it is much."""
        while self.audio.undelivered >= _MOST_UNDELIVERED and not self._unbounded:
            self._room.clear()
            await self._room.wait()

    def feed(self, data: bytes) -> None:
        """Audio has come."""
        self.audio.feed(data)
        self._news.set()

    def end(self, error: Exception | None = None) -> None:
        """There will be no more; only the first end counts."""
        if not self.ended:
            self.ended, self.error = True, error
            self._news.set()

    async def came(self) -> bool:
        """Wait for audio that nobody took yet; `False` when there is no more. Raises the error after the audio."""
        while not self.audio.undelivered and not self.ended:
            self._news.clear()
            await self._news.wait()
        if not self.audio.undelivered and self.error is not None:
            raise self.error
        return self.audio.undelivered > 0

    def reserve(self) -> None:
        """From now on the audio is for the one who ends the utterance."""
        self._reserved = True
        self._news.set()

    async def came_early(self) -> bool:
        """Wait for audio before the utterance is ended; `False` when there will be none."""
        while not (self.audio.undelivered or self.ended or self._reserved):
            self._news.clear()
            await self._news.wait()
        return self.audio.undelivered > 0 and not self._reserved

    async def complete(self) -> None:
        """Wait until all audio is here, however much; raises the error."""
        self._unbounded = True
        self._room.set()
        while not self.ended:
            self._news.clear()
            await self._news.wait()
        if self.error is not None:
            raise self.error

    def take(self) -> DataBlock | None:
        """The next piece of the file, if there is any; raises the error when there is none for that reason."""
        block = self.audio.take()
        self._room.set()
        if block is None and self.error is not None:
            raise self.error
        return block
