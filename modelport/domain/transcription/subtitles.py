"""Transcripts as subtitles: SubRip and WebVTT.

Both have cues with a beginning, an end and a text. A transcript without timed segments gives cues made of its words.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InvalidRequestError

if TYPE_CHECKING:
    from .transcript import Transcript, TranscriptWord

__all__ = ["to_srt", "to_vtt"]

_LONGEST_CUE = 84
"""Characters of a cue made of words: two lines of a screen."""
_PAUSE_MS = 1000
_ENDS = (".", "!", "?", "…", "。", "！", "？")
_HOUR, _MINUTE, _SECOND = 3_600_000, 60_000, 1000


@dataclass(frozen=True, slots=True)
class _Cue:
    start_ms: int
    end_ms: int
    text: str
    speaker: str | None


def to_srt(transcript: Transcript) -> str:
    """SubRip; `InvalidRequestError` for a transcript without times."""
    blocks = (
        f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n"
        f"{f'{cue.speaker}: ' if cue.speaker else ''}{_one_line(cue.text)}\n"
        for number, cue in enumerate(_cues(transcript), 1)
    )
    return "\n".join(blocks)


def to_vtt(transcript: Transcript) -> str:
    """WebVTT; `InvalidRequestError` for a transcript without times."""
    blocks = ["WEBVTT\n"]
    for cue in _cues(transcript):
        text = html.escape(_one_line(cue.text), quote=False)
        said = f"<v {html.escape(_one_line(cue.speaker), quote=False)}>{text}" if cue.speaker else text
        blocks.append(f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n{said}\n")
    return "\n".join(blocks)


def _cues(transcript: Transcript) -> list[_Cue]:
    cues = [
        _Cue(each.start_ms, each.end_ms, each.text, each.speaker)
        for each in transcript.segments
        if each.start_ms is not None and each.end_ms is not None and each.text.strip()
    ]
    cues = cues or [_cue_of(words) for words in _grouped(transcript.words)]
    if not cues and transcript.text.strip():
        raise InvalidRequestError(
            "subtitles need a transcript with times, and this one has none; set segments=True, "
            "or use a model that gives them"
        )
    return cues


def _grouped(words: Sequence[TranscriptWord]) -> Iterator[list[TranscriptWord]]:
    """Words with times, cut at ends of sentences, pauses, changes of speaker and the length of a cue."""
    group: list[TranscriptWord] = []
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


def _cue_of(words: Sequence[TranscriptWord]) -> _Cue:
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
