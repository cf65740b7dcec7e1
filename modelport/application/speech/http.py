"""One attempt to have one text spoken over HTTP: encode once, send, and read either kind of answer.

The template of speech models over HTTP: a provider is a pure codec and an endpoint.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ...ports.codec.chat import WireCall
from ...ports.codec.speech import SpeechRequest
from ..call.arguments import body_fields, secret_words
from ..call.context import current_call
from ..call.http import HttpBody, attempt
from ..call.http_answer import HttpAnswer, is_stream
from ..chat.call import Answer
from .model import TTSModelBase

if TYPE_CHECKING:
    from ...domain.speech.responses import TTSResponse
    from ...ports.codec.chat import Endpoint
    from ...ports.codec.speech import TTSCodec

__all__ = ["HttpTTSModel", "send"]


async def send(
    model: HttpTTSModel,
    text: str,
    values: Mapping[str, Any],  # Any: each parameter has its own type
    kwargs: Mapping[str, Any],  # Any: provider body fields
) -> Answer:
    """Send the text once; the whole answer, or its deltas."""
    context = current_call.get()
    assert context is not None, "the engine makes the attempts"

    async def encode() -> WireCall:
        return _encode(model, text, values, kwargs)

    return await attempt(context, encode, _read, model.codec, lambda: secret_words(model.endpoint(), kwargs))


async def _read(call: WireCall, body: HttpBody) -> Answer:
    if is_stream(body.response.headers.get("content-type", ""), body.context.stream):
        return HttpAnswer(call, body)
    return await body.decoded(call.decode_body)


def _encode(model: HttpTTSModel, text: str, values: Mapping[str, Any], kwargs: Mapping[str, Any]) -> WireCall:
    overrides, headers = body_fields(kwargs)
    return model.codec.encode(
        SpeechRequest(
            endpoint=model.endpoint(),
            model=model.model,
            text=text,
            card=model.card,
            parameters=values,
            overrides=overrides,
            extra_headers=headers,
        )
    )


class HttpTTSModel(TTSModelBase):
    """A speech model whose provider is a codec and an endpoint."""

    codec: ClassVar[TTSCodec]

    def endpoint(self) -> Endpoint:
        """Where requests go, with the headers that authenticate them."""
        return self._endpoint("speech")

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        """Speak the text, in several requests one after the other when it is longer than one takes.

        Returns at the head of the first answer with `stream=True`; the generator's responses are one WAV, and its last
        one has no audio. Without, the whole WAV with its true sizes. A blank text has no audio and sends nothing.
        `kwargs` are body fields of the provider that override the parameters; `extra_body` and `extra_headers` are
        merged last. Raises a `ModelError`, whose `partial` holds the audio that had come.
        """
        from .call import speak  # the engine is loaded by the first call, not by the import

        return await speak(self, "" if text is None else text, kwargs)
