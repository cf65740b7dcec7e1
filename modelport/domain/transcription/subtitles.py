"""Transcripts as subtitles: SubRip and WebVTT.

Both have cues with a beginning, an end and a text. A transcript without timed segments gives cues made of its words.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..errors import InvalidRequestError

__all__ = ["Timed", "to_srt", "to_vtt"]

_LONGEST_CUE = 84
"""Characters of a cue made of words: two lines of a screen."""
_PAUSE_MS = 1000
_ENDS = (".", "!", "?", "…", "。", "！", "？")
_HOUR, _MINUTE, _SECOND = 3_600_000, 60_000, 1000


class Timed(Protocol):
    """A segment or a word: what was said, by whom, and when, if that is known."""

    @property
    def text(self) -> str:
        """What was said."""
        ...

    @property
    def start_ms(self) -> int | None:
        """When it begins."""
        ...

    @property
    def end_ms(self) -> int | None:
        """When it ends."""
        ...

    @property
    def speaker(self) -> str | None:
        """Who said it."""
        ...


@dataclass(frozen=True, slots=True)
class _Cue:
    start_ms: int
    end_ms: int
    text: str
    speaker: str | None


def to_srt(text: str, segments: Sequence[Timed], words: Sequence[Timed]) -> str:
    """SubRip; `InvalidRequestError` for a text without times."""
    blocks = (
        f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n"
        f"{f'{_one_line(cue.speaker)}: ' if cue.speaker else ''}{_one_line(cue.text)}\n"
        for number, cue in enumerate(_cues(text, segments, words), 1)
    )
    return "\n".join(blocks)


def to_vtt(text: str, segments: Sequence[Timed], words: Sequence[Timed]) -> str:
    """WebVTT; `InvalidRequestError` for a text without times."""
    blocks = ["WEBVTT\n"]
    for cue in _cues(text, segments, words):
        escaped = html.escape(_one_line(cue.text), quote=False)
        said = f"<v {html.escape(_one_line(cue.speaker), quote=False)}>{escaped}" if cue.speaker else escaped
        blocks.append(f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n{said}\n")
    return "\n".join(blocks)


def _cues(text: str, segments: Sequence[Timed], words: Sequence[Timed]) -> list[_Cue]:
    cues = [
        _Cue(each.start_ms, each.end_ms, each.text, each.speaker and each.speaker.strip())
        for each in segments
        if each.start_ms is not None and each.end_ms is not None and each.text.strip()
    ]
    cues = cues or [_cue_of(group) for group in _grouped(words)]
    if not cues and text.strip():
        raise InvalidRequestError(
            "subtitles need a transcript with times, and this one has none; set segments=True, "
            "or use a model that gives them"
        )
    return cues


def _grouped(words: Sequence[Timed]) -> Iterator[list[Timed]]:
    """Words with times, cut at ends of sentences, pauses, changes of speaker and the length of a cue."""
    group: list[Timed] = []
    length = 0
    for word in words:
        if word.start_ms is None or word.end_ms is None or not word.text.strip():
            continue
        last = group[-1] if group else None
        if last is not None and (
            last.text.endswith(_ENDS)
            or word.start_ms - (last.end_ms or 0) > _PAUSE_MS
            or word.speaker != last.speaker
            or length + len(word.text) > _LONGEST_CUE
        ):
            yield group
            group, length = [], 0
        group.append(word)
        length += len(word.text) + 1
    if group:
        yield group


def _cue_of(words: Sequence[Timed]) -> _Cue:
    first, last = words[0], words[-1]
    return _Cue(first.start_ms or 0, last.end_ms or 0, " ".join(word.text for word in words), first.speaker)


def _one_line(text: str) -> str:
    """Without blank lines, which end a cue, and without the arrow, which begins one."""
    return " ".join(text.replace("-->", "→").split())


def _time(milliseconds: int, point: str) -> str:
    hours, rest = divmod(max(0, milliseconds), _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    seconds, thousandths = divmod(rest, _SECOND)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{thousandths:03d}"
