"""One call of a speech-to-text model over HTTP: attempts until one answers, and the steps of its answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from ...domain.errors import ModelError
from ...domain.message.blocks import TextBlock
from ...domain.message.responses import ChatResponse, ChatUsage, ModelWarning
from ...domain.transcription.transcript import Transcript, TranscriptUsage
from ...ports.codec.transcription import TranscriptionWireCall
from ..call.attempts import Attempts, Call
from ..call.context import CallContext
from ..call.http import HttpBody
from ..call.http_answer import read_answer as http_answer
from ..call.spec import CallSpec

__all__ = ["TranscriptAnswer", "TranscriptSteps", "TranscriptionCall", "read_answer"]


class TranscriptSteps(Protocol):
    """An answer step by step. `ended` is true once the last step, which is the whole, was returned."""

    ended: bool

    async def __anext__(self) -> Transcript:
        """The next step."""
        ...

    async def aclose(self) -> None:
        """Stop."""
        ...


TranscriptAnswer = Transcript | TranscriptSteps
"""The answer to a request: whole, or step by step."""


async def read_answer(call: TranscriptionWireCall, body: HttpBody) -> TranscriptAnswer:
    """Either kind of answer: some models do not stream although they are asked to."""
    return await http_answer(call, body, lambda whole: whole)


class TranscriptionCall:
    """One call. `open` it and iterate the steps; the last one is the whole transcript.

    Args:
        spec: the model's facts.
        send: makes one attempt.
        warnings: what the caller should know of the parameters.
    """

    def __init__(
        self, spec: CallSpec, send: Callable[[], Awaitable[TranscriptAnswer]], warnings: Sequence[ModelWarning]
    ) -> None:
        self._spec = spec
        self._started = spec.runtime.clock.monotonic()
        self._context = CallContext.of(spec)
        self._context.warnings += warnings
        self._attempts = Attempts(self._context, spec.retry, spec.retryable)
        self._call: Call[TranscriptAnswer] = Call(self._context, self._attempts, send, _unchecked)
        self._said: list[str] = []

    async def open(self) -> AsyncGenerator[Transcript, None]:
        """Send the request; returns the steps, as a generator that is started already."""
        try:
            answer = await self._call.open()
        except BaseException as error:
            self._report(None, error)
            raise
        steps = self._steps(answer)
        await anext(steps)
        return steps

    async def whole(self, steps: AsyncGenerator[Transcript, None]) -> Transcript:
        """Read all steps; the whole transcript."""
        async with aclosing(steps):
            async for step in steps:
                last = step
        return last

    async def _steps(self, answer: TranscriptAnswer) -> AsyncGenerator[Transcript, None]:
        """A head, with which the generator is started; what is new, as it comes; the whole transcript."""
        try:
            yield Transcript(is_last=False)
            while not isinstance(answer, Transcript):
                try:
                    with self._context.clocks:
                        step = await answer.__anext__()
                except Exception as error:
                    failure = self._attempts.failed(error)
                    if self._said or not isinstance(failure, ModelError):
                        raise failure
                    await answer.aclose()
                    answer = await self._call.open(failure)
                    continue
                if answer.ended:
                    await answer.aclose()
                    answer = step
                    break
                if step.text or step.segments:
                    self._context.clocks.content_received()
                    self._said.append(step.text)
                    step.is_last = False
                    yield step
            yield self._finished(answer)
        except BaseException as error:
            self._failed(error)
            raise
        finally:
            if not isinstance(answer, Transcript):
                await answer.aclose()

    def _finished(self, last: Transcript) -> Transcript:
        self._attempts.ended()
        self._call.finish()
        usage = last.usage or TranscriptUsage()
        usage.time = self._spec.runtime.clock.monotonic() - self._started
        last.usage, last.is_last = usage, True
        last.provider, last.model = self._spec.provider, self._spec.model
        last.warnings, last.attempts = list(self._context.warnings), tuple(self._context.attempts)
        self._report(usage, None)
        return last

    def _failed(self, error: BaseException) -> None:
        self._call.finish(error)
        if isinstance(error, ModelError):
            error.attempts = tuple(self._context.attempts)
            text = "".join(self._said)
            error.partial = ChatResponse([TextBlock(text=text)] if text else [], is_last=False)
        self._report(None, error)

    def _report(self, usage: TranscriptUsage | None, error: BaseException | None) -> None:
        counted = ChatUsage(usage.input_tokens, usage.output_tokens) if usage else None
        self._spec.runtime.telemetry.call_ended(self._spec.provider, self._spec.model, counted, error)


def _unchecked(answer: Any) -> TranscriptAnswer:  # Any: what an attempt returned
    made: TranscriptAnswer = answer
    return made
