"""Ollama's embeddings: requests, answers and the model. Facts: docs/protocols/ollama.md#embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, TypeAlias, Unpack

from ...application.embedding.http import HttpEmbeddingModel
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.errors import ModelError
from ...domain.message.blocks import DataBlock
from ...ports.codec.embedding import EmbeddingRequest, EmbeddingWireCall
from ...ports.http import HttpRequest
from ..wire.decoder import Json, decode_json_body
from ..wire.errors import error_facts, error_in_stream
from ..wire.json_text import dump_json
from ..wire.vectors import count, entry_list, vector_response
from .parameters import OllamaEmbeddingParameters
from .request import map_error

if TYPE_CHECKING:
    from ...application.embedding.options import EmbeddingOptions
    from ...application.model.credential import CredentialBase
    from ...domain.embedding.packing import EmbeddingInput
    from ...domain.embedding.values import EmbeddingResponse

__all__ = ["OllamaEmbeddingCodec", "OllamaEmbeddingModel"]


class OllamaEmbeddingCodec:
    """`/api/embed`. The older `/api/embeddings`, one text a request and not normalised, is not used."""

    def encode(self, request: EmbeddingRequest) -> EmbeddingWireCall:
        """The POST to `{host}/api/embed`."""
        body: Json = {"model": request.model, "input": list(request.inputs)}
        if request.parameters.get("dimensions"):
            body["dimensions"] = request.parameters["dimensions"]
        body.update(request.overrides)
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        url = request.endpoint.url("/api/embed")
        return EmbeddingWireCall(HttpRequest("POST", url, headers, dump_json(body)), decode_body)

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return map_error(status, body)


def decode_body(data: bytes) -> EmbeddingResponse:
    """The vectors, which come in input order; tokens of the whole request, which may be left out."""
    answer = decode_json_body(data)
    if answer.get("error"):
        raise error_in_stream(error_facts(answer, data[:2000].decode("utf-8", "replace")))
    return vector_response(entry_list(answer.get("embeddings"), "embeddings"), count(answer, "prompt_eval_count") or 0)


class OllamaEmbeddingModel(HttpEmbeddingModel[str]):
    """Embedding models served by Ollama, over its native API. Texts only; longer ones are cut by the server."""

    Parameters: TypeAlias = OllamaEmbeddingParameters
    parameters: OllamaEmbeddingParameters
    type = "ollama_embedding"
    provider: ClassVar[str] = "ollama"
    takes_any_key: ClassVar[bool] = False
    default_limits = EmbeddingLimits(batch_size=512)
    codec = OllamaEmbeddingCodec()

    if TYPE_CHECKING:

        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OllamaEmbeddingParameters | None = None,
            **options: Unpack[EmbeddingOptions],
        ) -> None: ...

    def check_input(self, item: EmbeddingInput) -> str | None:
        """The API has no form for media."""
        return "this API accepts only texts" if isinstance(item, DataBlock) else None
