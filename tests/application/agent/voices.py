"""Custom speech models whose audio is the text that they speak."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from modelport.credential import CredentialBase
from modelport.domain.message.wav import HEADER_SIZE, streaming_header
from modelport.event import DataBlockDeltaEvent, DataBlockEndEvent, DataBlockStartEvent, Event
from modelport.message import Base64Source, DataBlock
from modelport.tts import TTSModelBase, TTSResponse

__all__ = ["ArrivingVoice", "LiveVoice", "Voice", "audio", "spoken_texts"]

_HEADER = streaming_header(24_000)


class Voice(TTSModelBase):
    """Speaks a text letter by letter; `log` has what was asked of it."""

    def __init__(self, stream: bool = True) -> None:
        super().__init__(CredentialBase(), "voice", stream=stream)
        self.log: list[str] = []
        self.error: Exception | None = None
        """Raised where speech would begin."""

    async def pause(self) -> None:
        """Before each piece of audio."""
        await asyncio.sleep(0)

    async def synthesize(
        self, text: str | None = None, **kwargs: Any
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        self.log.append(f"synthesize {text!r}")
        if self.error:
            raise self.error
        return self._pieces(text or "") if self.stream else TTSResponse(content=audio(text or "", header=True))

    async def _pieces(self, text: str, *, header: bool = True) -> AsyncGenerator[TTSResponse, None]:
        try:
            for index, letter in enumerate(text):
                await self.pause()
                yield TTSResponse(content=audio(letter, header=header and index == 0), is_last=False)
            yield TTSResponse()
        finally:
            self.log.append("end")


class LiveVoice(Voice):
    """Realtime: each push has the audio of the text before it."""

    realtime = True
    text = ""
    spoken = 0

    async def connect(self) -> None:
        await self.pause()
        self.log.append("connect")

    async def close(self) -> None:
        self.log.append("close")

    async def push(self, text: str, **kwargs: Any) -> TTSResponse:
        self.log.append(f"push {text!r}")
        if self.error:
            raise self.error
        response = self._arrived()
        self.text += text
        return response

    def _arrived(self) -> TTSResponse:
        new, began = self.text[self.spoken :], self.spoken == 0
        self.spoken = len(self.text)
        return TTSResponse(content=audio(new, header=began) if new else None, is_last=False)

    async def synthesize(
        self, text: str | None = None, **kwargs: Any
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        self.log.append(f"synthesize {text!r}")
        rest, began = self.text[self.spoken :] + (text or ""), self.spoken == 0
        self.text, self.spoken = "", 0
        return self._pieces(rest, header=began) if self.stream else TTSResponse(content=audio(rest, header=began))


class ArrivingVoice(LiveVoice):
    """Realtime, and hands out audio between two pushes as well."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()

    async def push(self, text: str, **kwargs: Any) -> TTSResponse:
        response = await super().push(text)
        self.ready.set()
        return response

    async def arrived(self) -> TTSResponse | None:
        if not self.text:
            return None
        await self.ready.wait()
        self.ready.clear()
        return self._arrived()


def audio(text: str, *, header: bool) -> DataBlock:
    raw = (_HEADER if header else b"") + text.encode("utf-16-le")
    return DataBlock(source=Base64Source(data=base64.b64encode(raw).decode(), media_type="audio/wav"))


def spoken_texts(events: Sequence[Event]) -> list[str]:
    """What is spoken in each data block, each checked to be one WAV from its start to its end."""
    found: dict[str, bytes] = {}
    open_block = ""
    for event in events:
        if isinstance(event, DataBlockStartEvent):
            assert open_block == "" and event.block_id not in found and event.media_type == "audio/wav"
            open_block, found[event.block_id] = event.block_id, b""
        elif isinstance(event, DataBlockDeltaEvent):
            assert event.block_id == open_block and event.data is not None
            found[open_block] += base64.b64decode(event.data)
        elif isinstance(event, DataBlockEndEvent):
            assert event.block_id == open_block
            open_block = ""
    assert open_block == ""
    assert all(wav.startswith(_HEADER) and wav.count(b"RIFF") == 1 for wav in found.values())
    return [wav[HEADER_SIZE:].decode("utf-16-le") for wav in found.values()]
