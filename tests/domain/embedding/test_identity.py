"""What counts as the same input, and what sends it once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.embedding.dedupe import deduplicate
from modelport.domain.embedding.identity import (
    InputIdentifiers,
    VectorIdentity,
    canonical_json,
    identifier_digest,
    identifier_digests,
    input_key,
)
from modelport.domain.embedding.packing import EmbeddingInput
from modelport.domain.message.blocks import Base64Source, DataBlock, URLSource

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=6)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), ANY_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(ANY_TEXT, inner, max_size=4)),
    max_leaves=12,
)


def reordered(value: Any) -> Any:
    """The same JSON value with every object's keys in the opposite order."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_key_order_never_matters(value: Any) -> None:
    assert identifier_digest(reordered(value)) == identifier_digest(value)
    assert json.loads(canonical_json(value)) == value


@given(JSON, JSON)
def test_different_values_have_different_digests(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (identifier_digest(one) == identifier_digest(other)) is same


def test_the_digest_is_the_sha256_of_canonical_json() -> None:
    assert canonical_json({"b": 1, "a": ["é", 0.5]}) == b'{"a":["\\u00e9",0.5],"b":1}'
    assert identifier_digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), object(), b"bytes", {"a": {1, 2}}])
def test_what_is_not_json_is_refused(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        identifier_digest(wrong)


def picture(data: str = "AAAA", media_type: str = "image/png", **fields: Any) -> DataBlock:
    return DataBlock(source=Base64Source(data=data, media_type=media_type), **fields)


def link(url: str = "https://example.com/a", media_type: str = "image/png") -> DataBlock:
    return DataBlock(source=URLSource(url=url, media_type=media_type))


BASE = VectorIdentity("openai", "text-embedding-3-small", 512, {"task": "query"})
DIFFERENT: list[tuple[VectorIdentity, EmbeddingInput]] = [
    (BASE, "AAAA"),
    (BASE, "aaaa"),
    (BASE, picture()),
    (BASE, picture("BBBB")),
    (BASE, picture(media_type="image/jpeg")),
    (BASE, link()),
    (BASE, link("https://example.com/b")),
    (BASE, "https://example.com/a"),
    (VectorIdentity("azure", "text-embedding-3-small", 512, {"task": "query"}), "AAAA"),
    (VectorIdentity("openai", "text-embedding-3-large", 512, {"task": "query"}), "AAAA"),
    (VectorIdentity("openai", "text-embedding-3-small", None, {"task": "query"}), "AAAA"),
    (VectorIdentity("openai", "text-embedding-3-small", 512, {"task": "document"}), "AAAA"),
    (VectorIdentity("openai", "text-embedding-3-small", 512), "AAAA"),
]


def test_everything_that_changes_the_vector_changes_the_identifier() -> None:
    digests = {identifier_digest(identity.of(item)) for identity, item in DIFFERENT}
    assert len(digests) == len(DIFFERENT)


def test_ids_names_and_timestamps_of_blocks_do_not() -> None:
    one, other = picture(id="1", name="a.png"), picture(id="2", created_at="2026-01-01T00:00:00+00:00")
    assert BASE.of(one) == BASE.of(other)
    assert input_key(one) == input_key(other)


def test_media_enter_the_identifier_by_digest_only() -> None:
    assert "AAAA" not in json.dumps(BASE.of(picture()))


IDENTITIES = st.builds(
    VectorIdentity, ANY_TEXT, ANY_TEXT, st.none() | st.integers(1), st.dictionaries(ANY_TEXT, JSON, max_size=3)
)


@given(IDENTITIES, st.lists(st.one_of(ANY_TEXT, st.builds(picture), st.builds(link)), max_size=5), st.integers(0, 5))
def test_digests_made_together_are_those_made_one_by_one(
    identity: VectorIdentity, inputs: list[EmbeddingInput], start: int
) -> None:
    identifiers = InputIdentifiers(identity, inputs)
    assert list(identifiers) == [identity.of(item) for item in inputs]
    one_by_one = [identifier_digest(identifier) for identifier in identifiers]
    assert identifier_digests(identifiers) == identifier_digests(list(identifiers)) == one_by_one
    assert identifiers[start:].digests() == one_by_one[start:]


INPUTS = st.lists(
    st.one_of(st.sampled_from("abc"), st.builds(picture, st.sampled_from(["AAAA", "BBBB"])), st.builds(link)),
    max_size=12,
)


@given(INPUTS)
def test_each_distinct_input_is_sent_once_and_answered_everywhere(inputs: list[EmbeddingInput]) -> None:
    distinct = deduplicate(inputs)
    keys = [input_key(item) for item in inputs]
    assert [input_key(item) for item in distinct.unique] == list(dict.fromkeys(keys))
    assert [keys.index(keys[index]) for index in distinct.first] == distinct.first
    assert distinct.expand([input_key(item) for item in distinct.unique]) == keys


@given(INPUTS, st.sets(st.integers(0, 5)))
def test_places_of_missing_answers_are_found(inputs: list[EmbeddingInput], missing: set[int]) -> None:
    distinct = deduplicate(inputs)
    wanted = {input_key(distinct.unique[index]) for index in missing if index < len(distinct.unique)}
    assert distinct.all_indices(missing) == [i for i, item in enumerate(inputs) if input_key(item) in wanted]


def test_a_wrong_number_of_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="1 answers for 2"):
        deduplicate(["a", "b"]).expand([1])
