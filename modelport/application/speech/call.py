"""A call of a speech model over HTTP: one request per text, in order, with one retry budget and one set of clocks."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from ...domain.errors import ModelError, ResponseDecodeError, ServerError
from ...domain.message.responses import AttemptRecord, ModelWarning
from ...domain.message.wav import pcm_of_wav
from ...domain.retry import Budget
from ...domain.speech.audio import AudioFormat
from ...domain.speech.responses import TTSResponse, TTSUsage
from ...domain.speech.text import NOTHING_TO_PRONOUNCE, makes_sound
from ...ports.codec.speech import SpeechChunk, SpeechWireCall
from ..call.attempts import Attempts, Call
from ..call.context import CallContext
from ..call.http import HttpBody
from ..call.http_answer import HttpAnswer
from ..call.http_answer import read_answer as http_answer
from ..call.spec import CallSpec
from .utterance import Utterance

__all__ = ["SpeechAnswer", "SpeechCall", "read_answer"]

SpeechAnswer = SpeechChunk | HttpAnswer[SpeechChunk]
"""The answer to one request: whole, or chunk by chunk."""

_DRAIN_SECONDS = 0.1
"""How long a connection may take to end after the protocol's end, so that it can be used again."""


async def read_answer(call: SpeechWireCall, body: HttpBody) -> SpeechAnswer:
    """Either kind of answer: some servers do not stream although they are asked to."""
    return await http_answer(call, body, lambda whole: whole)


class SpeechCall:
    """One call. `open` it and iterate the responses; `utterance` holds what has come so far.

    Args:
        spec: the model's facts; answers are asked for as streams.
        texts: the texts to speak, each by a request of its own.
        send: makes one attempt for one text.
    """

    def __init__(
        self,
        spec: CallSpec,
        sample_rate: int,
        texts: Sequence[str],
        send: Callable[[str], Awaitable[SpeechAnswer]],
        warnings: Sequence[ModelWarning],
    ) -> None:
        self._spec = spec
        self._texts = texts
        self._send = send
        self._warnings = list(warnings)
        self._contexts: list[CallContext] = []
        self._facts: list[dict[str, Any]] = []  # Any: provider facts
        self.utterance = Utterance(spec, sample_rate, self._warnings)

    async def open(self) -> AsyncGenerator[TTSResponse, None]:
        """Send the first request; returns the responses, as a generator that is started already."""
        try:
            request = await self._request(self._texts[0]) if self._texts else None
        except BaseException as error:
            self.utterance.failed(error, self._attempts())
            raise
        responses = self._responses(request)
        await anext(responses)
        return responses

    async def _responses(self, request: _TextRequest | None) -> AsyncGenerator[TTSResponse, None]:
        """The head, with which the generator is started; the audio as it comes; the last response."""
        try:
            yield self.utterance.head
            for text in self._texts:
                request = request or await self._request(text)
                while not request.ended:
                    chunk = await request.read()
                    if chunk.format is not None:
                        self._use(chunk.format)
                    if pcm := await self._pcm(chunk):
                        yield self.utterance.step(pcm)
                self._note(chunk, request)
                await request.drain()
                request = None
            yield self.utterance.last({"requests": self._facts} if self._facts else None, self._attempts())
        except BaseException as error:
            if request is not None:
                request.failed(error)
            self.utterance.failed(error, self._attempts())
            raise
        finally:
            if request is not None:
                await request.aclose()

    async def _request(self, text: str) -> _TextRequest:
        """Send one text, with the retries that the texts before it have left."""
        spec = self._spec
        retries = sum(len(context.attempts) - 1 for context in self._contexts)
        budget = Budget(spec.retry.max_retries - retries + 1)
        context = CallContext.of(spec, clocks=self.utterance.clocks, budget=budget)
        self._contexts.append(context)
        request = _TextRequest(context, Attempts(context, spec.retry, spec.retryable), partial(self._send, text), text)
        await request.open()
        return request

    def _use(self, audio_format: AudioFormat) -> None:
        try:
            self.utterance.audio.use(audio_format)
        except ValueError as error:
            raise ResponseDecodeError(str(error)) from error

    async def _pcm(self, chunk: SpeechChunk) -> bytes:
        """The samples of a chunk, or of the file that the server offers in place of samples."""
        if chunk.file is None:
            return chunk.pcm
        with self.utterance.clocks:
            loaded = await self._spec.runtime.media_loader.load(chunk.file)
        return pcm_of_wav(base64.b64decode(loaded.data))

    def _note(self, last: SpeechChunk, request: _TextRequest) -> None:
        """Record the usage and the facts of one whole answer."""
        if not request.audio_came:
            self._warnings.append(ModelWarning("other", "text", NOTHING_TO_PRONOUNCE))
        if last.usage is not None:
            usage = self.utterance.usage = self.utterance.usage or TTSUsage()
            usage.add(last.usage)
        self._facts.append(dict(last.facts))

    def _attempts(self) -> list[AttemptRecord]:
        """The attempts of all requests, numbered consecutively."""
        records = [record for context in self._contexts for record in context.attempts]
        return [replace(record, number=number) for number, record in enumerate(records, start=1)]


