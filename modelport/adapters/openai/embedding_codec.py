"""OpenAI's embeddings, as requests and answers. Facts: docs/protocols/openai-embedding.md#request-and-answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from ...domain.errors import ModelError
from ...ports.codec.embedding import EmbeddingRequest, EmbeddingWireCall
from ...ports.http import HttpRequest
from ..wire.decoder import Json, decode_json_body
from ..wire.errors import error_facts, error_in_stream, error_of_answer, read_error
from ..wire.json_text import dump_json
from ..wire.vectors import count, entries_in_order, entry_list, vector_response

if TYPE_CHECKING:
    from ...domain.embedding.values import EmbeddingResponse

__all__ = ["OpenAIEmbeddingCodec"]


class OpenAIEmbeddingCodec:
    """`/embeddings` of OpenAI and of the servers that speak it.

    `transfer` is the form of the vectors that is asked for; `None` leaves it to the server. Either form is understood.
    """

    def __init__(self, transfer: Literal["base64"] | None = "base64") -> None:
        self.transfer = transfer

    def encode(self, request: EmbeddingRequest) -> EmbeddingWireCall:
        """The POST to `{base_url}/embeddings`."""
        body: Json = {"model": request.model, "input": list(request.inputs)}
        if self.transfer:
            body["encoding_format"] = self.transfer
        if request.parameters.get("dimensions"):
            body["dimensions"] = request.parameters["dimensions"]
        body.update(request.overrides)
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        url = request.endpoint.base_url + "/embeddings"
        return EmbeddingWireCall(HttpRequest("POST", url, headers, dump_json(body)), decode_body)

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return error_of_answer(status, read_error(body))


def decode_body(data: bytes) -> EmbeddingResponse:
    """The vectors by their index; tokens from `usage`, which compatible servers leave out."""
    answer = decode_json_body(data)
    if answer.get("error"):
        raise error_in_stream(error_facts(answer, data[:2000].decode("utf-8", "replace")))
    entries = entries_in_order(entry_list(answer.get("data"), "data"), "index")
    tokens = count(answer.get("usage"), "prompt_tokens", "total_tokens") or 0
    return vector_response([entry.get("embedding") for entry in entries], tokens)
