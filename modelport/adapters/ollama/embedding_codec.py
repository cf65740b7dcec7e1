"""Ollama's embeddings, as requests and answers. Facts: docs/protocols/ollama.md#embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...domain.errors import ModelError
from ...ports.codec.embedding import EmbeddingRequest, EmbeddingWireCall
from ...ports.http import HttpRequest
from ..wire.decoder import Json, decode_json_body
from ..wire.errors import error_facts, error_in_stream
from ..wire.json_text import dump_json
from ..wire.vectors import count, entry_list, vector_response
from .request import map_error

if TYPE_CHECKING:
    from ...domain.embedding.values import EmbeddingResponse

__all__ = ["OllamaEmbeddingCodec"]


class OllamaEmbeddingCodec:
    """`/api/embed`. The older `/api/embeddings`, one text a request and not normalised, is not used."""

    def encode(self, request: EmbeddingRequest) -> EmbeddingWireCall:
        """The POST to `{host}/api/embed`."""
        body: Json = {"model": request.model, "input": list(request.inputs)}
        if request.parameters.get("dimensions"):
            body["dimensions"] = request.parameters["dimensions"]
        body.update(request.overrides)
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        url = request.endpoint.base_url + "/api/embed"
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
