"""One attempt to have one text spoken over HTTP: encode once, send, and read either kind of answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .body_fields import body_fields, secret_words
from .chat_call import Answer, started
from .codec import WireCall
from .context import current_call
from .http_answer import HttpAnswer
from .tts_codec import SpeechRequest

if TYPE_CHECKING:
    from .http_tts import HttpTTSModel

__all__ = ["attempt"]


async def attempt(
    model: HttpTTSModel,
    text: str,
    values: Mapping[str, Any],  # Any: each parameter has its own type
    kwargs: Mapping[str, Any],  # Any: provider body fields
) -> Answer:
    """Send the text once; the whole answer, or the started generator of its deltas."""
    context = current_call.get()
    assert context is not None, "the engine makes the attempts"
    if context.encoded is None:
        context.encoding = True
        context.encoded = _encode(model, text, values, kwargs)
        context.encoding = False
    call: WireCall = context.encoded
    response = await context.runtime.transport.send(call.http_request, context.clocks.connecting())
    answer = HttpAnswer(response, call, context, model.codec, secret_words(model.endpoint(), kwargs))
    try:
        if not answer.succeeded():
            raise await answer.error()
        return await started(answer.deltas()) if answer.streams() else await answer.body()
    except BaseException:
        await response.aclose()
        raise


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
