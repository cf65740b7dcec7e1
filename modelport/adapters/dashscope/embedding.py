"""DashScope's native embeddings, of texts and of media: requests, answers and the model.

Facts: docs/protocols/dashscope-embedding.md#text, docs/protocols/dashscope-embedding.md#multimodal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, Unpack

from ...application.embedding.http import HttpEmbeddingModel
from ...domain.card.capabilities import EmbeddingLimits
from ...domain.embedding.packing import EmbeddingInput
from ...domain.errors import InvalidRequestError, ModelError
from ...domain.message.blocks import Base64Source, DataBlock
from ...domain.message.media import data_uri, kind_of
from ...ports.codec.embedding import EmbeddingRequest, EmbeddingWireCall
from ...ports.http import HttpRequest
from ..wire.decoder import Json, decode_json_body
from ..wire.errors import error_facts, error_in_stream, error_of_answer, read_error
from ..wire.json_text import dump_json
from ..wire.vectors import count, entries_in_order, entry_list, vector_response
from .errors import DASHSCOPE_CODES
from .parameters import DashScopeEmbeddingParameters

if TYPE_CHECKING:
    from ...application.embedding.options import EmbeddingOptions
    from ...application.model.credential import CredentialBase
    from ...domain.embedding.values import EmbeddingResponse

__all__ = ["DashScopeEmbeddingCodec", "DashScopeEmbeddingModel"]

_TEXT = "/services/embeddings/text-embedding/text-embedding"
_MULTIMODAL = "/services/embeddings/multimodal-embedding/multimodal-embedding"
_FIELDS = {"dimensions": "dimension", "text_type": "text_type", "instruct": "instruct"}
_BODY = frozenset({"model", "input", "parameters"})


class DashScopeEmbeddingCodec:
    """The text endpoint and the multimodal one; the input types of a model's card decide which is used."""

    def encode(self, request: EmbeddingRequest) -> EmbeddingWireCall:
        """The POST to the endpoint of the model."""
        multimodal = _is_multimodal(request)
        values = request.parameters
        body: Json = {
            "model": request.model,
            "input": _contents(request) if multimodal else {"texts": list(request.inputs)},
            "parameters": {wire: values[ours] for ours, wire in _FIELDS.items() if ours in values},
        }
        _override(body, request.overrides)
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        url = request.endpoint.url(_MULTIMODAL if multimodal else _TEXT)
        key = "index" if multimodal else "text_index"
        return EmbeddingWireCall(
            HttpRequest("POST", url, headers, dump_json(body)), decode_body=lambda data: _decode(data, key)
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return error_of_answer(status, read_error(body), DASHSCOPE_CODES)


def _is_multimodal(request: EmbeddingRequest) -> bool:
    """Without a card the inputs decide."""
    if request.card.known:
        return any(not kind.startswith("text/") for kind in request.card.input_types)
    return any(isinstance(item, DataBlock) for item in request.inputs)


def _contents(request: EmbeddingRequest) -> Json:
    """One content an input, so that each gets a vector of its own."""
    return {"contents": [_content(item, request) for item in request.inputs]}


def _content(item: EmbeddingInput, request: EmbeddingRequest) -> dict[str, str]:
    if isinstance(item, str):
        return {"text": item}
    source = item.source
    if not isinstance(source, Base64Source):
        fetched = request.media.get(source.url)
        if fetched is None:
            return {kind_of(source.media_type): source.url}
        source = fetched
    return {kind_of(source.media_type): data_uri(source)}


def _override(body: Json, overrides: Mapping[str, Any]) -> None:
    """The caller's fields: the body knows three, and every other one is a parameter."""
    given = dict(overrides)
    for name in _BODY & given.keys():
        value, ours = given.pop(name), body[name]
        body[name] = {**ours, **value} if isinstance(value, dict) and isinstance(ours, dict) else value
    if given and not isinstance(body["parameters"], dict):
        raise InvalidRequestError(f"the field parameters is not a dict, so {', '.join(given)} cannot be added to it")
    if given:
        body["parameters"].update({_FIELDS.get(name, name): value for name, value in given.items()})


def _decode(data: bytes, key: str) -> EmbeddingResponse:
    answer = decode_json_body(data)
    output = answer.get("output")
    if not isinstance(output, dict) and answer.get("code"):
        raise error_in_stream(error_facts(answer, data[:2000].decode("utf-8", "replace")), DASHSCOPE_CODES)
    listed = output.get("embeddings") if isinstance(output, dict) else None
    entries = entries_in_order(entry_list(listed, "output.embeddings"), key)
    return vector_response([entry.get("embedding") for entry in entries], _tokens(answer.get("usage")))


def _tokens(usage: Any) -> int:  # Any: the provider's usage object, whose keys differ by model
    total = count(usage, "total_tokens")
    if total is not None:
        return total
    return (count(usage, "input_tokens") or 0) + (count(usage, "image_tokens") or 0)


class DashScopeEmbeddingModel(HttpEmbeddingModel[str | DataBlock]):
    """The native embedding services: texts, and with multimodal models images and videos too.

    Images may be URLs or base64, videos only URLs.
    """

    Parameters: TypeAlias = DashScopeEmbeddingParameters
    parameters: DashScopeEmbeddingParameters
    type = "dashscope_embedding"
    provider: ClassVar[str] = "dashscope"
    takes_any_key: ClassVar[bool] = False
    default_limits = EmbeddingLimits(batch_size=10, images=1, videos=1)
    takes_empty_text = False
    codec = DashScopeEmbeddingCodec()

    if TYPE_CHECKING:

        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeEmbeddingParameters | None = None,
            **options: Unpack[EmbeddingOptions],
        ) -> None: ...

    def check_input(self, item: EmbeddingInput) -> str | None:
        """The API accepts images and videos, and videos only by URL."""
        if isinstance(item, str):
            return None
        kind = kind_of(item.source.media_type)
        if kind not in ("image", "video"):
            return f"this API accepts texts, images and videos, not {item.source.media_type}"
        local = isinstance(item.source, Base64Source) or item.source.url.startswith("file:")
        if kind == "video" and local:
            return "this API takes a video only as a URL that it can fetch"
        return super().check_input(item)
