"""Transcripts: text with the times at which it was said. Times are whole milliseconds from the start of the audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..ids import new_id, new_timestamp
from ..message.responses import AttemptRecord, ModelWarning
from ..named_fields import NamedFields
from .subtitles import to_srt, to_vtt

__all__ = ["AudioInput", "Transcript", "TranscriptSegment", "TranscriptUsage", "TranscriptWord"]


@dataclass(frozen=True, slots=True)
class AudioInput:
    """The audio to transcribe: its bytes, or the URL from which the provider fetches it; `name` has its ending."""

    media_type: str
    name: str
    data: bytes = field(default=b"", repr=False)
    url: str | None = None


@dataclass(frozen=True, slots=True)
class TranscriptWord:
    """A word, with its punctuation where the provider gives it."""

    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """What was said without a pause, or by one speaker; its text has no blanks around it."""

    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    speaker: str | None = None
    language: str | None = None
    id: str | None = None


@dataclass(slots=True)
class TranscriptUsage(NamedFields):
    """The usage of one call: tokens or seconds of audio, as the provider counts; the others are 0.

    `time` is the seconds that the call took; `raw` is the provider's own object.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    time: float = 0.0
    raw: Mapping[str, Any] | None = field(default=None, repr=False)  # Any: the provider's JSON
    type: Literal["stt"] = "stt"


@dataclass(slots=True, repr=False)
class Transcript(NamedFields):
    """A whole transcript, or one step of a stream.

    The texts of a stream's steps are what is new; the last one, with `is_last=True`, has all of it, and may correct
    what came before. `language` is a code such as `en` or `en-US`. `usage`, `warnings` and `attempts` come with the
    last one.
    """

    text: str = ""
    segments: Sequence[TranscriptSegment] = ()
    words: Sequence[TranscriptWord] = ()
    language: str | None = None
    usage: TranscriptUsage | None = None
    duration_ms: int | None = None
    emotion: str | None = None
    is_last: bool = True
    id: str = field(default_factory=new_id)
    metadata: dict[str, Any] | None = None  # Any: provider facts
    created_at: str = field(default_factory=new_timestamp)
    type: Literal["transcript"] = "transcript"
    provider: str | None = None
    model: str | None = None
    warnings: Sequence[ModelWarning] = ()
    attempts: Sequence[AttemptRecord] = ()

    def to_srt(self) -> str:
        """As SubRip subtitles; raises `InvalidRequestError` for a transcript without times."""
        return to_srt(self.text, self.segments, self.words)

    def to_vtt(self) -> str:
        """As WebVTT subtitles; raises `InvalidRequestError` for a transcript without times."""
        return to_vtt(self.text, self.segments, self.words)

    def __repr__(self) -> str:
        """One line: the text, what else there is, and who wrote it down."""
        parts = [repr(self.text) if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]!r}…"]
        parts += [] if self.is_last else ["not the last"]
        parts += [f"{len(each)} {name}" for name, each in (("segments", self.segments), ("words", self.words)) if each]
        parts += [f"{self.duration_ms} ms"] if self.duration_ms else []
        parts += [f"{self.provider}/{self.model}"] if self.model else []
        parts += [f"warnings: {len(self.warnings)}"] if self.warnings else []
        return f"<{type(self).__name__} {', '.join(parts)}>"


_SHOWN = 60
"""Characters of a text in a `repr`."""
