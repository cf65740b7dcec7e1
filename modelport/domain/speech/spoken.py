"""The audio of one utterance, delivered in pieces and joined to one file.

A piece is bytes, or base64 as the server sent it, which goes to the caller as it is where nothing has to be changed:
decoding it would cost more than all else that is done for a piece.
"""

from __future__ import annotations

import base64
from copy import copy

from ..ids import new_id
from ..message.blocks import Base64Source, DataBlock
from .audio import AudioFormat, PcmPieces

__all__ = ["DELIVERED_KEPT", "AudioFold", "Piece", "SpokenAudio"]

DELIVERED_KEPT = 64 * 1024
"""Bytes of delivered audio that are kept for the `partial` of an error: 1.4 seconds at 24,000 samples per second."""

_HANDY = 96 * 1024
"""Longer texts get memory of their own from the system, which takes longer than a further step of the stream."""

Piece = bytes | str
"""Audio, or its base64 with padding at the end."""


class _Kept:
    """The beginning of audio that comes in pieces: the first `limit` bytes, or all of it without a limit."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.pieces: list[Piece] = []
        self.any = self.cut = False
        self._size = 0

    def add(self, piece: Piece) -> None:
        """Keep what there is room for."""
        self.any = True
        if self.limit is None:
            self.pieces.append(piece)
        elif not self.cut:
            room, size = (self.limit - self._size) // 12 * 12, _size(piece)
            self.cut = room < size
            self._size += size
            if self.cut:
                piece = piece[: room // 3 * 4 if isinstance(piece, str) else room]
            self.pieces.append(piece)


class AudioFold:
    """The audio of one call: each piece as a step of a stream, and all pieces as one file.

    Without another format, 16-bit PCM with one channel as WAV, `sample_rate` samples per second. `limit` is the number
    of bytes of delivered audio to keep, all by default.
    """

    def __init__(self, sample_rate: int, limit: int | None = None) -> None:
        self._format = AudioFormat("audio/wav", sample_rate)
        self._block_id = new_id()
        self._block: DataBlock | None = None
        self._delivered = _Kept(limit)

    def use(self, audio_format: AudioFormat) -> None:
        """Take audio of that format from now on; raises `ValueError` when audio of another one has come."""
        if audio_format == self._format:
            return
        if self._delivered.any:
            raise ValueError(f"the audio changes from {self._format} to {audio_format}, and cannot be joined")
        self._format = audio_format
        self._block = None

    def keep_all(self) -> None:
        """Keep all audio that comes from now on, because it is returned as one file."""
        self._delivered.limit = None

    def add(self, audio: Piece) -> DataBlock:
        """Add a piece, which must not be empty; returns its step. The first one of a WAV begins with a header."""
        if not self._delivered.any and (header := self._format.header()):
            self._delivered.add(audio)
            return self._block_of(header + _decoded(audio))
        if not self._delivered.cut:
            self._delivered.add(audio)
        return self._block_of(audio)

    def whole(self) -> DataBlock | None:
        """All audio so far as one file, its beginning where no more is kept; a WAV has true sizes."""
        return self._file(self._delivered.pieces)

    def _file(self, pieces: list[Piece]) -> DataBlock | None:
        audio = b"".join(map(_decoded, pieces))
        return self._block_of(self._format.header(len(audio)) + audio) if audio else None

    def _block_of(self, audio: Piece) -> DataBlock:
        """A copy of the first block with this audio: validating each would take three times as long."""
        data = audio if isinstance(audio, str) else base64.b64encode(audio).decode("ascii")
        first = self._block
        if first is None:
            empty = Base64Source(data="", media_type=self._format.media_type)
            self._block = first = DataBlock(id=self._block_id, source=empty)
        block, source = copy(first), copy(first.source)
        source.__dict__["data"] = data
        block.__dict__["source"] = source
        return block


class SpokenAudio(AudioFold):
    """Collects the audio that a server sends, and delivers it as blocks, each byte once.

    The blocks of `take`, joined, are one file. Blocks of samples end at whole samples, wherever the received bytes did.
    Of delivered audio only the beginning is kept, `DELIVERED_KEPT` bytes.
    """

    def __init__(self, audio_format: AudioFormat) -> None:
        super().__init__(audio_format.sample_rate, DELIVERED_KEPT)
        self._format = audio_format
        self._of_samples = audio_format.samples
        self._samples = PcmPieces()
        self._fresh: list[Piece] = []
        self.undelivered = 0
        """The number of bytes not delivered yet."""

    def feed(self, piece: Piece) -> None:
        """Add what the server sent, in pieces of any size; base64 must be valid and padded."""
        size = _size(piece)
        if self._of_samples and (isinstance(piece, bytes) or not self._samples.passes(size)):
            piece = self._samples.feed(_decoded(piece))
            size = len(piece)
        if size:
            self._fresh.append(piece)
            self.undelivered += size

    def end_segment(self) -> None:
        """Start a new segment: drop an incomplete sample, and expect a header again."""
        self._samples = PcmPieces()

    @property
    def came(self) -> bool:
        """Whether any audio has arrived."""
        return self._delivered.any or bool(self._fresh)

    def take(self) -> DataBlock | None:
        """The audio not delivered yet, as the next piece of the file; the first one begins with the header."""
        pieces = self._drain()
        return self.add(_joined(pieces)) if pieces else None

    def take_some(self) -> DataBlock | None:
        """As `take`, but only as many pieces as can be joined without decoding them."""
        if len(self._fresh) == 1:
            self.undelivered = 0
            return self.add(self._fresh.pop())
        end = _joinable(self._fresh)
        if end == len(self._fresh):
            return self.take()
        pieces, self._fresh = self._fresh[:end], self._fresh[end:]
        self.undelivered -= sum(map(_size, pieces))
        return self.add(_joined(pieces))

    def take_file(self) -> DataBlock | None:
        """The audio not delivered yet, as a complete file."""
        pieces = self._drain()
        for piece in pieces:
            self._delivered.add(piece)
        return self._file(pieces)

    def whole(self) -> DataBlock | None:
        """All audio so far, delivered or not, as a complete file; the beginning, when that is all that is kept."""
        return self._file(self._delivered.pieces + ([] if self._delivered.cut else self._fresh))

    def not_delivered(self) -> DataBlock | None:
        """`whole`, or where that is a beginning only, the audio not delivered yet, as a complete file."""
        return self._file(self._fresh) if self._delivered.cut else self.whole()

    def _drain(self) -> list[Piece]:
        pieces, self._fresh = self._fresh, []
        self.undelivered = 0
        return pieces


def _size(piece: Piece) -> int:
    """The bytes of audio in a piece."""
    if isinstance(piece, bytes):
        return len(piece)
    return len(piece) // 4 * 3 - piece.endswith("=") - piece.endswith("==")


def _decoded(piece: Piece) -> bytes:
    return piece if isinstance(piece, bytes) else base64.b64decode(piece)


def _joinable(pieces: list[Piece]) -> int:
    """How many of the first pieces are one text, or one row of bytes, of a handy size: padding ends a text."""
    kind, size = type(pieces[0]) if pieces else str, 0
    for number, piece in enumerate(pieces):
        size += len(piece)
        if type(piece) is not kind or (size > _HANDY and number):
            return number
        if isinstance(piece, str) and piece.endswith("="):
            return number + 1
    return len(pieces)


def _joined(pieces: list[Piece]) -> Piece:
    """Several pieces as one: the base64 of pieces without padding is that of all of them, one after the other."""
    if len(pieces) == 1:
        return pieces[0]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    if len(texts) == len(pieces) and not any(text.endswith("=") for text in texts[:-1]):
        return "".join(texts)
    return b"".join(map(_decoded, pieces))
