"""OpenAI's embeddings: requests, answers and the model.

Facts: docs/protocols/openai-embedding.md#request-and-answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, Unpack

from ...application.call.context import current_call
from ...application.embedding.http import HttpEmbeddingModel
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.errors import InvalidRequestError, ModelError
from ...domain.message.blocks import DataBlock
from ...ports.codec.embedding import EmbeddingRequest, EmbeddingWireCall
from ...ports.http import HttpRequest
from ..wire.decoder import Json, decode_json_body
from ..wire.errors import error_facts, error_in_stream, error_of_answer, read_error
from ..wire.json_text import dump_json
from ..wire.vectors import count, entries_in_order, entry_list, vector_response
from .embedding_parameters import OpenAIEmbeddingParameters

if TYPE_CHECKING:
    from ...application.embedding.options import EmbeddingOptions
    from ...application.model.credential import CredentialBase
    from ...domain.embedding.packing import EmbeddingInput
    from ...domain.embedding.values import EmbeddingResponse

__all__ = ["OpenAIEmbeddingCodec", "OpenAIEmbeddingModel"]


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
        url = request.endpoint.url("/embeddings")
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


_BASE64, _PLAIN = OpenAIEmbeddingCodec(), OpenAIEmbeddingCodec(transfer=None)


class OpenAIEmbeddingModel(HttpEmbeddingModel[str]):
    """Embeddings at OpenAI, and at any server that speaks its protocol under a base URL. Texts only.

    Vectors travel as base64; a server that refuses the field `encoding_format` is requested again without it.
    """

    Parameters: TypeAlias = OpenAIEmbeddingParameters
    parameters: OpenAIEmbeddingParameters
    type = "openai_embedding"
    provider: ClassVar[str] = "openai"
    default_limits = EmbeddingLimits(batch_size=2048, max_request_tokens=300_000)
    takes_empty_text = False
    codec = _BASE64

    if TYPE_CHECKING:

        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OpenAIEmbeddingParameters | None = None,
            **options: Unpack[EmbeddingOptions],
        ) -> None: ...

    def check_input(self, item: EmbeddingInput) -> str | None:
        """The API has no form for media, even where a card lists them."""
        return "this API accepts only texts" if isinstance(item, DataBlock) else None

    async def _call_api(
        self,
        inputs: list[str],
        **kwargs: Any,  # Any: body fields
    ) -> EmbeddingResponse:
        asked, context = self.codec, current_call.get()
        if asked is _PLAIN and context is not None:
            context.encoded = None  # it may be older than the change of codec
        try:
            return await super()._call_api(inputs, **kwargs)
        except InvalidRequestError as error:
            if asked is _BASE64 and "encoding_format" in error.message and "encoding_format" not in kwargs:
                self.codec = _PLAIN  # type: ignore[misc]  # from now on, for this model
                error.retryable, error.retry_after = True, 0.0
            raise
