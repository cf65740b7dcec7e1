"""One attempt for one batch over HTTP: encode once, send, and read the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..domain.blocks import Base64Source, DataBlock, URLSource
from ..domain.embedding.values import EmbeddingResponse
from ..domain.errors import ModelError
from .body_fields import body_fields, secret_words
from .concurrency import all_of
from .context import CallContext, current_call
from .embedding_batch import new_context
from .embedding_codec import EmbeddingRequest, EmbeddingWireCall
from .http_body import HttpBody

if TYPE_CHECKING:
    from .http_embedding import HttpEmbeddingModel

__all__ = ["attempt"]


async def attempt(
    model: HttpEmbeddingModel[Any],  # Any: whatever an input may be
    inputs: Sequence[Any],
    kwargs: Mapping[str, Any],  # Any: provider body fields
) -> EmbeddingResponse:
    """Send the batch once."""
    context = current_call.get() or new_context(model)
    if context.encoded is None:
        context.encoding = True
        context.encoded = await _encode(model, context, inputs, kwargs)
        context.encoding = False
    call: EmbeddingWireCall = context.encoded
    response = await context.runtime.transport.send(call.http_request, context.clocks.connecting())
    secrets = secret_words(model.endpoint(), kwargs)
    answer = HttpBody(response, context, model.codec, secrets)
    try:
        if not answer.succeeded():
            raise await answer.error()
        data = await answer.read()
    except BaseException:
        await response.aclose()
        raise
    try:
        return call.decode_body(data)
    except ModelError as error:
        error.scrub(secrets)
        raise


async def _encode(
    model: HttpEmbeddingModel[Any], context: CallContext, inputs: Sequence[Any], kwargs: Mapping[str, Any]
) -> EmbeddingWireCall:
    overrides, headers = body_fields(kwargs)
    request = EmbeddingRequest(
        endpoint=model.endpoint(),
        model=model.model,
        inputs=inputs,
        card=model.card,
        parameters=model.request_values()[0],
        media=await _fetch(model, context, inputs),
        overrides=overrides,
        extra_headers=headers,
    )
    call = model.codec.encode(request)
    context.warnings += call.warnings
    return call


async def _fetch(
    model: HttpEmbeddingModel[Any], context: CallContext, inputs: Sequence[Any]
) -> dict[str, Base64Source]:
    """The media that the API cannot fetch itself, by URL."""
    wanted: dict[str, URLSource] = {}
    for item in inputs:
        if isinstance(item, DataBlock) and isinstance(item.source, URLSource) and model.needs_download(item):
            wanted[item.source.url] = item.source
    loader = context.runtime.media_loader
    found = await all_of(loader.load(source) for source in wanted.values())
    return dict(zip(wanted, found, strict=True))
