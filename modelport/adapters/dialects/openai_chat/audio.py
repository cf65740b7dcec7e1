"""Spoken answers of Chat Completions: sound as a data block, its transcript as text.

Streams carry raw 24 kHz mono 16-bit samples; they leave as one WAV, whose header opens the first piece.
"""

from __future__ import annotations

import base64
from typing import Any

from ....domain.ids import new_id
from ....domain.message.blocks import Base64Source, ContentBlock, DataBlock, ProviderData, TextBlock
from ....domain.message.wav import streaming_header

__all__ = ["AUDIO_RATE", "AudioReader"]

AUDIO_RATE = 24_000

_MEDIA_TYPES = {"mp3": "audio/mpeg"}


class AudioReader:
    """The sound of one answer."""

    def __init__(self, provider: str, created_at: str, audio_format: str, *, raw: bool) -> None:
        self._provider = provider
        self._created_at = created_at
        self._raw = raw
        self._media_type = "audio/wav" if raw else _MEDIA_TYPES.get(audio_format, f"audio/{audio_format}")
        self._data_id = ""
        self._text_id = ""
        self._facts: dict[str, Any] = {}  # Any: id and expiry, the provider's JSON

    def feed(self, audio: dict[str, Any]) -> list[ContentBlock]:
        """One `audio` object of a delta or a message; any of its fields may be missing."""
        self._facts.update({key: audio[key] for key in ("id", "expires_at") if audio.get(key)})
        blocks: list[ContentBlock] = []
        transcript, data = audio.get("transcript"), audio.get("data")
        if transcript:
            blocks.append(self._transcript(transcript))
        if data:
            blocks.append(self._data(data))
        return blocks

    def finish(self) -> list[ContentBlock]:
        """The id under which the provider keeps the sound, for the next turn."""
        if not self._data_id or not self._facts:
            return []
        owner = ProviderData(provider=self._provider, data={"audio": self._facts})
        source = Base64Source(data="", media_type=self._media_type)
        return [DataBlock(id=self._data_id, source=source, created_at=self._created_at, provider_data=owner)]

    def _transcript(self, text: str) -> TextBlock:
        owner = None
        if not self._text_id:
            self._text_id = new_id()
            owner = ProviderData(provider=self._provider, data={"transcript": True})
        return TextBlock(id=self._text_id, text=text, created_at=self._created_at, provider_data=owner)

    def _data(self, data: str) -> DataBlock:
        if not self._data_id:
            self._data_id = new_id()
            if self._raw:
                samples = base64.b64decode(data)
                data = base64.b64encode(streaming_header(AUDIO_RATE) + samples).decode("ascii")
        source = Base64Source(data=data, media_type=self._media_type)
        return DataBlock(id=self._data_id, source=source, created_at=self._created_at)
