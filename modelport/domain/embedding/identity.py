"""The identity of an input's vector for caches: everything that changes its numbers, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii
from typing import Any, overload

from ..message.blocks import Base64Source
from .packing import EmbeddingInput

__all__ = [
    "InputIdentifiers",
    "VectorIdentity",
    "canonical_json",
    "identifier_digest",
    "identifier_digests",
    "input_key",
]

# ASCII, because a text with a lone surrogate has no UTF-8 form and may still be an input.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


@dataclass(frozen=True, slots=True)
class VectorIdentity:
    """The part of the identity that all inputs of a call share.

    Attributes:
        family: the provider, and its endpoint where several serve the same model name.
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

        It contains a text itself, a digest of media, and the text of a URL: the content behind a URL is not examined,
        so when that changes the old vector is still used.
        """
        return {
            "family": self.family,
            "model": self.model,
            "dimensions": self.dimensions,
            "input": _describe(item),
            "extra": dict(self.extra),
        }

    def frame(self) -> tuple[bytes, bytes]:
        """The parts before and after the input in the canonical JSON of every identifier."""
        before = {"dimensions": self.dimensions, "extra": dict(self.extra), "family": self.family}
        return canonical_json(before)[:-1] + b',"input":', b"," + canonical_json({"model": self.model})[1:]


class InputIdentifiers(Sequence[dict[str, Any]]):  # Any: JSON values
    """The identifiers of several inputs, in order. An index makes one with `VectorIdentity.of`.

    `digests` makes none of them: it encodes the shared part once, which is five times as fast.
    """

    __slots__ = ("_identity", "_inputs")

    def __init__(self, identity: VectorIdentity, inputs: Sequence[EmbeddingInput]) -> None:
        self._identity = identity
        self._inputs = inputs

    def __len__(self) -> int:
        return len(self._inputs)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> InputIdentifiers: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | InputIdentifiers:
        if isinstance(index, slice):
            return InputIdentifiers(self._identity, self._inputs[index])
        return self._identity.of(self._inputs[index])

    def digests(self) -> list[str]:
        """`identifier_digest` of each; errors as there."""
        before, after = self._identity.frame()
        quoted, sha256 = encode_basestring_ascii, hashlib.sha256
        text_before, text_after = (before + b'{"text":').decode(), f',"type":"text"}}{after.decode()}'
        return [
            sha256(f"{text_before}{quoted(item)}{text_after}".encode("ascii")).hexdigest()
            if isinstance(item, str)
            else sha256(before + canonical_json(_describe(item)) + after).hexdigest()
            for item in self._inputs
        ]


def input_key(item: EmbeddingInput) -> tuple[str, ...]:
    """Equal for inputs that get the same vector in one call; ids, names and timestamps of blocks do not count."""
    if isinstance(item, str):
        return ("text", item)
    source = item.source
    return (source.type, source.media_type, source.data if isinstance(source, Base64Source) else source.url)


def canonical_json(value: Any) -> bytes:  # Any: a JSON value
    """One byte string per JSON value: keys sorted, no spaces, ASCII only.

    Raises `TypeError` for values that are not JSON, and `ValueError` for NaN and infinities.
    """
    return _ENCODER.encode(value).encode("ascii")


def identifier_digest(identifier: Any) -> str:  # Any: a JSON value
    """The SHA-256 of an identifier's canonical JSON, 64 hexadecimal digits; errors as in `canonical_json`."""
    return hashlib.sha256(canonical_json(identifier)).hexdigest()


def identifier_digests(identifiers: Sequence[Any]) -> list[str]:  # Any: JSON values
    """`identifier_digest` of each."""
    if isinstance(identifiers, InputIdentifiers):
        return identifiers.digests()
    return [identifier_digest(identifier) for identifier in identifiers]


def _describe(item: EmbeddingInput) -> dict[str, str]:
    if isinstance(item, str):
        return {"type": "text", "text": item}
    source = item.source
    described = {"type": source.type, "media_type": source.media_type}
    if isinstance(source, Base64Source):
        digest = hashlib.sha256(source.data.encode("utf-8", "surrogatepass")).hexdigest()
        return {**described, "sha256": digest}
    return {**described, "url": source.url}
