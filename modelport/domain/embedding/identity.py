"""The identity of one input's vector: everything that changes the numbers, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..blocks import Base64Source
from .packing import EmbeddingInput

__all__ = ["VectorIdentity", "canonical_json", "identifier_digest", "input_key"]

# ASCII, because a text with a lone surrogate has no UTF-8 form and may still be an input.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


@dataclass(frozen=True, slots=True)
class VectorIdentity:
    """What all inputs of a call share.

    Attributes:
        family: who computes the vector: the provider, and its endpoint where several serve the same model name.
        model: the model's name as it is sent.
        dimensions: the size asked for, or `None` when the request leaves it out.
        extra: further body fields that change the vector, such as a task type or an instruction. Leave out those that
            do not (`encoding_format`, `user`): each value would be a cache entry of its own.
    """

    family: str
    model: str
    dimensions: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON values

    def of(self, item: EmbeddingInput) -> dict[str, Any]:
        """The cache identifier of one input, as a JSON object.

        A text is held itself, media by digest and a URL by its text: what lies behind a URL is not looked at, so
        content that changes under one URL keeps its old vector.
        """
        return {
            "family": self.family,
            "model": self.model,
            "dimensions": self.dimensions,
            "input": _describe(item),
            "extra": dict(self.extra),
        }


def input_key(item: EmbeddingInput) -> tuple[str, ...]:
    """Equal for inputs that get the same vector in one call; ids, names and timestamps of blocks do not count."""
    if isinstance(item, str):
        return ("text", item)
    source = item.source
    return (source.type, source.media_type, source.data if isinstance(source, Base64Source) else source.url)


def canonical_json(value: Any) -> bytes:  # Any: a JSON value
    """One byte string per JSON value: keys sorted, no spaces, ASCII only.

    Raises `TypeError` for what JSON does not know, and `ValueError` for NaN and infinities.
    """
    return _ENCODER.encode(value).encode("ascii")


def identifier_digest(identifier: Any) -> str:  # Any: a JSON value
    """The SHA-256 of an identifier's canonical JSON, 64 hexadecimal digits; errors as in `canonical_json`."""
    return hashlib.sha256(canonical_json(identifier)).hexdigest()


def _describe(item: EmbeddingInput) -> dict[str, str]:
    if isinstance(item, str):
        return {"type": "text", "text": item}
    source = item.source
    described = {"type": source.type, "media_type": source.media_type}
    if isinstance(source, Base64Source):
        digest = hashlib.sha256(source.data.encode("utf-8", "surrogatepass")).hexdigest()
        return {**described, "sha256": digest}
    return {**described, "url": source.url}
