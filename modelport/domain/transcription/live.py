"""Live transcription: what a server's events mean, and the segments that an application gets. Times in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import ResponseDecodeError
from .transcript import Transcript, TranscriptSegment, TranscriptUsage, TranscriptWord

__all__ = ["LiveFold", "LiveSegment", "LiveSignal", "LiveUsage", "SegmentPlaced", "SegmentUpdate"]

_LONGEST = 1_000_000
"""Characters of one segment; speech has far fewer before a pause."""


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """What is being said, or was said. Each one replaces the one before with the same id.

    `is_final`: it will not change any more. `error`: why there is no text for it.
    """

    id: str
    text: str
    is_final: bool = False
    start_ms: int | None = None
    end_ms: int | None = None
    speaker: str | None = None
    language: str | None = None
    emotion: str | None = None
    words: Sequence[TranscriptWord] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SegmentUpdate:
    """News of a segment: its whole text so far, or a further piece of it (`more`). What is `None` stays as it was."""

    id: str
    text: str | None = None
    more: bool = False
    final: bool = False
    start_ms: int | None = None
    end_ms: int | None = None
    speaker: str | None = None
    language: str | None = None
    emotion: str | None = None
    words: Sequence[TranscriptWord] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SegmentPlaced:
    """A segment stands behind another one; transcripts may come in another order."""

    id: str
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class LiveUsage:
    """Usage that is added to what was counted before; with `total` it replaces it."""

    usage: TranscriptUsage
    total: bool = False


LiveSignal = SegmentUpdate | SegmentPlaced | LiveUsage


@dataclass(slots=True)
class LiveFold:
    """Signals in, segments out; pure."""

    usage: TranscriptUsage = field(default_factory=TranscriptUsage)
    _segments: dict[str, LiveSegment] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)

    def add(self, signal: LiveSignal) -> LiveSegment | None:
        """The segment that the application gets for it, if any."""
        if isinstance(signal, SegmentUpdate):
            return self._update(signal)
        if isinstance(signal, SegmentPlaced):
            self._place(signal)
        else:
            self._count(signal)
        return None

    def transcript(self) -> Transcript:
        """Everything that was said so far, in the order in which it was said; interim texts included."""
        known = [self._segments[name] for name in self._order if name in self._segments]
        said = [segment for segment in known if segment.text.strip()]
        segments = [_segment(segment) for segment in said]
        words = [word for segment in said for word in segment.words]
        language = next((segment.language for segment in said if segment.language), None)
        return Transcript(_joined(segments), segments, words, language, self.usage)

    def _update(self, signal: SegmentUpdate) -> LiveSegment | None:
        known = self._segments.get(signal.id)
        if known is not None and known.is_final:
            return None
        before = known or LiveSegment(signal.id, "")
        if known is None and signal.id not in self._order:
            self._order.append(signal.id)
        text = before.text if signal.text is None else (before.text if signal.more else "") + signal.text
        if len(text) > _LONGEST:
            raise ResponseDecodeError(f"a segment of the transcript has more than {_LONGEST:,} characters")
        fresh = LiveSegment(
            id=signal.id,
            text=text,
            is_final=signal.final,
            start_ms=_known(signal.start_ms, before.start_ms),
            end_ms=_known(signal.end_ms, before.end_ms),
            speaker=signal.speaker or before.speaker,
            language=signal.language or before.language,
            emotion=signal.emotion or before.emotion,
            words=signal.words or before.words,
            error=signal.error,
        )
        self._segments[signal.id] = fresh
        shown = signal.final or signal.text is not None
        return fresh if shown and fresh != known else None

    def _place(self, signal: SegmentPlaced) -> None:
        order = self._order
        if signal.id in order:
            order.remove(signal.id)
        behind = signal.previous is not None and signal.previous in order
        order.insert(order.index(str(signal.previous)) + 1 if behind else len(order), signal.id)

    def _count(self, signal: LiveUsage) -> None:
        new, old = signal.usage, TranscriptUsage() if signal.total else self.usage
        self.usage = TranscriptUsage(
            old.input_tokens + new.input_tokens,
            old.output_tokens + new.output_tokens,
            old.seconds + new.seconds,
            raw=new.raw,
        )


def _known(new: int | None, old: int | None) -> int | None:
    return old if new is None else new


def _segment(live: LiveSegment) -> TranscriptSegment:
    return TranscriptSegment(live.text.strip(), live.start_ms, live.end_ms, live.speaker, live.language, live.id)


def _joined(segments: Sequence[TranscriptSegment]) -> str:
    """With one blank, but without where both sides are written without blanks."""
    text = ""
    for segment in segments:
        apart = bool(text) and not (_no_blanks(text[-1]) and _no_blanks(segment.text[0]))
        text += (" " if apart else "") + segment.text
    return text


def _no_blanks(sign: str) -> bool:
    """Whether a character belongs to Chinese or Japanese text."""
    code = ord(sign)
    return 0x3000 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0xFF00 <= code <= 0xFF65 or code >= 0x20000
