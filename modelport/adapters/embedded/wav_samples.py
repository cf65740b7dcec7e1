"""The samples of a WAV file, as floats of one channel, piece by piece."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np

from ...domain.errors import InvalidRequestError

__all__ = ["WavSamples", "floats"]

Samples = np.ndarray[Any, Any]  # Any: numpy's shape and type
_CONVERT = "convert it, for example with ffmpeg -i FILE -ac 1 -ar 16000 out.wav"


class WavSamples:
    """A file that is read on. Raises `InvalidRequestError` for bytes that are no PCM WAV."""

    def __init__(self, data: bytes) -> None:
        try:
            self._file = wave.open(io.BytesIO(data))  # noqa: SIM115  # it is memory
        except (wave.Error, EOFError) as error:
            raise InvalidRequestError(f"expected a WAV with whole-number samples ({error}); {_CONVERT}") from error
        self.rate = self._file.getframerate()
        if not 1000 <= self.rate <= 384_000:
            raise InvalidRequestError(f"expected 1,000 to 384,000 samples per second, got {self.rate:,}; {_CONVERT}")

    def read(self, seconds: float) -> Samples:
        """The next samples; none at the end. A part of a sample at the end of a cut file is left out."""
        channels, width = self._file.getnchannels(), self._file.getsampwidth()
        data = self._file.readframes(int(seconds * self.rate))
        whole = len(data) - len(data) % (channels * width)
        samples = floats(data[:whole], width)
        return samples if channels == 1 else np.asarray(samples.reshape(-1, channels).mean(axis=1))


def floats(pcm: bytes, width: int = 2) -> Samples:
    """Little-endian samples of 1 to 4 bytes as floats between -1 and 1; those of one byte have no sign."""
    values: Samples
    if width == 1:
        values = (np.frombuffer(pcm, dtype=np.uint8).astype(np.float32) - 128) / 128
    elif width == 3:
        parts = np.frombuffer(pcm, dtype=np.uint8).reshape(-1, 3)
        wide = np.zeros((len(parts), 4), dtype=np.uint8)
        wide[:, 1:] = parts
        values = np.frombuffer(wide.tobytes(), dtype="<i4").astype(np.float32) / 2**31
    else:
        values = np.frombuffer(pcm, dtype=f"<i{width}").astype(np.float32) / 2 ** (8 * width - 1)
    return np.asarray(values)
