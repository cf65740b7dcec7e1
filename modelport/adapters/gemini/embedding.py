"""Gemini's embeddings, of texts and of media: requests, answers and the model.

Facts: docs/protocols/gemini.md#embeddings.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, ClassVar, TypeAlias, Unpack

from ...application.embedding.http import HttpEmbeddingModel
from ...application.model.credential import CredentialBase
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.embedding.packing import EmbeddingInput
from ...domain.errors import ModelError, ResponseDecodeError
from ...domain.message.blocks import Base64Source, DataBlock, URLSource
from ...ports.codec.embedding import EmbeddingRequest, EmbeddingWireCall
from ...ports.http import HttpRequest
from ..wire.decoder import Json, decode_json_body
from ..wire.json_text import dump_json
from ..wire.vectors import count, entries_in_order, entry_list, vector_response
from .errors import map_error, stream_error
from .media import stays_remote, takes, wire_type
from .parameters import GeminiEmbeddingParameters
from .request import method_url

if TYPE_CHECKING:
    from ...application.embedding.options import EmbeddingOptions
    from ...domain.card.embedding_card import EmbeddingModelCard
    from ...domain.embedding.values import EmbeddingResponse, FloatArray

__all__ = ["GeminiEmbeddingCodec", "GeminiEmbeddingModel"]

_FIELDS = {"dimensions": "outputDimensionality", "task_type": "taskType"}


class GeminiEmbeddingCodec:
    """`batchEmbedContents` with one request entry an input: several parts of one content become one vector."""

    def encode(self, request: EmbeddingRequest) -> EmbeddingWireCall:
        """The POST to the model's `batchEmbedContents`. The caller's fields go into every entry."""
        overrides = dict(request.overrides)
        shared = {wire: request.parameters[ours] for ours, wire in _FIELDS.items() if ours in request.parameters}
        whole = {"requests": overrides.pop("requests")} if "requests" in overrides else {}
        shared.update({_FIELDS.get(name, name): value for name, value in overrides.items()})
        name = request.model if request.model.startswith(("models/", "tunedModels/")) else f"models/{request.model}"
        entries = [{"model": name, "content": {"parts": [_part(item, request)]}, **shared} for item in request.inputs]
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        url = method_url(request.endpoint.base_url, request.model, "batchEmbedContents")
        sent = HttpRequest("POST", url, headers, dump_json({"requests": entries, **whole}))
        return EmbeddingWireCall(sent, decode_body=lambda data: _decode(data, request.card))

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return map_error(status, body)


def _part(item: EmbeddingInput, request: EmbeddingRequest) -> Json:
    if isinstance(item, str):
        return {"text": item}
    source = item.source if isinstance(item.source, Base64Source) else request.media.get(item.source.url)
    media_type = wire_type(item.source.media_type)
    if source is None:
        assert not isinstance(item.source, Base64Source), "only URLs are fetched"
        return {"fileData": {"mimeType": media_type, "fileUri": item.source.url}}
    return {"inlineData": {"mimeType": media_type, "data": source.data}}


def _decode(data: bytes, card: EmbeddingModelCard) -> EmbeddingResponse:
    answer = decode_json_body(data)
    if answer.get("error"):
        raise stream_error(answer)
    listed = [answer["embedding"]] if "embedding" in answer else answer.get("embeddings")
    entries = entries_in_order(entry_list(listed, "embeddings"), "index")
    tokens = count(answer.get("usageMetadata"), "promptTokenCount", "totalTokenCount") or 0
    native = card.dimensions if card.limits.normalized == "native" else None

    def refine(row: FloatArray) -> FloatArray:
        return _unit(row) if native and len(row) < native else row

    return vector_response([entry.get("values") for entry in entries], tokens, refine)


def _unit(row: FloatArray) -> FloatArray:
    """Unit length, which the provider gives to vectors of the native size only."""
    import numpy as np

    with np.errstate(over="ignore"):
        norm = float(np.linalg.norm(row))
    if not isfinite(norm):
        raise ResponseDecodeError("the vector has numbers too large for its length to be made 1")
    return (row / norm).astype(row.dtype) if norm else row


class GeminiEmbeddingModel(HttpEmbeddingModel[str | DataBlock]):
    """Texts, and with multimodal models images, videos, audio and PDF; each input gets one vector of its own.

    Media by URL are fetched and sent with the request. `models/` before a name is dropped. Vectors below the native
    size are normalised where the provider does not do it.
    """

    Parameters: TypeAlias = GeminiEmbeddingParameters
    parameters: GeminiEmbeddingParameters
    type = "gemini_embedding"
    provider: ClassVar[str] = "gemini"
    default_limits = EmbeddingLimits(batch_size=100, images=6, videos=1, audios=1, pdfs=1)
    codec = GeminiEmbeddingCodec()

    if TYPE_CHECKING:

        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: GeminiEmbeddingParameters | None = None,
            **options: Unpack[EmbeddingOptions],
        ) -> None: ...

    @classmethod
    def _known_name(cls, model: str) -> str:
        return model.removeprefix("models/")

    def needs_download(self, block: DataBlock) -> bool:
        """Every URL but those of files that the API keeps itself."""
        return isinstance(block.source, URLSource) and not stays_remote(block.source.url)

    def check_input(self, item: EmbeddingInput) -> str | None:
        """Whether the API, and this model by its card, accepts the input."""
        if isinstance(item, DataBlock) and not takes(item.source.media_type):
            return f"this API does not accept {item.source.media_type}"
        return super().check_input(item)
