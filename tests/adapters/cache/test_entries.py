"""The bytes of an entry, and the arithmetic of limits."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from modelport.adapters.cache.limits import MEGABYTE, CacheLimits
from modelport.adapters.cache.npy import decode_entry, encode_entry
from modelport.domain.errors import SettingsError

SHAPES = st.tuples(st.integers(0, 3), st.integers(0, 5))
TABLES = st.sampled_from([np.float32, np.float64]).flatmap(lambda kind: hnp.arrays(kind, SHAPES))


@given(TABLES)
def test_an_entry_is_read_as_it_was_written_by_us_and_by_numpy(table: Any) -> None:
    data = encode_entry(table)
    for read in (decode_entry(data), np.load(io.BytesIO(data))):
        assert read is not None
        assert read.dtype == table.dtype
        np.testing.assert_array_equal(read, table, strict=True)


@given(TABLES)
def test_a_file_of_numpys_own_is_read(table: Any) -> None:
    file = io.BytesIO()
    np.save(file, table)
    read = decode_entry(file.getvalue())
    assert read is not None
    np.testing.assert_array_equal(read, table, strict=True)


@given(TABLES, st.data())
def test_any_changed_byte_is_noticed(table: Any, data: st.DataObject) -> None:
    entry = bytearray(encode_entry(table))
    place = data.draw(st.integers(0, len(entry) - 1))
    entry[place] ^= data.draw(st.integers(1, 255))
    assert decode_entry(bytes(entry)) is None


@given(TABLES, st.data())
def test_a_cut_entry_is_noticed_unless_only_the_checksum_is_gone(table: Any, data: st.DataObject) -> None:
    entry = encode_entry(table)
    kept = data.draw(st.integers(0, len(entry) - 1))
    read = decode_entry(entry[:kept])
    if kept == len(entry) - 8:
        assert read is not None
        np.testing.assert_array_equal(read, table)
    else:
        assert read is None


@given(st.binary(max_size=200))
@example(b"")
@example(b"\x93NUMPY\x01\x00\xff\xff{}")
@example(b"\x93NUMPY\x01\x00\x00\x00")
def test_other_bytes_are_no_entry(data: bytes) -> None:
    assert decode_entry(data) is None


def test_a_view_and_foreign_byte_order_are_written_straight() -> None:
    table = np.arange(12, dtype=">f4").reshape(3, 4)[:, ::2]
    read = decode_entry(encode_entry(table))
    assert read is not None
    assert read.tolist() == table.tolist()


LIMITS = st.builds(CacheLimits, st.none() | st.integers(0, 10), st.none() | st.integers(0, 50))


@given(st.lists(st.integers(0, 20), max_size=20), LIMITS)
def test_just_enough_of_the_oldest_go(sizes: list[int], limits: CacheLimits) -> None:
    def fits(removed: int) -> bool:
        return not limits.exceeded(len(sizes) - removed, sum(sizes[removed:]))

    surplus = limits.surplus(iter(sizes), len(sizes), sum(sizes))
    assert fits(surplus)
    assert not any(fits(removed) for removed in range(surplus))


@given(st.integers(0, 10**6), st.integers(0, 10**10), LIMITS)
def test_counting_stays_a_constant_cost_per_store(entries: int, size: int, limits: CacheLimits) -> None:
    assert limits.stores_before_look(entries, size) >= max(16, entries // 8)


def test_a_cache_far_from_its_limits_is_hardly_ever_counted() -> None:
    assert CacheLimits(10**7, 10**6 * MEGABYTE).stores_before_look(100, 400_000) > 10**6
    assert CacheLimits(1000, None).stores_before_look(1000, 1) == 125
    assert CacheLimits(None, 1000).stores_before_look(100, 1000) == 16


def test_limits_in_megabytes() -> None:
    assert CacheLimits.of(5, 0.5) == CacheLimits(5, 524288)
    assert CacheLimits.of(None, None) == CacheLimits()
    assert not CacheLimits().bounded
    assert CacheLimits(0).refuses(1)
    assert CacheLimits(None, 10).refuses(11)
    assert not CacheLimits(None, 10).refuses(10)


@pytest.mark.parametrize("wrong", [(-1, None), (None, -0.5)])
def test_negative_limits_are_refused(wrong: tuple[int | None, float | None]) -> None:
    with pytest.raises(SettingsError, match="must not be negative"):
        CacheLimits.of(*wrong)
