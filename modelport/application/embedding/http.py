"""Embedding models over HTTP: a provider adds a codec and an endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ...domain.embedding.values import EmbeddingResponse
from ...domain.errors import ModelError
from ...domain.message.blocks import Base64Source, DataBlock, URLSource
from ...domain.urls import normal_url
from ...ports.codec.embedding import EmbeddingRequest, EmbeddingWireCall
from ..call.arguments import body_fields, secret_words
from ..call.context import CallContext, current_call
from ..call.http import HttpBody, attempt
from ..call.tasks import all_of
from ..model.credential import CredentialBase
from .model import EmbeddingModelBase, T_contra

if TYPE_CHECKING:
    from ...ports.codec.base import Endpoint
    from ...ports.codec.embedding import EmbeddingCodec

__all__ = ["HttpEmbeddingModel"]


_FIXED_BYTES = 4 * 1024 * 1024
_BYTES_PER_INPUT = 1024 * 1024
"""More than a vector of 16,000 numbers with all digits. Parsed, numbers take ten times the memory of their text."""


async def _read(limit: int, call: EmbeddingWireCall, body: HttpBody) -> EmbeddingResponse:
    return await body.decoded(call.decode_body, limit)


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
    context.warnings += model._noted(list(call.warnings))
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


class HttpEmbeddingModel(EmbeddingModelBase[T_contra]):
    """An embedding model whose provider is a codec and an endpoint."""

    codec: ClassVar[EmbeddingCodec]

    def endpoint(self) -> Endpoint:
        """Where requests go, with the headers that authenticate them."""
        return self._endpoint("embedding")

    def needs_download(self, block: DataBlock) -> bool:
        """Whether we must fetch this block's URL, because the API cannot."""
        return isinstance(block.source, URLSource) and block.source.url.startswith("file:")

    def vector_family(self) -> str:
        """The provider, and the URL of a server other than the provider's own: a name may mean another model there."""
        family, url = super().vector_family(), self._server_url()
        return family if url is None else f"{family}@{normal_url(url)}"

    def _server_url(self) -> str | None:
        credential = self.credential
        if type(credential).custom_url is not CredentialBase.custom_url:
            return credential.custom_url
        # A credential of the application's does not say which URL is the provider's own.
        with suppress(ModelError):
            return self.endpoint().base_url
        return None

    async def _call_api(
        self,
        inputs: list[T_contra],
        **kwargs: Any,  # Any: provider body fields
    ) -> EmbeddingResponse:
        context = current_call.get() or CallContext.of(self._spec())
        encode = partial(_encode, self, context, inputs, kwargs)
        read = partial(_read, _FIXED_BYTES + _BYTES_PER_INPUT * len(inputs))
        return await attempt(context, encode, read, self.codec, lambda: secret_words(self.endpoint(), kwargs))
