"""eSpeak NG in this process, by ctypes: text and a manner of speaking in, samples out.

The library is not re-entrant and keeps its settings between texts, so one thread of the process uses it, and a text's
settings are made anew each time. SSML is never switched on: a document that is not well-formed leaves its speed and
pitch to the texts after it, and may keep the library busy for ever.

Facts: speak_lib.h of eSpeak NG 1.52, and what the library does.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ...domain.errors import InvalidRequestError, ModelError, SettingsError
from .espeak_voices import VoiceNames, read_voices

__all__ = ["Espeak", "Manner", "with_espeak"]

T = TypeVar("T")

_SYNCHRONOUS, _CALLBACK_MS, _DONT_EXIT = 2, 50, 0x8000
_UTF8, _END_PAUSE = 0x01, 0x1000
_RATE, _VOLUME, _PITCH = 1, 2, 3
_COMMANDS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that control the library, above all `\\x01`, and the NUL that ends a C string."""
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Manner(NamedTuple):
    """How to speak: a voice's name, words per minute, pitch (0 to 100) and volume (100 is the usual one)."""

    voice: str
    variant: str | None
    rate: int
    pitch: int
    volume: int


class Espeak:
    """The loaded library; only the thread of `with_espeak` may use it.

    `sample_rate` is what it speaks at: 16-bit samples a second, one channel.
    """

    def __init__(self) -> None:
        self._library, data = _load()
        self._pieces: list[bytes] = []
        self._stopped: Callable[[], bool] = bool
        self._callback = _Callback(self._take)  # the library keeps a bare pointer to it
        self.sample_rate = int(
            self._library.espeak_Initialize(_SYNCHRONOUS, _CALLBACK_MS, os.fsencode(data), _DONT_EXIT)
        )
        if self.sample_rate <= 0:
            raise SettingsError(f"eSpeak NG cannot read its data in {data}; install espeakng-loader again")
        self._library.espeak_SetSynthCallback(self._callback)
        self._names: VoiceNames = read_voices(self._library, data)

    def choose(self, manner: Manner) -> int:
        """Speak like this from now on, at this sample rate; `InvalidRequestError` for an unknown voice or variant."""
        voice = self._names.find(manner.voice, manner.variant)
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise InvalidRequestError(f"eSpeak NG cannot load its voice {voice!r}", provider="embedded")
        settings = {_RATE: manner.rate, _VOLUME: manner.volume, _PITCH: manner.pitch}
        for parameter, value in settings.items():
            self._library.espeak_SetParameter(parameter, value, 0)
        return self.sample_rate

    def speak(self, text: str, manner: Manner, stopped: Callable[[], bool]) -> bytes:
        """The samples of the text, with a pause behind it, as more may follow; fewer when it was `stopped`."""
        self.choose(manner)
        spoken = _COMMANDS.sub(" ", text).encode("utf-8", "replace")
        self._pieces, self._stopped = [], stopped
        failed = self._library.espeak_Synth(spoken, len(spoken) + 1, 0, 0, 0, _UTF8 | _END_PAUSE, None, None)
        samples, self._pieces = b"".join(self._pieces), []
        if failed:
            raise ModelError(f"eSpeak NG could not speak (error {failed})", provider="embedded")
        return samples

    def _take(self, samples: Any, count: int, events: int | None) -> int:  # Any: a ctypes pointer
        """Called by the library with some 50 ms of audio; 1 makes it stop."""
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, 2 * count))
        return int(self._stopped())


async def with_espeak(work: Callable[[Espeak], T]) -> T:
    """Run this in the one thread that uses the library, after what waits there already."""
    return await asyncio.get_running_loop().run_in_executor(_thread, lambda: work(_espeak()))


def _load() -> tuple[Any, Path]:  # Any: ctypes makes the functions up
    """The library and its data folder."""
    try:
        import espeakng_loader
    except ImportError as error:
        raise SettingsError(
            f"the embedded voice is not installed ({error}): run pip install 'modelport[embedded-speech]'"
        ) from error
    try:
        library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError as error:
        raise SettingsError(f"eSpeak NG cannot be loaded on this system: {error}") from error
    library.espeak_Synth.argtypes = [
        *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint),
        *(ctypes.c_void_p, ctypes.c_void_p),
    ]
    return library, Path(espeakng_loader.get_data_path())


@lru_cache(maxsize=1)
def _espeak() -> Espeak:
    return Espeak()


def _new_thread() -> None:
    """A forked child has no threads but its own, and none that would empty the queue."""
    global _thread
    _thread = ThreadPoolExecutor(1, thread_name_prefix="modelport-espeak")
    _espeak.cache_clear()


_thread: ThreadPoolExecutor
_new_thread()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_thread)
