"""Speech models over HTTP: a provider adds a codec and an endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ...domain.errors import InvalidRequestError
from ...domain.speech.text import split_text
from ..call.arguments import body_fields, secret_words
from ..call.context import current_call
from .model import SpeechT_co, TTSModelBase

if TYPE_CHECKING:
    from ...ports.codec.base import Endpoint
    from ...ports.codec.speech import SpeechWireCall, TTSCodec
    from .call import SpeechAnswer

__all__ = ["HttpTTSModel"]


class HttpTTSModel(TTSModelBase[SpeechT_co]):
    """A speech model whose provider is a codec and an endpoint."""

    codec: ClassVar[TTSCodec]

    def endpoint(self) -> Endpoint:
        """Where requests go, with the headers that authenticate them."""
        return self._endpoint("speech")

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> SpeechT_co:
        """Speak the text; one that exceeds the model's limit is spoken by several requests, one after the other.

        With `stream=True` returns at the head of the first answer: a generator whose responses are one file, and
        whose last one has no audio. Otherwise returns the whole file; a WAV has its true sizes. A blank text
        sends nothing and has no audio. `kwargs` are body fields of the provider that override the parameters;
        `extra_body` and `extra_headers` are merged last. Raises a `ModelError`, whose `partial` holds the audio so far;
        of a stream, whose responses the caller has had, at most the first 64 KiB (1.4 seconds at 24,000 samples).
        """
        from .call import SpeechCall  # the engine is loaded by the first call, not by the import

        text = "" if text is None else text
        if not isinstance(text, str):
            raise InvalidRequestError(f"text is a {type(text).__name__}, expected a str")
        values, warnings = self._values(self.card)
        send = partial(self._send, values, kwargs)
        call = SpeechCall(self._spec(stream=True), self.codec.sample_rate, self._texts(text), send, warnings)
        responses = await call.open()
        return responses if self.stream else await call.utterance.whole(responses)  # type: ignore[return-value]

    def _texts(self, text: str) -> list[str]:
        """The text in pieces that a request takes."""
        return split_text(text, self.card.max_characters if self.card_checks == "on" else None)

    def _send(
        self,
        values: Mapping[str, Any],  # Any: each parameter has its own type
        kwargs: Mapping[str, Any],  # Any: provider body fields
        text: str,
    ) -> Awaitable[SpeechAnswer]:
        """One attempt to have one text spoken."""
        from ..call.http import attempt
        from .call import read_answer

        context = current_call.get()
        assert context is not None, "the engine makes the attempts"

        async def encode() -> SpeechWireCall:
            return self._encode(values, kwargs, text)

        return attempt(context, encode, read_answer, self.codec, lambda: secret_words(self.endpoint(), kwargs))

    def _encode(self, values: Mapping[str, Any], kwargs: Mapping[str, Any], text: str) -> SpeechWireCall:
        from ...ports.codec.speech import SpeechRequest

        overrides, headers = body_fields(kwargs)
        return self.codec.encode(
            SpeechRequest(
                endpoint=self.endpoint(),
                model=self.model,
                text=text,
                card=self.card,
                parameters=values,
                overrides=overrides,
                extra_headers=headers,
            )
        )
