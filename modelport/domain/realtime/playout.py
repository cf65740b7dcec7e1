"""How much of a reply was heard: the one policy for all providers.

Servers generate speech faster than it is played, so a reply that is interrupted was generated further than it was
heard. The position is what the application reports, or else the time since it took the first audio; it is never more
than the audio received. The text heard is cut by the provider's word times where it gives them, else in proportion to
the time, and always between two words.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field

__all__ = ["Playout", "heard_text"]


@dataclass(slots=True)
class Playout:
    """The audio and the words of one item of a reply, and how far it was played. Times are in milliseconds."""

    generated_ms: float = 0.0
    """The length of the audio received."""
    reported_ms: float | None = None
    """The position that the application reported last."""
    taken_at: float | None = None
    """When the application took the first audio, in seconds of a monotonic clock."""
    pieces: list[tuple[str, float | None]] = field(default_factory=list)
    """The text, each piece with the time at which it is spoken, where the provider gives it."""

    @property
    def text(self) -> str:
        """All text that was generated."""
        return "".join(text for text, _ in self.pieces)

    def report(self, ms: float) -> None:
        """The application has played so much; a position never goes back."""
        self.reported_ms = max(self.reported_ms or 0.0, ms)

    def taken(self, now: float) -> None:
        """The application took audio."""
        if self.taken_at is None:
            self.taken_at = now

    def heard_ms(self, now: float) -> int:
        """How much was heard by now."""
        if self.reported_ms is not None:
            played = self.reported_ms
        elif self.taken_at is not None:
            played = (now - self.taken_at) * 1000
        else:
            played = 0.0
        return math.floor(max(0.0, min(played, self.generated_ms)))

    def finished(self, now: float) -> bool:
        """Whether everything received so far was heard."""
        return self.heard_ms(now) >= math.floor(self.generated_ms)

    def heard_text(self, heard_ms: float) -> str:
        """What was said in that time."""
        return heard_text(self.pieces, heard_ms, self.generated_ms)


def heard_text(pieces: list[tuple[str, float | None]], heard_ms: float, generated_ms: float) -> str:
    """The words spoken within the first `heard_ms` of `generated_ms`.

    A piece with a start time lasts until the next one with a time begins, or the audio ends; between times, and without
    any, text and time are taken to be proportional.
    """
    if heard_ms <= 0 or not pieces:
        return ""
    if heard_ms >= generated_ms:
        return "".join(text for text, _ in pieces)
    spans: list[tuple[str, float]] = []
    for text, start in pieces:
        if start is None and spans:
            spans[-1] = (spans[-1][0] + text, spans[-1][1])
        else:
            begin = max(start or 0.0, spans[-1][1] if spans else 0.0)
            spans.append((text, begin))
    heard = []
    for index, (text, begin) in enumerate(spans):
        end = spans[index + 1][1] if index + 1 < len(spans) else max(generated_ms, begin)
        if heard_ms >= end:
            heard.append(text)
            continue
        if heard_ms > begin:
            heard.append(text[: _word_end(text, math.floor(len(text) * (heard_ms - begin) / (end - begin)))])
        break
    return "".join(heard).rstrip()


def _word_end(text: str, index: int) -> int:
    """The last place at or before `index` where a word ends."""
    if index >= len(text):
        return len(text)
    while index > 0 and not _is_break(text[index - 1], text[index]):
        index -= 1
    return index


def _is_break(before: str, after: str) -> bool:
    """Whether a text may be cut between two characters: at a blank, and in scripts without blanks."""
    if before.isspace() or after.isspace():
        return True
    if unicodedata.combining(after) or after == "\u200d" or before == "\u200d":
        return False
    return unicodedata.east_asian_width(before) in "WF"
