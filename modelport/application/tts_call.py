"""A call of a speech model over HTTP: one or more requests in order, with one retry budget and one set of clocks.

Each request is a `ChatCall`, the engine of the chat models; this puts their audio together.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..domain.blocks import ContentBlock, DataBlock, URLSource
from ..domain.errors import InvalidRequestError, ModelError
from ..domain.responses import AttemptRecord, ChatResponse, ChatUsage, ModelWarning
from ..domain.retry import Budget
from ..domain.segmentation import split_text
from ..domain.speech import AudioFold, TTSResponse, TTSUsage, pcm_of_wav
from ..ports.telemetry import Telemetry
from .chat_call import Answer, ChatCall
from .clocks import CallClocks
from .context import CallContext
from .http_tts_attempt import attempt
from .parameter_values import parameter_values

if TYPE_CHECKING:
    from .http_tts import HttpTTSModel

__all__ = ["SpeechCall", "speak"]


async def speak(
    model: HttpTTSModel,
    text: str,
    kwargs: Mapping[str, Any],  # Any: provider body fields
) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
    """Check the arguments, send the first request, and hand out the stream or the whole."""
    if not isinstance(text, str):
        raise InvalidRequestError(f"text is a {type(text).__name__}; give a str")
    values, warnings = parameter_values(model.parameters, model.card, model.card_checks)
    limit = model.card.max_characters if model.card_checks == "on" else None
    call = SpeechCall(model, split_text(text, limit), values, kwargs, warnings)
    responses = await call.open()
    if model.stream:
        return responses
    async with aclosing(responses):
        async for response in responses:
            last = response
    last.content = call.audio.whole()
    return last


class SpeechCall:
    """One call. `open` it, and iterate what it gives; `audio` is what has come so far."""

    def __init__(
        self,
        model: HttpTTSModel,
        texts: Sequence[str],
        values: Mapping[str, Any],  # Any: each parameter has its own type
        kwargs: Mapping[str, Any],  # Any: provider body fields
        warnings: Sequence[ModelWarning],
    ) -> None:
        self._model = model
        self._texts = texts
        self._values = values
        self._kwargs = kwargs
        self._warnings = warnings
        self._runtime = model.runtime
        self._clocks = CallClocks(self._runtime.clock, model.timeouts)
        self._started = self._runtime.clock.monotonic()
        self._contexts: list[CallContext] = []
        self._usage: TTSUsage | None = None
        self._requests: list[dict[str, Any]] = []  # Any: provider facts
        self._finished = False
        self._head = TTSResponse(is_last=False)
        self.audio = AudioFold(model.codec.sample_rate)

    async def open(self) -> AsyncGenerator[TTSResponse, None]:
        """Send the first request; the responses, as a generator that is started already."""
        try:
            source = await self._open(self._texts[0]) if self._texts else None
        except BaseException as error:
            self._failed(error)
            raise
        responses = self._responses(source)
        await anext(responses)
        return responses

    async def _responses(self, source: AsyncGenerator[ChatResponse, None] | None) -> AsyncGenerator[TTSResponse, None]:
        """The start, once; the audio as it comes; the last response."""
        try:
            yield self._head
            for number, text in enumerate(self._texts):
                source = source or await self._open(text)
                async with aclosing(source):
                    async for response in source:
                        if not response.is_last:
                            for step in await self._steps(response.content):
                                yield step
                            continue
                        self._note(response)
                        if number == len(self._texts) - 1:
                            yield self._last()
                source = None
            if not self._texts:
                yield self._last()
        except BaseException as error:
            self._failed(error)
            raise
        finally:
            if source is not None:
                await source.aclose()

    async def _steps(self, blocks: Sequence[ContentBlock]) -> list[TTSResponse]:
        pieces = [await self._pcm(block) for block in blocks if isinstance(block, DataBlock)]
        return [replace(self._head, content=self.audio.add(pcm)) for pcm in pieces if pcm]

    async def _pcm(self, block: DataBlock) -> bytes:
        """The samples of a piece, or of the file that the server offers in place of pieces."""
        source = block.source
        if not isinstance(source, URLSource):
            return base64.b64decode(source.data)
        with self._clocks:
            loaded = await self._runtime.media_loader.load(source)
        return pcm_of_wav(base64.b64decode(loaded.data))

    async def _open(self, text: str) -> AsyncGenerator[ChatResponse, None]:
        """Send one text, and again where that may help, as long as the call has retries left."""
        model = self._model
        context = self._new_context()
        self._contexts.append(context)

        def send() -> Awaitable[Answer]:
            return attempt(model, text, self._values, self._kwargs)

        call = ChatCall(context, send, model.retry_policy, model._get_retryable_exceptions())
        return await call.deltas(await call.open())

    def _new_context(self) -> CallContext:
        retries = sum(len(context.attempts) - 1 for context in self._contexts)
        return CallContext(
            runtime=replace(self._runtime, telemetry=_AttemptsOnly(self._runtime.telemetry)),
            clocks=self._clocks,
            budget=Budget(self._model.retry_policy.max_retries - retries + 1),
            stream=True,
            provider=self._model.provider_name,
            model=self._model.model,
        )

    def _note(self, response: ChatResponse) -> None:
        """Keep the facts of one whole answer."""
        facts = dict(response.metadata)
        used = response.usage or ChatUsage()
        characters = int(facts.pop("characters", 0))
        if response.usage is not None:
            self._usage = self._usage or TTSUsage()
            self._usage.add(TTSUsage(used.input_tokens, used.output_tokens, 0.0, characters, used.raw))
        self._requests.append(facts)

    def _last(self) -> TTSResponse:
        self._finish(None)
        if self._usage is not None:
            self._usage.time = self._runtime.clock.monotonic() - self._started
        return replace(
            self._head,
            is_last=True,
            usage=self._usage,
            metadata={"requests": self._requests} if self._requests else None,
            provider=self._model.provider_name,
            model=self._model.model,
            warnings=list(self._warnings),
            attempts=self._attempts(),
        )

    def _attempts(self) -> list[AttemptRecord]:
        """Every request of the call, numbered through."""
        records = [record for context in self._contexts for record in context.attempts]
        return [replace(record, number=number) for number, record in enumerate(records, start=1)]

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, ModelError):
            error.attempts = tuple(self._attempts())
            audio = self.audio.whole()
            error.partial = ChatResponse([audio] if audio else [], is_last=False, id=self._head.id)
        self._finish(error)

    def _finish(self, error: BaseException | None) -> None:
        """The call is over, however it ended; later calls of this do nothing."""
        if self._finished:
            return
        self._finished = True
        self._clocks.stop()
        used = self._usage
        usage = ChatUsage(used.input_tokens, used.output_tokens) if used else None
        self._runtime.telemetry.call_ended(self._model.provider_name, self._model.model, usage, error)


class _AttemptsOnly:
    """Telemetry for the parts of a call: their attempts count, but the end of a part is not the end of the call."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.attempt_ended = telemetry.attempt_ended

    def call_ended(self, provider: str, model: str, usage: ChatUsage | None, error: BaseException | None) -> None:
        """Nothing: the whole call says it once."""
