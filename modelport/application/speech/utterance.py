"""One call of a speech model, of any kind: its responses, its usage and its end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from ...domain.errors import ModelError
from ...domain.message.blocks import DataBlock
from ...domain.message.responses import AttemptRecord, ChatResponse, ChatUsage, ModelWarning
from ...domain.speech.responses import TTSResponse, TTSUsage
from ...domain.speech.spoken import DELIVERED_KEPT, AudioFold
from ..call.clocks import CallClocks
from ..call.spec import CallSpec

__all__ = ["Utterance"]


class Utterance:
    """One call of a speech model whose audio comes as pieces of 16-bit PCM with one channel.

    The caller fills in `usage`. `clocks` run from the start, and stop at the end of the call.
    """

    def __init__(self, spec: CallSpec, sample_rate: int, warnings: Sequence[ModelWarning]) -> None:
        self._spec = spec
        self._warnings = warnings
        self._started = spec.runtime.clock.monotonic()
        self._finished = False
        self.clocks = CallClocks(spec.runtime.clock, spec.timeouts)
        self.head = TTSResponse(is_last=False)
        self.audio = AudioFold(sample_rate, DELIVERED_KEPT)
        self.usage: TTSUsage | None = None

    def step(self, pcm: bytes) -> TTSResponse:
        """The response with this piece of audio, which is not empty."""
        return self.response(self.audio.add(pcm))

    def response(self, content: DataBlock | None) -> TTSResponse:
        """A response of the stream with this audio: the head's id and time."""
        return TTSResponse(content, False, None, self.head.id, None, self.head.created_at)

    def last(
        self,
        metadata: dict[str, Any] | None = None,  # Any: provider facts
        attempts: Sequence[AttemptRecord] = (),
    ) -> TTSResponse:
        """End the call; the last response of the stream, which has facts and no audio."""
        self._finish(None)
        if self.usage is not None:
            self.usage.time = self._spec.runtime.clock.monotonic() - self._started
        return replace(
            self.head,
            is_last=True,
            usage=self.usage,
            metadata=metadata,
            provider=self._spec.provider,
            model=self._spec.model,
            warnings=list(self._warnings),
            attempts=attempts,
        )

    def failed(self, error: BaseException, attempts: Sequence[AttemptRecord] = ()) -> None:
        """End the call by this error; a `ModelError` gets the attempts and the audio so far."""
        if isinstance(error, ModelError):
            error.attempts = tuple(attempts)
            audio = self.audio.whole()
            error.partial = ChatResponse([audio] if audio else [], is_last=False, id=self.head.id)
        self._finish(error)

    async def whole(self, responses: AsyncGenerator[TTSResponse, None]) -> TTSResponse:
        """Read all responses; the last one, with the whole audio."""
        self.audio.keep_all()
        async with aclosing(responses):
            async for response in responses:
                last = response
        last.content = self.audio.whole()
        return last

    def _finish(self, error: BaseException | None) -> None:
        """Stop the clocks and report the call; further calls do nothing."""
        if self._finished:
            return
        self._finished = True
        self.clocks.stop()
        used = self.usage
        usage = ChatUsage(used.input_tokens, used.output_tokens) if used else None
        self._spec.runtime.telemetry.call_ended(self._spec.provider, self._spec.model, usage, error)
