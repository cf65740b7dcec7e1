"""The voices of eSpeak NG by their common names: `en-us`, `en_US`, `English (America)`, `gmw/en-US`."""

from __future__ import annotations

import ctypes
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...domain.errors import InvalidRequestError

__all__ = ["VoiceNames", "read_voices"]

_VARIANTS = "voices/!v"
_NAMED, _UNRANKED = -1, 99


class _Voice(ctypes.Structure):
    """`espeak_VOICE`; `languages` is a list of (priority byte, C string), with a zero byte behind it."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


@dataclass(slots=True)
class VoiceNames:
    """Finds the library's own identifier; what is not among them is never given to the library, which opens files.

    `variants` by their names in small letters.
    """

    variants: Mapping[str, str]
    _known: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, name: str, identifier: str, rank: int) -> None:
        """A name for a voice; of several voices the lowest rank has it, the first one of these."""
        known = self._known.get(name.lower())
        if known is None or rank < known[0]:
            self._known[name.lower()] = (rank, identifier)

    def find(self, name: str, variant: str | None) -> str:
        """The identifier for the library; a language without the region asked for is that language."""
        base, plus, ending = name.partition("+")
        variant = variant or (ending if plus else None)
        if variant and variant.lower() not in self.variants:
            raise self._unknown("variant", variant, self.variants)
        wanted = base.strip().lower()
        found = self._known.get(wanted)
        wanted = wanted.replace("_", "-")
        while found is None and wanted:
            found = self._known.get(wanted)
            wanted = wanted.rpartition("-")[0]
        if found is None:
            raise self._unknown("voice", name, self._known)
        return f"{found[1]}+{self.variants[variant.lower()]}" if variant else found[1]

    def _unknown(self, what: str, name: str, known: Iterable[str]) -> InvalidRequestError:
        names = sorted(known, key=lambda one: (len(one), one))
        close = difflib.get_close_matches(name.lower(), names, 3) or names[:3]
        return InvalidRequestError(
            f"unknown {what} {name!r}; the nearest of {len(names)} are: {', '.join(close)}", provider="embedded"
        )


def read_voices(library: Any, data: Path) -> VoiceNames:  # Any: ctypes makes the functions up
    """The voices and variants that the library has."""
    folder = data / _VARIANTS
    names = VoiceNames({path.name.lower(): path.name for path in folder.iterdir()} if folder.is_dir() else {})
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    for pointer in library.espeak_ListVoices(None):
        if not pointer:
            break
        voice = pointer.contents
        identifier = voice.identifier.decode()
        for name in (identifier, identifier.rpartition("/")[2], voice.name.decode()):
            names.add(name, identifier, _NAMED)
        for rank, language in _languages(voice.languages):
            names.add(language, identifier, rank)
    return names


def _languages(address: int | None) -> Iterator[tuple[int, str]]:
    """The languages of a voice, each with its rank there: 5 is the usual one, less is better."""
    while address and (rank := ctypes.string_at(address, 1)[0]):
        language = ctypes.string_at(address + 1)
        yield min(rank, _UNRANKED), language.decode()
        address += len(language) + 2
