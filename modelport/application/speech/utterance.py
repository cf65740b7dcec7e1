"""What a spoken answer is made of, whoever speaks it: steps, the last response, the whole, the end of the call."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...domain.errors import ModelError
from ...domain.message.responses import AttemptRecord, ChatResponse, ChatUsage, ModelWarning
from ...domain.speech.responses import AudioFold, TTSResponse, TTSUsage
from ..call.clocks import CallClocks

if TYPE_CHECKING:
    from .model import TTSModelBase

__all__ = ["Utterance"]


class Utterance:
    """One call of a speech model whose audio comes as pieces of 16-bit PCM with one channel.

    `usage` is filled in by the caller; `clocks` run from now on, and stop when the call is over.
    """

    def __init__(self, model: TTSModelBase, sample_rate: int, warnings: Sequence[ModelWarning]) -> None:
        self._model = model
        self._warnings = warnings
        self._runtime = model.runtime
        self._started = self._runtime.clock.monotonic()
        self._finished = False
        self.clocks = CallClocks(self._runtime.clock, model.timeouts)
        self.head = TTSResponse(is_last=False)
        self.audio = AudioFold(sample_rate)
        self.usage: TTSUsage | None = None

    def step(self, pcm: bytes) -> TTSResponse:
        """The response that carries this piece, which is not empty."""
        return replace(self.head, content=self.audio.add(pcm))

    def last(
        self,
        metadata: dict[str, Any] | None = None,  # Any: provider facts
        attempts: Sequence[AttemptRecord] = (),
    ) -> TTSResponse:
        """The last response of the stream: facts, and no audio. The call is over."""
        self._finish(None)
        if self.usage is not None:
            self.usage.time = self._runtime.clock.monotonic() - self._started
        return replace(
            self.head,
            is_last=True,
            usage=self.usage,
            metadata=metadata,
            provider=self._model.provider_name,
            model=self._model.model,
            warnings=list(self._warnings),
            attempts=attempts,
        )

    def failed(self, error: BaseException, attempts: Sequence[AttemptRecord] = ()) -> None:
        """The call is over, by this error; one of ours gets what had come."""
        if isinstance(error, ModelError):
            error.attempts = tuple(attempts)
            audio = self.audio.whole()
            error.partial = ChatResponse([audio] if audio else [], is_last=False, id=self.head.id)
        self._finish(error)

    async def whole(self, responses: AsyncGenerator[TTSResponse, None]) -> TTSResponse:
        """The last of the responses, with all their audio."""
        async with aclosing(responses):
            async for response in responses:
                last = response
        last.content = self.audio.whole()
        return last

    def _finish(self, error: BaseException | None) -> None:
        """The call is over, however it ended; later calls of this do nothing."""
        if self._finished:
            return
        self._finished = True
        self.clocks.stop()
        used = self.usage
        usage = ChatUsage(used.input_tokens, used.output_tokens) if used else None
        self._runtime.telemetry.call_ended(self._model.provider_name, self._model.model, usage, error)
