"""Batching: every limit kept, order kept, nothing lost, nothing split that fits."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.embedding.packing import EmbeddingInput, RequestLimits, media_kind, pack
from modelport.domain.errors import InvalidRequestError
from modelport.domain.message.blocks import Base64Source, DataBlock, URLSource

MEDIA_TYPES = ["image/png", "video/mp4", "audio/wav", "application/pdf", "application/zip", "Image/JPEG; q=1"]
KINDS = {"image": "max_images", "video": "max_videos", "audio": "max_audios", "pdf": "max_pdfs"}

MEDIA = st.builds(
    lambda kind, size: DataBlock(source=Base64Source(data="A" * size, media_type=kind)),
    st.sampled_from(MEDIA_TYPES),
    st.integers(1, 8),
)
INPUTS = st.lists(st.one_of(st.text(max_size=8), MEDIA), max_size=30)
MAXIMUM = st.one_of(st.none(), st.integers(1, 6))
LIMITS = st.builds(
    RequestLimits,
    max_items=st.integers(1, 6),
    max_tokens=st.one_of(st.none(), st.integers(8, 20)),
    max_images=MAXIMUM,
    max_videos=MAXIMUM,
    max_audios=MAXIMUM,
    max_pdfs=MAXIMUM,
    max_bytes=st.one_of(st.none(), st.integers(32, 60)),
)


def tokens(item: EmbeddingInput) -> int:
    return len(item) if isinstance(item, str) else 1


def size(item: EmbeddingInput) -> int:
    if isinstance(item, str):
        return len(item.encode("utf-8", "surrogatepass"))
    return len(item.source.data if isinstance(item.source, Base64Source) else item.source.url)


def broken(batch: Sequence[EmbeddingInput], limits: RequestLimits) -> list[str]:
    """The names of the limits that this batch breaks, counted the plain way."""
    counts = {"max_items": len(batch), "max_tokens": sum(map(tokens, batch)), "max_bytes": sum(map(size, batch))}
    for kind, name in KINDS.items():
        counts[name] = sum(isinstance(item, DataBlock) and media_kind(item) == kind for item in batch)
    return [name for name, maximum in limits.given() if counts[name] > maximum]


@given(INPUTS, LIMITS)
def test_batches_cover_all_in_order_within_every_limit(inputs: list[EmbeddingInput], limits: RequestLimits) -> None:
    batches = pack(inputs, limits, tokens)
    assert [index for batch in batches for index in batch] == list(range(len(inputs)))
    assert all(len(batch) for batch in batches)
    for batch in batches:
        assert not broken([inputs[index] for index in batch], limits)


@given(INPUTS, LIMITS)
def test_no_batch_could_have_taken_the_next_input(inputs: list[EmbeddingInput], limits: RequestLimits) -> None:
    batches = pack(inputs, limits, tokens)
    for batch, following in itertools.pairwise(batches):
        joined = [inputs[index] for index in [*batch, following[0]]]
        assert broken(joined, limits)


@given(INPUTS, st.integers(1, 7))
def test_with_only_an_item_limit_it_is_plain_slicing(inputs: list[EmbeddingInput], most: int) -> None:
    batches = pack(inputs, RequestLimits(most), tokens)
    assert batches == [range(start, min(start + most, len(inputs))) for start in range(0, len(inputs), most)]


def image(number: int = 0) -> DataBlock:
    return DataBlock(source=URLSource(url=f"https://example.com/{number}.png", media_type="image/png"))


def test_the_example_of_the_specification() -> None:
    limits = RequestLimits(max_items=20, max_images=5, max_videos=1)
    video = DataBlock(source=URLSource(url="https://example.com/a.mp4", media_type="video/mp4"))
    inputs: list[EmbeddingInput] = ["text", video, *[image(n) for n in range(6)], video, "end"]
    assert pack(inputs, limits, tokens) == [range(7), range(7, 10)]


@pytest.mark.parametrize(
    ("limits", "item", "name"),
    [
        (RequestLimits(10, max_tokens=3), "abcd", "max_tokens=3"),
        (RequestLimits(10, max_images=0), image(), "max_images=0"),
        (RequestLimits(10, max_bytes=5), "äöü", "max_bytes=5"),
        (RequestLimits(10, max_bytes=20), image(), "max_bytes=20"),
    ],
)
def test_an_input_too_large_alone_is_named(limits: RequestLimits, item: EmbeddingInput, name: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"input 2 alone.*{name}"):
        pack(["a", "b", item], limits, tokens)
    with pytest.raises(InvalidRequestError, match="input 0 "):
        pack([item], limits, tokens)


def test_the_callers_own_index_is_named() -> None:
    with pytest.raises(InvalidRequestError, match="input 70 "):
        pack(["a", "too long"], RequestLimits(10, max_tokens=3), tokens, positions=[5, 70])


def test_tokens_are_estimated_only_where_they_are_limited() -> None:
    def never(item: EmbeddingInput) -> int:
        raise AssertionError(item)

    assert pack(["a", "b"], RequestLimits(1), never) == [range(1), range(1, 2)]
    assert pack([], RequestLimits(1), never) == []


def test_a_lone_surrogate_is_counted() -> None:
    assert pack(["\ud800"], RequestLimits(1, max_bytes=3), tokens) == [range(1)]


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="max_items"):
        RequestLimits(0)
    with pytest.raises(ValueError, match="max_pdfs"):
        RequestLimits(1, max_pdfs=-1)
