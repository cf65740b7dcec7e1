"""A call of a speech model over HTTP: one or more requests in order, with one retry budget and one set of clocks.

Each request is a `ChatCall`, the engine of the chat models; this puts their audio together.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...domain.errors import InvalidRequestError
from ...domain.message.blocks import ContentBlock, DataBlock, URLSource
from ...domain.message.responses import AttemptRecord, ChatResponse, ChatUsage, ModelWarning
from ...domain.retry import Budget
from ...domain.speech.responses import TTSResponse, TTSUsage, pcm_of_wav
from ...domain.speech.text import split_text
from ...ports.telemetry import Telemetry
from ..call.arguments import parameter_values
from ..call.context import CallContext
from ..chat.call import Answer, ChatCall
from ..chat.stream import ChatStream
from .http import send
from .utterance import Utterance

if TYPE_CHECKING:
    from .http import HttpTTSModel

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
    return responses if model.stream else await call.utterance.whole(responses)


class SpeechCall:
    """One call. `open` it, and iterate what it gives; its `utterance` holds what has come so far."""

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
        self._runtime = model.runtime
        self._contexts: list[CallContext] = []
        self._requests: list[dict[str, Any]] = []  # Any: provider facts
        self.utterance = Utterance(model._spec(stream=True), model.codec.sample_rate, warnings)

    async def open(self) -> AsyncGenerator[TTSResponse, None]:
        """Send the first request; the responses, as a generator that is started already."""
        try:
            source = await self._open(self._texts[0]) if self._texts else None
        except BaseException as error:
            self.utterance.failed(error, self._attempts())
            raise
        responses = self._responses(source)
        await anext(responses)
        return responses

    async def _responses(self, source: AsyncGenerator[ChatResponse, None] | None) -> AsyncGenerator[TTSResponse, None]:
        """The start, once; the audio as it comes; the last response."""
        try:
            yield self.utterance.head
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
            self.utterance.failed(error, self._attempts())
            raise
        finally:
            if source is not None:
                await source.aclose()

    async def _steps(self, blocks: Sequence[ContentBlock]) -> list[TTSResponse]:
        pieces = [await self._pcm(block) for block in blocks if isinstance(block, DataBlock)]
        return [self.utterance.step(pcm) for pcm in pieces if pcm]

    async def _pcm(self, block: DataBlock) -> bytes:
        """The samples of a piece, or of the file that the server offers in place of pieces."""
        source = block.source
        if not isinstance(source, URLSource):
            return base64.b64decode(source.data)
        with self.utterance.clocks:
            loaded = await self._runtime.media_loader.load(source)
        return pcm_of_wav(base64.b64decode(loaded.data))

    async def _open(self, text: str) -> AsyncGenerator[ChatResponse, None]:
        """Send one text, and again where that may help, as long as the call has retries left."""
        model = self._model
        context = self._new_context()
        self._contexts.append(context)

        def send_text() -> Awaitable[Answer]:
            return send(model, text, self._values, self._kwargs)

        call = ChatCall(model._spec(stream=True), send_text, context=context)
        return ChatStream(call, await call.open())

    def _new_context(self) -> CallContext:
        retries = sum(len(context.attempts) - 1 for context in self._contexts)
        runtime = replace(self._runtime, telemetry=_AttemptsOnly(self._runtime.telemetry))
        spec = replace(self._model._spec(stream=True), runtime=runtime)
        budget = Budget(self._model.retry_policy.max_retries - retries + 1)
        return CallContext.of(spec, clocks=self.utterance.clocks, budget=budget)

    def _note(self, response: ChatResponse) -> None:
        """Keep the facts of one whole answer."""
        facts = dict(response.metadata)
        used = response.usage or ChatUsage()
        characters = int(facts.pop("characters", 0))
        if response.usage is not None:
            usage = self.utterance.usage = self.utterance.usage or TTSUsage()
            usage.add(TTSUsage(used.input_tokens, used.output_tokens, 0.0, characters, used.raw))
        self._requests.append(facts)

    def _last(self) -> TTSResponse:
        return self.utterance.last({"requests": self._requests} if self._requests else None, self._attempts())

    def _attempts(self) -> list[AttemptRecord]:
        """Every request of the call, numbered through."""
        records = [record for context in self._contexts for record in context.attempts]
        return [replace(record, number=number) for number, record in enumerate(records, start=1)]


class _AttemptsOnly:
    """Telemetry for the parts of a call: their attempts count, but the end of a part is not the end of the call."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.attempt_ended = telemetry.attempt_ended

    def call_ended(self, provider: str, model: str, usage: ChatUsage | None, error: BaseException | None) -> None:
        """Nothing: the whole call says it once."""
