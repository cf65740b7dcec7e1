"""Splits inputs into requests that respect every limit of a provider.

Facts: docs/protocols/openai-embedding.md#limits, docs/protocols/dashscope-embedding.md#models,
docs/protocols/gemini.md#embeddings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Literal

from ..errors import InvalidRequestError
from ..message.blocks import Base64Source, DataBlock

__all__ = ["EmbeddingInput", "MediaKind", "RequestLimits", "TokenEstimate", "media_kind", "pack"]

EmbeddingInput = str | DataBlock
TokenEstimate = Callable[[EmbeddingInput], int]
"""The tokens of an input; estimate high, because a request over the limit is refused as a whole."""

MediaKind = Literal["image", "video", "audio", "pdf", "other"]


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The limits of one request; `None` means no limit, 0 that none is accepted.

    `max_bytes` counts what is transferred: the UTF-8 text, the base64 text, or the URL.
    """

    max_items: int
    max_tokens: int | None = None
    max_images: int | None = None
    max_videos: int | None = None
    max_audios: int | None = None
    max_pdfs: int | None = None
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.max_items < 1:
            raise ValueError(f"max_items must be at least 1, not {self.max_items}")
        for name, maximum in self.given():
            if maximum < 0:
                raise ValueError(f"{name} must not be negative, but is {maximum}")

    def given(self) -> list[tuple[str, int]]:
        """The limits that are set, by name."""
        values = [(entry.name, getattr(self, entry.name)) for entry in fields(self)]
        return [(name, maximum) for name, maximum in values if maximum is not None]


def pack(
    inputs: Sequence[EmbeddingInput],
    limits: RequestLimits,
    estimate_tokens: TokenEstimate,
    *,
    positions: Sequence[int] | None = None,
) -> list[range]:
    """Index ranges of `inputs`, one per request, that cover all of it in order.

    Greedy: a request ends only where the next input would break a limit, so no two adjacent requests fit into one.
    `estimate_tokens` is called only if `max_tokens` is set. `positions` are the indices of the inputs in the caller's
    longer list, for the error message. Raises `InvalidRequestError` with index and limit for an input that
    exceeds a limit by itself.
    """
    measures = [(name, maximum, _measure(name, estimate_tokens)) for name, maximum in limits.given()]
    ends: list[int] = []
    used = [0] * len(measures)
    for index, item in enumerate(inputs):
        costs = [measure(item) for _, _, measure in measures]
        if any(total + cost > measure[1] for total, cost, measure in zip(used, costs, measures, strict=True)):
            _check_alone(index if positions is None else positions[index], costs, measures)
            ends.append(index)
            used = costs
        else:
            used = [total + cost for total, cost in zip(used, costs, strict=True)]
    return _ranges(ends, len(inputs))


def media_kind(block: DataBlock) -> MediaKind:
    """The limit that this block counts for, by its media type."""
    media_type = block.source.media_type.partition(";")[0].strip().lower()
    if media_type == "application/pdf":
        return "pdf"
    match media_type.partition("/")[0]:
        case "image" | "video" | "audio" as kind:
            return kind
    return "other"


Measure = Callable[[EmbeddingInput], int]


def _measure(limit: str, estimate_tokens: TokenEstimate) -> Measure:
    match limit:
        case "max_items":
            return lambda item: 1
        case "max_tokens":
            return estimate_tokens
        case "max_bytes":
            return _transfer_bytes
    kind = limit.removeprefix("max_").removesuffix("s")
    return lambda item: int(isinstance(item, DataBlock) and media_kind(item) == kind)


def _transfer_bytes(item: EmbeddingInput) -> int:
    if isinstance(item, str):
        # A lone surrogate has no UTF-8 form; counting must not fail on it.
        return len(item) if item.isascii() else len(item.encode("utf-8", "surrogatepass"))
    source = item.source
    return len(source.data) if isinstance(source, Base64Source) else len(source.url.encode("utf-8", "surrogatepass"))


def _check_alone(index: int, costs: list[int], measures: list[tuple[str, int, Measure]]) -> None:
    for cost, (name, maximum, _) in zip(costs, measures, strict=True):
        if cost > maximum:
            raise InvalidRequestError(
                f"input {index} alone exceeds the limit {name}={maximum} of one request: it counts {cost}"
            )


def _ranges(ends: list[int], total: int) -> list[range]:
    starts = [0, *ends] if total else []
    return [range(start, end) for start, end in zip(starts, [*ends, total], strict=False)]
