"""The audio that a caller gives, read and checked against what a model takes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from ...domain.errors import InvalidRequestError
from ...domain.message.attachments import guessed_type
from ...domain.message.blocks import DataBlock, URLSource
from ...domain.transcription.transcript import AudioInput

if TYPE_CHECKING:
    from ...domain.card.transcription_card import STTModelCard
    from ...ports.media import MediaLoader

__all__ = ["Audio", "read_audio"]

Audio: TypeAlias = "str | Path | bytes | DataBlock"
"""A path, the bytes of a file, or a block with either bytes or a URL."""

_ENDINGS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/x-m4a": "m4a",
    "audio/m4a": "m4a",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""The ending by which a server knows a format. Facts: docs/protocols/speech-to-text.md#openai-files."""


async def read_audio(given: Audio, card: STTModelCard, loader: MediaLoader, checks: bool) -> AudioInput:
    """The audio as the model takes it: its bytes, or its URL. Raises `InvalidRequestError` for what it does not take.

    A URL is fetched here where the provider takes only bytes.
    """
    if isinstance(given, DataBlock) and isinstance(given.source, URLSource):
        return await _of_url(given.source, card, loader, checks)
    if isinstance(given, DataBlock):
        audio = _named(given.to_bytes(), given.source.media_type, given.name or "")
    elif isinstance(given, bytes | bytearray):
        audio = _named(bytes(given), _type(bytes(given)), "")
    elif isinstance(given, str | os.PathLike):
        audio = await _of_file(Path(given), card.max_bytes if checks else None)
    else:
        raise InvalidRequestError(f"audio is a {type(given).__name__}; pass a path, bytes or a DataBlock")
    return _checked(audio, card, checks)


async def _of_url(source: URLSource, card: STTModelCard, loader: MediaLoader, checks: bool) -> AudioInput:
    name = PurePosixPath(urlsplit(source.url).path).name
    if "url" in card.takes and not source.url.startswith("file:"):
        return AudioInput(source.media_type, name or "audio", url=source.url)
    loaded = await loader.load(source)
    return _checked(_named(DataBlock(source=loaded).to_bytes(), loaded.media_type, name), card, checks)


async def _of_file(path: Path, most: int | None) -> AudioInput:
    def read() -> bytes:
        if most is not None and path.stat().st_size > most:
            raise _too_large(path.stat().st_size, most)
        return path.read_bytes()

    try:
        data = await asyncio.to_thread(read)
    except OSError as error:
        raise InvalidRequestError(f"the audio {path} cannot be read: {error.strerror or error}") from error
    return _named(data, _type(data, path.name), path.name)


def _type(data: bytes, name: str = "") -> str:
    try:
        return guessed_type(data, name)
    except ValueError:
        return ""


def _named(data: bytes, media_type: str, name: str) -> AudioInput:
    """With a name whose ending says what it is: some servers go by that alone."""
    if not media_type.startswith(("audio/", "video/")):
        media_type = "audio/wav"
    ending = _ENDINGS.get(media_type.partition(";")[0])
    safe = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in name)[-80:]
    if "." not in safe:
        safe = f"audio.{ending or 'wav'}"
    return AudioInput(media_type, safe, data)


def _checked(audio: AudioInput, card: STTModelCard, checks: bool) -> AudioInput:
    if not audio.data:
        raise InvalidRequestError("the audio is empty; pass a recording")
    if checks and not card.takes:
        raise InvalidRequestError(f"{card.name} transcribes live audio only; use `async with model.live() as session`")
    if checks and "bytes" not in card.takes:
        raise InvalidRequestError(
            f"{card.name} fetches audio from a public URL and takes no bytes; pass DataBlock.from_url(…), "
            "or use a model that takes a file"
        )
    if checks and card.max_bytes is not None and len(audio.data) > card.max_bytes:
        raise _too_large(len(audio.data), card.max_bytes)
    return audio


def _too_large(size: int, most: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"expected at most {most:,} bytes of audio, got {size:,}; compress it, cut it at pauses, or use another model"
    )