class _TextRequest:
    """The request for one text: it is sent again where that may help, until its audio begins."""

    def __init__(
        self, context: CallContext, attempts: Attempts, send: Callable[[], Awaitable[SpeechAnswer]], text: str
    ) -> None:
        self._clocks = context.clocks
        self._attempts = attempts
        self._call: Call[SpeechAnswer] = Call(context, attempts, send, _unchecked)
        self._answer: SpeechAnswer = SpeechChunk()
        self._text = text
        self.audio_came = False
        self.ended = False
        """Whether the last chunk was read."""

    async def open(self, failed: ModelError | None = None) -> None:
        """Make attempts until one gets an answer; raises the last attempt's error."""
        self._answer = await self._call.open(failed)

    async def read(self) -> SpeechChunk:
        """The next chunk of the answer."""
        while True:
            try:
                with self._clocks:
                    chunk = await self._next()
                self._check_progress(chunk)
            except Exception as error:
                failure = self._attempts.failed(error)
                if self.audio_came or not isinstance(failure, ModelError):
                    raise failure
                await self.aclose()
                await self.open(failure)
            else:
                if self.ended:
                    self._attempts.ended()
                return chunk

    async def drain(self) -> None:
        """After the last chunk: let the connection end, so that it can be used again."""
        if isinstance(self._answer, HttpAnswer):
            self._clocks.drain_at_most(_DRAIN_SECONDS)
            with suppress(StopAsyncIteration, ModelError), self._clocks:
                await anext(self._answer)
            await self.aclose()

    def failed(self, error: BaseException) -> None:
        """Record the open attempt, if there is one, as ended by this error."""
        self._attempts.ended(error)

    async def aclose(self) -> None:
        """Close the connection."""
        if isinstance(self._answer, HttpAnswer):
            await self._answer.aclose()

    async def _next(self) -> SpeechChunk:
        return self._answer if isinstance(self._answer, SpeechChunk) else await anext(self._answer)

    def _check_progress(self, chunk: SpeechChunk) -> None:
        self.ended = isinstance(self._answer, SpeechChunk) or self._answer.ended
        if not self.audio_came and (chunk.pcm or chunk.file is not None):
            self.audio_came = True
            self._clocks.content_received()
        if self.ended and not self.audio_came and makes_sound(self._text):
            self.ended = False
            raise ServerError(f"the server ended the speech without any audio for {len(self._text)} characters of text")


def _unchecked(answer: object) -> SpeechAnswer:
    assert isinstance(answer, SpeechChunk | HttpAnswer), "only `HttpTTSModel` makes attempts"
    return answer
