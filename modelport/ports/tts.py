"""The speech ports: what agents, middlewares and wrappers are typed on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol, runtime_checkable

from ..domain.speech import TTSResponse

__all__ = ["ArrivingAudio", "TTSModel"]


class TTSModel(Protocol):
    """A model that speaks.

    Contract: each byte of audio is handed out once, over `push` and `synthesize` together; the audio of one utterance,
    put together in order, is one file. A model that is not `realtime` takes text by `synthesize` alone and may be used
    from several tasks at once; a `realtime` one speaks one utterance at a time, between `connect` and `close`.
    """

    stream: bool

    @property
    def realtime(self) -> bool:
        """Whether `push` takes text that is still being written."""
        ...

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        """Speak the text, after what was pushed: everything, or with `stream` a generator of pieces."""
        ...

    async def push(self, text: str, **kwargs: Any) -> TTSResponse:  # Any: provider fields
        """Take more text; returns at once, with the audio that has come by now."""
        ...

    async def connect(self) -> None:
        """Open what a realtime model speaks over."""
        ...

    async def close(self) -> None:
        """Close what `connect` opened, whatever is being said."""
        ...


@runtime_checkable
class ArrivingAudio(Protocol):
    """What a realtime model may offer besides: its audio while nobody pushes text."""

    async def arrived(self) -> TTSResponse | None:
        """Wait for audio of the pushed text and hand it out as `push` would; `None` when more has to be pushed first.

        Cancelling the wait loses no audio.
        """
        ...
