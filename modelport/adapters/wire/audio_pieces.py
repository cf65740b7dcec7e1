"""Bytes of audio, in pieces of any size, to the chunks of a speech answer."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from ...domain.errors import ResponseDecodeError
from ...domain.message.wav import audio_start, wav_encoding, wav_format
from ...domain.speech.audio import AudioFormat, PcmPieces
from ...ports.codec.speech import SpeechChunk

__all__ = ["SpeechPieces", "decoded_audio"]


_FILES = {b"ID3": "audio/mpeg", b"OggS": "audio/ogg", b"fLaC": "audio/flac"}
"""How compressed files begin, which some servers send although samples were asked for."""


class SpeechPieces:
    """Bytes of audio to chunks: samples at whole samples and without their WAV header, whose rate counts.

    A compressed file in place of samples is passed on as what it is.
    """

    def __init__(self, audio_format: AudioFormat) -> None:
        self._format = audio_format
        self._samples: PcmPieces | None = None
        self._head = bytearray()
        self.came = False

    def feed(self, data: bytes) -> SpeechChunk | None:
        """The audio that these bytes complete, if any; the first has its format."""
        audio = self._whole_samples(data) if self._format.samples else self._of_file(data)
        if not audio:
            return None
        first, self.came = not self.came, True
        return SpeechChunk(audio, format=self._format if first else None)

    def _whole_samples(self, data: bytes) -> bytes:
        if self._samples is None:
            self._head += data
            if audio_start(self._head) is None:
                return b""
            self._open()
            data = bytes(self._head)
            self._head.clear()
        return data if self._samples is None else self._samples.feed(data)

    def _of_file(self, data: bytes) -> bytes:
        """The bytes of a file as they are, once something follows the header of a WAV."""
        if self.came:
            return data
        self._head += data
        start = audio_start(self._head)
        if start is None or len(self._head) <= start:
            return b""
        data = bytes(self._head)
        self._head.clear()
        return data

    def _open(self) -> None:
        """Read the header, if there is one."""
        head = bytes(self._head)
        kind = next((kind for begin, kind in _FILES.items() if head.startswith(begin)), None)
        if kind is not None:
            self._format = AudioFormat(kind, self._format.sample_rate)
            return
        found, encoding = wav_format(head), wav_encoding(head)
        if found is None and encoding not in (None, 1):
            raise ResponseDecodeError(f"expected a WAV of PCM samples, got one of the encoding {encoding}")
        channels = self._format.channels
        if found is not None:
            if found.sample_width != 2:
                raise ResponseDecodeError(f"expected samples of 16 bits, got {8 * found.sample_width}")
            channels, rate = found.channels, found.sample_rate
            media_type = "audio/wav" if self._format.is_wav else f"audio/pcm;rate={rate}"
            self._format = AudioFormat(media_type, rate, channels)
        self._samples = PcmPieces(2 * channels)


def decoded_audio(data: Any) -> bytes:  # Any: whatever stands where base64 should
    """The bytes of base64; raises `ResponseDecodeError` for anything else."""
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise ResponseDecodeError(f"a piece of audio is not base64: {error}") from error
