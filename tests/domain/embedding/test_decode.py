"""Decoding of transferred vectors."""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.embedding.decode import decode_vector, decode_vectors
from modelport.domain.errors import ResponseDecodeError

FLOAT32 = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20)


def encoded(numbers: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


@given(FLOAT32)
def test_both_forms_give_the_same_numbers(numbers: list[float]) -> None:
    from_text, from_list = decode_vectors([encoded(numbers), numbers])
    assert from_text.tolist() == numbers
    assert from_list.tolist() == numbers
    assert from_text.dtype == from_list.dtype == np.float32


def test_base64_is_decoded_without_a_further_copy() -> None:
    vector = decode_vector(encoded([1.0, 2.0]).encode())
    assert vector.base is not None
    assert not vector.flags.writeable


def test_whole_numbers_are_numbers() -> None:
    assert decode_vector([1, 2]).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "AAA",
        "AAAA",
        "????",
        "ÄÖÜß",
        [],
        [[1.0]],
        [1.0, None],
        ["x"],
        [{}],
        [1e300],
        None,
        7,
        {"a": 1},
        base64.b64encode(struct.pack("<f", float("nan"))).decode(),
        base64.b64encode(struct.pack("<f", float("inf"))).decode(),
        [10**400],
    ],
)
def test_anything_else_is_a_decode_error(wrong: Any) -> None:
    with pytest.raises(ResponseDecodeError):
        decode_vector(wrong)
