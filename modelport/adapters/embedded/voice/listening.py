"""What the user says: audio in, turns with their transcripts out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ....domain.errors import SettingsError
from ....domain.ids import new_id

if TYPE_CHECKING:
    from ..moonshine import Heard, Recording

__all__ = ["RATE", "Ears", "require_recogniser"]

Json = dict[str, Any]  # Any: JSON
RATE = 16_000
"""Samples per second of the input."""
_PIECE = RATE
"""Bytes that are listened to at a time: half a second."""


class Ears:
    """The input audio of a session; one task uses it.

    Args:
        send: sends an event.
        started: called when the user begins to speak, which the server notices.
        turn: called with the id and the text of a turn that the server ends.
    """

    def __init__(
        self, send: Callable[[Json], None], started: Callable[[], None], turn: Callable[[str, str], Awaitable[None]]
    ) -> None:
        self.detects = True
        self.transcribes = True
        self._send = send
        self._started = started
        self._turn = turn
        self._waiting = bytearray()
        self._recording: Recording | None = None
        self._bytes = self._before = 0
        self._item = ""
        self._lines: list[str] = []
        self._fed = False

    @property
    def begun(self) -> bool:
        """Whether a turn has begun that has not ended."""
        return bool(self._item)

    async def add(self, pcm: bytes) -> None:
        """Listen to more audio, in pieces."""
        require_recogniser()
        self._waiting += pcm
        self._fed = True
        if len(self._waiting) >= _PIECE:
            whole = len(self._waiting) - len(self._waiting) % 2
            piece, self._waiting = bytes(self._waiting[:whole]), self._waiting[whole:]
            await self._take(await self._heard(piece, finish=False))

    async def commit(self) -> tuple[str, str] | None:
        """End the turn: its id and its text; `None` when there was no audio."""
        if not self._fed:
            return None
        heard = await self._heard(bytes(self._waiting), finish=True)
        self._lines += [line.text for line in heard.complete if line.text]
        if self._item and heard.complete:
            end = heard.complete[-1].end_ms + self._before * 500 // RATE
            self._event("input_audio_buffer.speech_stopped", self._item, audio_end_ms=end)
        item_id, text = self._item or new_id(), " ".join(self._lines)
        self._forget()
        return item_id, text

    async def clear(self) -> None:
        """Forget the audio of the turn."""
        self._forget()
        self.close()

    def close(self) -> None:
        """Stop listening; the memory is freed once the library is not busy."""
        recording, self._recording = self._recording, None
        if recording is not None:
            from ..moonshine import in_recogniser_thread_soon

            in_recogniser_thread_soon(recording.close)

    def _forget(self) -> None:
        self._waiting.clear()
        self._lines.clear()
        self._item, self._fed = "", False

    async def _heard(self, pcm: bytes, *, finish: bool) -> Heard:
        from ..moonshine import Heard, Recording, in_recogniser_thread
        from ..wav_samples import floats

        def listen() -> Heard:
            recording = self._recording = self._recording or Recording(RATE)
            heard = recording.add(floats(pcm[: len(pcm) - len(pcm) % 2]))
            if not finish:
                return heard
            rest = recording.finish()
            recording.close()
            self._recording = None
            return Heard([*heard.complete, *rest.complete])

        if self._recording is None:
            self._before = self._bytes
        self._bytes += len(pcm)
        return await in_recogniser_thread(listen)

    async def _take(self, heard: Heard) -> None:
        """Notice the beginnings and ends of turns; with manual turns the lines are only kept."""
        if not self.detects:
            self._lines += [line.text for line in heard.complete if line.text]
            return
        offset = self._before * 500 // RATE
        for line in heard.complete:
            if not line.text and not self._item:
                continue
            item_id = self._begun(line.start_ms + offset)
            self._item = ""
            self._event("input_audio_buffer.speech_stopped", item_id, audio_end_ms=line.end_ms + offset)
            if line.text:
                await self._turn(item_id, line.text)
        if heard.going_on is not None and heard.going_on.text:
            item_id = self._begun(heard.going_on.start_ms + offset)
            if self.transcribes:
                self._event("conversation.item.input_audio_transcription.text", item_id, text=heard.going_on.text)

    def _begun(self, at_ms: int) -> str:
        if not self._item:
            self._item = new_id()
            self._event("input_audio_buffer.speech_started", self._item, audio_start_ms=at_ms)
            self._started()
        return self._item

    def _event(self, kind: str, item_id: str, **fields: Any) -> None:  # Any: JSON
        self._send({"type": kind, "item_id": item_id, **fields})


def require_recogniser() -> None:
    """Raise `SettingsError` with the command that installs it, where it is not."""
    from importlib.util import find_spec

    if find_spec("moonshine_voice") is None or find_spec("numpy") is None:
        raise SettingsError("the embedded recogniser is an extra: run pip install 'modelport[embedded-recognition]'")
