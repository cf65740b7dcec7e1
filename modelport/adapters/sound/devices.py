"""The audio port over the `sounddevice` library: a microphone and a loudspeaker."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from ...domain.errors import ModelConnectionError, SettingsError

__all__ = ["SoundDevices"]

_FRAME_MS = 20
_MOST_WAITING = 500
"""Pieces of the microphone that may wait: ten seconds. Older ones are dropped."""


class SoundDevices:
    """The default microphone and loudspeaker, 16-bit mono. `async with` opens and closes them.

    The library's threads record and play, and wake the event loop. Raises `SettingsError` where the library is not
    installed, and `ModelConnectionError` where there is no such device.
    """

    def __init__(self, input_rate: int, output_rate: int) -> None:
        self._library = _load()
        self._input_rate, self._output_rate = input_rate, output_rate
        self._recorded: asyncio.Queue[bytes] = asyncio.Queue()
        self._lock = threading.Lock()
        self._pending: deque[tuple[str, memoryview]] = deque()
        self._item, self._played = "", 0
        self._streams: list[Any] = []  # Any: the library has no types

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._open)
        except Exception as error:  # the library has one class for everything
            await self.aclose()
            raise ModelConnectionError(f"the microphone or the loudspeaker cannot be opened: {error}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop recording and playing."""
        streams, self._streams = self._streams, []
        for stream in streams:
            await asyncio.to_thread(stream.close)

    def _open(self) -> None:
        sound: dict[str, Any] = {"channels": 1, "dtype": "int16"}  # Any: the library's arguments
        for make, rate, callback in (
            (self._library.RawInputStream, self._input_rate, self._record),
            (self._library.RawOutputStream, self._output_rate, self._fill),
        ):
            stream = make(samplerate=rate, blocksize=rate * _FRAME_MS // 1000, callback=callback, **sound)
            self._streams.append(stream)
            stream.start()

    async def frames(self) -> AsyncIterator[bytes]:
        """The microphone's sound, 20 ms at a time."""
        while True:
            yield await self._recorded.get()

    def play(self, item_id: str, pcm: bytes) -> None:
        """Play this after what is being played."""
        with self._lock:
            self._pending.append((item_id, memoryview(pcm)))

    def position(self) -> tuple[str, float] | None:
        """The item that is played, or was played last, and how many milliseconds of it."""
        with self._lock:
            return (self._item, self._played * 500 / self._output_rate) if self._item else None

    def clear(self) -> None:
        """Stop at once and forget what was not played."""
        with self._lock:
            self._pending.clear()

    @property
    def playing(self) -> bool:
        """Whether something is left to be played."""
        with self._lock:
            return bool(self._pending)

    def _record(self, data: Any, frames: int, time: Any, status: Any) -> None:  # Any: the library has no types
        """Called by the library's thread with what was recorded."""
        self._loop.call_soon_threadsafe(self._keep, bytes(data))

    def _keep(self, pcm: bytes) -> None:
        while self._recorded.qsize() >= _MOST_WAITING:
            self._recorded.get_nowait()
        self._recorded.put_nowait(pcm)

    def _fill(self, out: Any, frames: int, time: Any, status: Any) -> None:  # Any: the library has no types
        """Called by the library's thread for the samples to play next: those that wait, and then silence."""
        place, size = 0, len(out)
        with self._lock:
            while place < size and self._pending:
                item_id, pcm = self._pending.popleft()
                if item_id != self._item:
                    self._item, self._played = item_id, 0
                count = min(size - place, len(pcm))
                out[place : place + count] = pcm[:count]
                place += count
                self._played += count
                if count < len(pcm):
                    self._pending.appendleft((item_id, pcm[count:]))
        out[place:size] = bytes(size - place)


def _load() -> Any:  # Any: the library has no types
    try:
        import sounddevice
    except ImportError as error:
        raise SettingsError("a microphone needs an extra: run pip install 'modelport[audio]'") from error
    except OSError as error:
        raise SettingsError(
            f"sounddevice needs PortAudio ({error}); on Debian and Ubuntu: apt install libportaudio2"
        ) from error
    return sounddevice
