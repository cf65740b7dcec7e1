"""Microphone and loudspeaker over a library of the test's, which has no devices."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from modelport.adapters.sound.devices import SoundDevices
from modelport.error import ModelConnectionError, SettingsError


class Stream:
    """A stream of the library, which the test drives."""

    def __init__(
        self, samplerate: int, blocksize: int, callback: Callable[..., None], channels: int, dtype: str
    ) -> None:
        self.rate, self.size, self.callback = samplerate, blocksize, callback
        self.running = False
        assert (channels, dtype) == (1, "int16")

    def start(self) -> None:
        self.running = True

    def close(self) -> None:
        self.running = False


class Library(ModuleType):
    """The parts of `sounddevice` that are used."""

    def __init__(self, broken: bool = False) -> None:
        super().__init__("sounddevice")
        self.streams: list[Stream] = []
        self.broken = broken

    def RawInputStream(self, **options: Any) -> Stream:
        self.streams.append(Stream(**options))
        return self.streams[-1]

    def RawOutputStream(self, **options: Any) -> Stream:
        if self.broken:
            raise RuntimeError("Invalid output device")
        return self.RawInputStream(**options)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    made = Library()
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    yield made
    assert not any(stream.running for stream in made.streams)


async def test_what_is_recorded_comes_in_order(library: Library) -> None:
    async with SoundDevices(16_000, 24_000) as devices:
        microphone, loudspeaker = library.streams
        assert (microphone.rate, microphone.size, loudspeaker.rate) == (16_000, 320, 24_000)
        frames = devices.frames()
        for value in (b"\1\0", b"\2\0"):
            await asyncio.to_thread(microphone.callback, value * 320, 320, None, None)
        assert [(await anext(frames))[:2] for _ in range(2)] == [b"\1\0", b"\2\0"]


async def test_a_microphone_that_nobody_reads_keeps_the_newest(library: Library) -> None:
    async with SoundDevices(16_000, 24_000) as devices:
        for number in range(600):
            library.streams[0].callback(number.to_bytes(2, "little"), 1, None, None)
        await asyncio.sleep(0)
        assert int.from_bytes(await anext(devices.frames()), "little") == 100


async def test_playing_says_where_it_is_and_stops_at_once(library: Library) -> None:
    async with SoundDevices(16_000, 24_000) as devices:
        fill = library.streams[1].callback
        assert devices.position() is None
        devices.play("a", b"\1" * 960)
        devices.play("b", b"\2" * 960)
        out = bytearray(1440)
        await asyncio.to_thread(fill, out, 720, None, None)
        assert out == b"\1" * 960 + b"\2" * 480
        assert devices.position() == ("b", 10.0) and devices.playing
        devices.clear()
        await asyncio.to_thread(fill, out, 720, None, None)
        assert out == bytes(1440) and devices.position() == ("b", 10.0) and not devices.playing


async def test_a_missing_device_closes_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Library(broken=True)
    monkeypatch.setitem(sys.modules, "sounddevice", broken)
    with pytest.raises(ModelConnectionError, match="Invalid output device"):
        async with SoundDevices(16_000, 24_000):
            pass
    assert [stream.running for stream in broken.streams] == [False]


def test_a_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SettingsError, match=r"pip install 'modelport\[audio\]'"):
        SoundDevices(16_000, 24_000)
