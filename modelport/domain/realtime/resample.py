"""Changes the sample rate of a stream of 16-bit mono audio, piece by piece."""

from __future__ import annotations

import numpy as np

__all__ = ["Resampler"]


class Resampler:
    """Linear interpolation between neighbouring samples, continued over the pieces.

    Good enough for speech that a model listens to; an odd byte at the end of a piece is kept for the next one.
    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        self._step = source_rate / target_rate
        self._position = 0.0
        self._last: np.ndarray[tuple[int], np.dtype[np.float64]] = np.zeros(0)
        self._odd = b""
        self.same = source_rate == target_rate

    def feed(self, pcm: bytes) -> bytes:
        """The samples at the target rate that these complete."""
        data = self._odd + pcm
        whole = len(data) - len(data) % 2
        self._odd = data[whole:]
        if self.same or not whole:
            return data[:whole]
        samples = np.concatenate([self._last, np.frombuffer(data[:whole], dtype="<i2").astype(np.float64)])
        count = int((len(samples) - 1 - self._position) // self._step) + 1 if len(samples) > 1 else 0
        places = self._position + self._step * np.arange(max(count, 0))
        made = np.interp(places, np.arange(len(samples)), samples)
        self._position += self._step * len(places) - (len(samples) - 1)
        self._last = samples[-1:]
        return bytes(np.clip(np.rint(made), -32768, 32767).astype("<i2").tobytes())
