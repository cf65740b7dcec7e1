"""Moonshine in this process: samples in, lines of text with their times out.

The model and the library come in one wheel, so nothing is fetched. One thread of the process uses the library.

Facts: moonshine-voice 0.0.73, and what the library does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ...domain.errors import ModelError, SettingsError

__all__ = ["NOT_INSTALLED", "Heard", "Line", "Recording", "in_recogniser_thread", "in_recogniser_thread_soon"]

T = TypeVar("T")

NOT_INSTALLED = "the embedded recogniser is an extra: run pip install 'modelport[embedded-recognition]'"
_ANYWAY = 1
"""The flag that makes the library look at audio however little of it is new."""
_NEVER = 1e9
"""Seconds between the updates that the library makes by itself; here every update is asked for."""
_OPTIONS = {"return_audio_data": "false", "identify_speakers": "false"}
_MOST_LINES = 50
"""A stream returns all its lines each time, so a long recording goes on with a new one after so many."""


class Line(NamedTuple):
    """What was said between two pauses, and when: milliseconds from the start of the recording."""

    text: str
    start_ms: int
    end_ms: int


class Heard(NamedTuple):
    """Lines that are complete since the last look, and the one that is still being said, if any."""

    complete: Sequence[Line]
    going_on: Line | None = None


class Recording:
    """One recording or conversation, piece by piece; only the thread of `in_recogniser_thread` may use it."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._samples = self._before = 0
        self._seen = 0
        self._stream = _new_stream()

    def add(self, samples: np.ndarray[Any, Any]) -> Heard:  # Any: numpy's shape and type
        """Listen to more samples: floats between -1 and 1, one channel."""
        self._samples += len(samples)
        if len(samples):
            self._call(self._stream.add_audio, samples.tolist(), self._rate)
        heard, lines = self._look()
        if lines >= _MOST_LINES and heard.going_on is None:
            self.close()
            self._before, self._seen, self._stream = self._samples, 0, _new_stream()
        return heard

    def finish(self) -> Heard:
        """The end: what is still being said is complete."""
        self._call(self._stream.stop)
        heard, _ = self._look()
        rest = [heard.going_on] if heard.going_on is not None else []
        return Heard([*heard.complete, *rest])

    def close(self) -> None:
        """Free the library's memory for it."""
        self._stream.close()

    def _look(self) -> tuple[Heard, int]:
        lines = self._call(self._stream.update_transcription, _ANYWAY).lines
        fresh = lines[self._seen :]
        done = [line for line in fresh if line.is_complete]
        self._seen += len(done)
        open_line = next((self._line(line) for line in fresh if not line.is_complete), None)
        return Heard([self._line(line) for line in done], open_line), len(lines)

    def _line(self, line: Any) -> Line:  # Any: the library's own
        start = round(1000 * (self._before / self._rate + line.start_time))
        return Line(line.text.strip(), start, start + round(1000 * line.duration))

    def _call(self, work: Callable[..., Any], *arguments: Any) -> Any:  # Any: of the library
        try:
            return work(*arguments)
        except Exception as error:  # the library has a class of its own for each kind
            raise ModelError(f"Moonshine could not listen: {error}", provider="embedded") from error


async def in_recogniser_thread(work: Callable[[], T]) -> T:
    """Run this in the one thread that uses the library, after what waits there already."""
    return await asyncio.get_running_loop().run_in_executor(_thread, work)


def in_recogniser_thread_soon(work: Callable[[], None]) -> None:
    """Run this there after what waits already, and do not wait for it."""
    _thread.submit(work)


def _new_stream() -> Any:  # Any: the library has no types
    stream = _transcriber().create_stream(update_interval=_NEVER)
    stream.start()
    return stream


@lru_cache(maxsize=1)
def _transcriber() -> Any:  # Any: the library has no types
    try:
        import moonshine_voice
    except ImportError as error:
        raise SettingsError(f"{NOT_INSTALLED} ({error})") from error
    folder = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"
    if not (folder / "encoder_model.ort").is_file():
        raise SettingsError(
            f"expected the model in {folder}, which newer releases do not carry; "
            "run pip install 'modelport[embedded-recognition]'"
        )
    try:
        return moonshine_voice.Transcriber(folder, moonshine_voice.ModelArch.TINY, _NEVER, options=_OPTIONS)
    except Exception as error:
        raise SettingsError(f"Moonshine cannot be loaded on this system: {error}") from error


def _new_thread() -> None:
    """A forked child has no threads but its own, and none that would empty the queue."""
    global _thread
    _thread = ThreadPoolExecutor(1, thread_name_prefix="modelport-moonshine")
    _transcriber.cache_clear()


_thread: ThreadPoolExecutor
_new_thread()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_thread)
