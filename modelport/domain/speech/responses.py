"""The responses of speech models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..ids import new_id, new_timestamp
from ..message.attachments import FilePath
from ..message.blocks import Base64Source, DataBlock
from ..message.responses import AttemptRecord, ModelWarning
from ..message.wav import with_true_sizes
from ..named_fields import NamedFields

__all__ = ["TTSResponse", "TTSUsage", "join_audio"]


@dataclass(slots=True)
class TTSUsage(NamedFields):
    """The usage of one call, all its requests together.

    Providers count tokens or `characters`; the others are 0. `time` is in seconds; `raw` is the provider's own
    object, from the last request.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    time: float = 0.0
    characters: int = 0
    raw: dict[str, Any] | None = field(default=None, repr=False)  # Any: the provider's JSON
    type: Literal["tts"] = "tts"

    def add(self, other: TTSUsage) -> None:
        """Add the usage of another request, except its `time`."""
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.characters += other.characters
        self.raw = other.raw or self.raw


@dataclass(slots=True, eq=False, repr=False)
class TTSResponse(NamedFields):
    """A whole utterance, or one step of a stream.

    The audio of a stream's steps, joined in order, is one file. The last response has `is_last=True` and does not
    repeat it. `content` is `None` when there is no audio. `usage`, `warnings` and `attempts` come with the
    last response.
    """

    content: DataBlock | None = None
    is_last: bool = True
    usage: TTSUsage | Any = None  # Any: `None` before the last response, and where the provider reports none
    id: str = field(default_factory=new_id)
    metadata: dict[str, Any] | None = None  # Any: provider facts
    created_at: str = field(default_factory=new_timestamp)
    type: Literal["tts_response"] = "tts_response"
    provider: str | None = None
    model: str | None = None
    warnings: Sequence[ModelWarning] = ()
    attempts: Sequence[AttemptRecord] = ()

    def save(self, path: FilePath) -> None:
        """Write the audio to a file; join the pieces of a stream first, with `join_audio`.

        Raises `ValueError` when there is no audio, or only its URL, and `OSError`.
        """
        if self.content is None:
            raise ValueError("there is no audio in this response; the pieces of a stream are joined by join_audio(…)")
        self.content.save(path)

    def __repr__(self) -> str:
        """One line: the kind and size of the audio, and the model."""
        source = self.content and self.content.source
        size = f"{len(source.data) * 3 // 4:,} bytes" if isinstance(source, Base64Source) else source and source.url
        audio = f"{source.media_type}, {size}" if source else "no audio"
        last = "" if self.is_last else ", not the last"
        return f"<TTSResponse {audio}{last}{f', {self.provider}/{self.model}' if self.model else ''}>"


def join_audio(pieces: Iterable[TTSResponse | DataBlock]) -> DataBlock:
    """The pieces of one utterance, as a stream delivers them, as one block: a WAV gets its true sizes.

    Raises `ValueError` when no piece has audio, or one has only a URL.
    """
    blocks = [piece.content if isinstance(piece, TTSResponse) else piece for piece in pieces]
    audio = [block for block in blocks if block is not None]
    if not audio:
        raise ValueError("expected at least one piece with audio, got none")
    kind = audio[0].source.media_type
    whole = b"".join(block.to_bytes() for block in audio)
    return DataBlock.from_bytes(with_true_sizes(whole) if kind.startswith("audio/wav") else whole, kind)
