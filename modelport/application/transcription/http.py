"""Speech-to-text over HTTP: a provider adds a codec and an endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..call.arguments import body_fields, secret_words
from ..call.context import current_call
from .model import STTModelBase, TranscriptT_co

if TYPE_CHECKING:
    from ...domain.transcription.transcript import AudioInput
    from ...ports.codec.base import Endpoint
    from ...ports.codec.transcription import STTCodec, TranscriptionRequest, TranscriptionWireCall
    from .audio import Audio
    from .call import TranscriptAnswer

__all__ = ["HttpSTTModel"]


class HttpSTTModel(STTModelBase[TranscriptT_co]):
    """A speech-to-text model whose provider is a codec and an endpoint."""

    codec: STTCodec

    def endpoint(self) -> Endpoint:
        """Where requests go, with the headers that authenticate them."""
        return self._endpoint("transcription")

    async def transcribe(
        self,
        audio: Audio,
        **kwargs: Any,  # Any: provider fields
    ) -> TranscriptT_co:
        """Write down what is said: a `Transcript`, or with `stream=True` a generator of them.

        `audio` is a path, bytes or a `DataBlock`. `kwargs` are fields of the provider that override the parameters;
        `extra_body` and `extra_headers` are merged last. Raises `InvalidRequestError` for audio that the model does not
        take, and a `ModelError`, whose `partial` holds the text so far.
        """
        from .call import TranscriptionCall

        values, warnings = self._values(self.card)
        given = await self._read(audio)
        streams = self.stream and (self.card.streams or self.card_checks == "off")
        send = partial(self._send, given, values, kwargs, streams)
        call = TranscriptionCall(self._spec(stream=streams), send, warnings)
        steps = await call.open()
        answer: Any = steps if self.stream else await call.whole(steps)  # Any: as `stream` says
        return answer  # type: ignore[no-any-return]

    async def _read(self, audio: Audio) -> AudioInput:
        from .audio import read_audio

        return await read_audio(audio, self.card, self.runtime.media_loader, self.card_checks == "on")

    def _request(
        self,
        audio: AudioInput,
        values: Mapping[str, Any],  # Any: each parameter has its own type
        kwargs: Mapping[str, Any],  # Any: provider fields
        stream: bool,
    ) -> TranscriptionRequest:
        from ...ports.codec.transcription import TranscriptionRequest

        overrides, headers = body_fields(kwargs)
        return TranscriptionRequest(
            endpoint=self.endpoint(),
            model=self.model,
            audio=audio,
            card=self.card,
            stream=stream,
            parameters=values,
            overrides=overrides,
            extra_headers=headers,
        )

    def _send(
        self,
        audio: AudioInput,
        values: Mapping[str, Any],  # Any: as above
        kwargs: Mapping[str, Any],  # Any: as above
        stream: bool,
    ) -> Awaitable[TranscriptAnswer]:
        """One attempt."""
        from ..call.http import attempt
        from .call import read_answer

        context = current_call.get()
        assert context is not None, "the engine makes the attempts"

        async def encode() -> TranscriptionWireCall:
            call = self.codec.encode(self._request(audio, values, kwargs, stream))
            context.warnings += self._noted(list(call.warnings))
            return call

        return attempt(context, encode, read_answer, self.codec, lambda: secret_words(self.endpoint(), kwargs))
