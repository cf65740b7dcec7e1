"""An audio file that is written while speech arrives, and appears at its path once it is complete."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from ..adapters.wire.private_file import open_unlinked
from ..domain.errors import ModelError, SettingsError
from ..domain.message.blocks import Base64Source
from ..domain.message.media_types import type_of_bytes
from ..domain.message.wav import HEADER_SIZE, UNKNOWN_SIZE, WavFormat, wav_format
from ..domain.speech.audio import PcmPieces

if TYPE_CHECKING:
    from ..domain.message.blocks import DataBlock

__all__ = ["AUDIO_PATH", "ENDINGS", "STDOUT", "AudioFile"]

STDOUT = Path("-")
ENDINGS: Mapping[str, tuple[str, ...]] = {
    ".wav": ("audio/wav",),
    ".mp3": ("audio/mpeg",),
    ".opus": ("audio/ogg", "audio/opus"),
    ".ogg": ("audio/ogg", "audio/opus"),
    ".flac": ("audio/flac",),
    ".aac": ("audio/aac",),
    ".m4a": ("audio/mp4",),
}
"""The formats that a file may have whose name ends so; other names say nothing."""
AUDIO_PATH = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


class AudioFile:
    """A file of several utterances, one after the other; `-` is stdout. WAV utterances are joined to one WAV.

    In the end the file holds what `keep` has confirmed; without any `keep`, an existing file is left unchanged. Stdout,
    pipes and devices receive the audio at once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.media_type = ""
        self.size = 0
        self.is_stdout = path == STDOUT
        self._passes_on = self.is_stdout or (path.exists() and not path.is_file())
        self._kept = 0
        self._format: WavFormat | None = None
        self._samples = PcmPieces()
        self._file, self._unfinished = self._open()

    @property
    def seconds(self) -> float | None:
        """The length of the audio; `None` unless it is WAV."""
        return None if self._format is None else max(0, self.size - HEADER_SIZE) / self._format.bytes_per_second

    def begin(self) -> None:
        """Start a further utterance."""
        self._samples = PcmPieces()

    def write(self, block: DataBlock) -> None:
        """Append a piece of audio."""
        if not isinstance(block.source, Base64Source):
            raise ModelError(f"expected audio data, got the URL {block.source.url}; load it yourself")
        data = base64.b64decode(block.source.data)
        if not self.size:
            self.media_type = block.source.media_type
            self._format = wav_format(data)
            self._check_ending(data)
            if self._format is not None:
                self._write(self._format.header(None))
        self._write(self._samples.feed(data) if self._format else data)

    def keep(self) -> None:
        """Confirm what was written so far."""
        self._kept = self.size

    def drop(self) -> None:
        """Remove what was written since the last `keep`; of no effect on stdout, pipes and devices."""
        if not self._passes_on:
            self._file.truncate(self._kept)
            self._file.seek(self._kept)
            self.size = self._kept

    def close(self) -> None:
        """Complete the WAV header and move the file to its path."""
        if self.is_stdout:
            return
        if self._passes_on:
            with suppress(OSError):  # raised by `write` already
                self._file.close()
            return
        self.drop()
        with self._file:
            if self._format is not None and self._kept:
                self._file.seek(0)
                self._file.write(self._format.header(min(self.size - HEADER_SIZE, UNKNOWN_SIZE)))
        if self._kept:
            os.replace(self._unfinished, self.path)
        else:
            self._unfinished.unlink(missing_ok=True)

    def _check_ending(self, data: bytes) -> None:
        """Raise `SettingsError` where the file would hold another format than its name says."""
        wanted = ENDINGS.get(self.path.suffix.lower())
        found = "audio/wav" if self._format else type_of_bytes(data) or self.media_type.partition(";")[0]
        if wanted and found.startswith("audio/") and found not in wanted:
            ending = next((each for each, kinds in ENDINGS.items() if found in kinds), "")
            advice = f"give a file that ends with {ending}" if ending else "give another ending"
            raise SettingsError(f"{self.path}: the model speaks {found}, which the name says it is not; {advice}")

    def _open(self) -> tuple[BinaryIO, Path]:
        if self.is_stdout:
            return sys.stdout.buffer, self.path
        try:
            unfinished = self.path if self._passes_on else self.path.with_name(f".{self.path.name}.part")
            return open(unfinished, "wb", opener=None if self._passes_on else open_unlinked), unfinished
        except (OSError, ValueError) as error:
            raise self._unwritable(error) from error

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
            self._file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            if self.is_stdout:
                raise  # which the command reports as for any other output
            if not self._passes_on:
                with suppress(OSError):
                    self._file.close()
                self._file = self._unfinished.open("r+b")  # opened again, so that `drop` can truncate it
            raise self._unwritable(error) from error
        self.size += len(data)

    def _unwritable(self, error: Exception) -> SettingsError:
        return SettingsError(f"{self.path}: cannot be written: {getattr(error, 'strerror', None) or error}")
