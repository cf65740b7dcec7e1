"""Sound in Gemini's answers: raw samples become WAV. Facts: wire/gemini, "Traps"."""

from __future__ import annotations

import base64
import re

from ...domain.errors import ResponseDecodeError
from ...domain.wav import streaming_header

__all__ = ["is_raw_sound", "wav_piece"]

_RATE = re.compile(r"rate=(\d+)")
_DEFAULT_RATE = 24_000


def is_raw_sound(media_type: str) -> bool:
    """Whether the data are bare 16-bit samples, as `audio/L16;codec=pcm;rate=24000` says."""
    return media_type.partition(";")[0].strip().lower() in ("audio/l16", "audio/pcm")


def wav_piece(media_type: str, data: str, *, first: bool) -> str:
    """A piece of samples as a piece of a WAV; the first one opens with the header. Both are base64."""
    if not first:
        return data
    rate = _RATE.search(media_type)
    try:
        samples = base64.b64decode(data, validate=True)
    except ValueError as error:
        raise ResponseDecodeError("the sound of the answer is not base64") from error
    header = streaming_header(int(rate[1]) if rate else _DEFAULT_RATE)
    return base64.b64encode(header + samples).decode("ascii")
