"""Storage and access of vectors."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.embedding.values import EmbeddingResponse, EmbeddingUsage, EmbeddingVectors, compact

FLOATS = st.floats(allow_nan=False)
TABLES = st.integers(0, 5).flatmap(lambda size: st.lists(st.lists(FLOATS, min_size=size, max_size=size), max_size=6))


@given(TABLES)
def test_python_floats_come_back_unchanged(table: list[list[float]]) -> None:
    vectors = EmbeddingVectors(table)
    assert vectors == table
    assert vectors.tolist() == table
    assert list(vectors) == table
    assert [vectors[index] for index in range(len(vectors))] == table


@given(st.lists(st.lists(FLOATS, max_size=4), max_size=6))
def test_vectors_of_different_sizes_come_back_too(table: list[list[float]]) -> None:
    assert EmbeddingVectors(table) == table


@given(TABLES, st.slices(6))
def test_a_slice_is_the_same_as_of_a_list(table: list[list[float]], part: slice) -> None:
    assert EmbeddingVectors(table)[part] == table[part]
    assert isinstance(EmbeddingVectors(table)[part], EmbeddingVectors)


def test_a_row_is_a_plain_list_of_plain_floats() -> None:
    response = EmbeddingResponse(EmbeddingVectors([np.ones(3, dtype=np.float32), np.zeros(3, dtype=np.float32)]))
    assert len(response.embeddings) == 2
    assert len(response.embeddings[0]) == 3
    assert json.dumps(response.embeddings[0]) == "[1.0, 1.0, 1.0]"
    assert type(response.embeddings[0]) is list
    assert type(response.embeddings[-1][0]) is float


def test_arrays_are_kept_without_a_copy() -> None:
    table = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.shares_memory(EmbeddingVectors(table).array, table)
    assert np.shares_memory(np.asarray(EmbeddingVectors(table)), table)
    rows = [table[1], table[0]]
    assert all(np.shares_memory(kept, table) for kept in EmbeddingVectors(rows).rows)
    assert EmbeddingVectors(rows).array.tolist() == [[3, 4, 5], [0, 1, 2]]


def test_float32_is_used_wherever_it_changes_nothing() -> None:
    assert compact([0.5, 0.25]).dtype == np.float32
    assert compact([1, 2, 3]).dtype == np.float32
    assert compact([0.1]).dtype == np.float64
    assert compact([1e300]).dtype == np.float64
    assert compact([float("nan")]).dtype == np.float32
    assert compact(np.array([1.0, 2.0], dtype=">f4")).tolist() == [1.0, 2.0]
    assert EmbeddingVectors([[0.1, 1e300]]).array.dtype == np.float32


@pytest.mark.parametrize("wrong", [[0.1, 0.2], ["ab", "cd"], [[[0.1]]], np.zeros(3), np.zeros((1, 1, 1)), [[1j]]])
def test_anything_but_a_list_of_vectors_is_refused(wrong: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        EmbeddingVectors(wrong)


def test_different_sizes_have_no_common_array() -> None:
    with pytest.raises(ValueError, match="shape"):
        _ = EmbeddingVectors([[1.0], [1.0, 2.0]]).array


def test_comparison_looks_at_every_number_and_at_the_length() -> None:
    vectors = EmbeddingVectors([[1.0, 2.0], [3.0, 4.0]])
    assert vectors == EmbeddingVectors([np.array([1, 2], dtype=np.float32), np.array([3, 4], dtype=np.float32)])
    assert vectors != EmbeddingVectors([[1.0, 2.0]])
    assert vectors != [[1.0, 2.0]]
    assert vectors != [[1.0, 2.0], [3.0, 5.0]]
    assert vectors != "no vectors"
    assert vectors != 3


def test_copies_and_pickles_are_equal() -> None:
    vectors = EmbeddingVectors([[0.5], [0.1]])
    assert copy.deepcopy(vectors) == vectors
    assert pickle.loads(pickle.dumps(vectors)) == vectors
    assert repr(vectors) == "<EmbeddingVectors: 2 of size 1>"
    assert repr(EmbeddingVectors()) == "<EmbeddingVectors: 0 of size ->"


def test_a_response_has_the_specified_fields() -> None:
    response = EmbeddingResponse(embeddings=[[0.1, 0.2]], usage=EmbeddingUsage(tokens=5, time=0.25))
    assert response.embeddings == [[0.1, 0.2]]
    assert response.usage is not None
    assert (response.usage.tokens, response.usage.time, response.usage.type) == (5, 0.25, "embedding")
    assert (response.source, response.type) == ("api", "embedding")
    assert response.id != EmbeddingResponse([]).id
    assert response.created_at.endswith("+00:00")
    assert response.array.shape == (1, 2)
    assert EmbeddingResponse([]).array.shape == (0, 0)


def test_a_hundred_thousand_vectors_cost_what_their_numbers_cost() -> None:
    table = np.zeros((100_000, 8), dtype=np.float32)
    vectors = EmbeddingVectors(list(table))
    assert len(vectors) == 100_000
    assert vectors[99_999] == [0.0] * 8
    assert all(row.base is not None for row in vectors.rows[:10])
