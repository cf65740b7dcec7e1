"""Ids and timestamps: their forms, and that replaced sources are asked each time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest

from modelport.domain import ids


def test_an_id_is_a_random_uuid_in_hexadecimal_digits() -> None:
    made = [ids.new_id() for _ in range(300)]
    assert len(set(made)) == 300
    for each in made:
        parsed = UUID(each)
        assert (parsed.version, parsed.variant) == (4, UUID("7ed51febfed54120878b6fab11ba518c").variant)
        assert parsed.hex == each


def test_a_timestamp_is_the_time_in_utc_with_microseconds() -> None:
    before = datetime.now(timezone.utc)
    made = datetime.fromisoformat(ids.new_timestamp())
    assert before - timedelta(microseconds=1) <= made <= datetime.now(timezone.utc)
    assert made.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("nanoseconds", "written"),
    [
        (0, "1970-01-01T00:00:00.000000+00:00"),
        (1_764_000_000_000_001_999, "2025-11-24T16:00:00.000001+00:00"),
        (1_764_000_000_999_999_999, "2025-11-24T16:00:00.999999+00:00"),
        (1_764_000_001_000_000_000, "2025-11-24T16:00:01.000000+00:00"),
        (1_764_000_000_000_002_000, "2025-11-24T16:00:00.000002+00:00"),  # the clock was set back
    ],
)
def test_each_second_is_written_anew(nanoseconds: int, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ids.new_timestamp()
    now = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=nanoseconds // 1000)
    monkeypatch.setattr(ids, "_now", lambda zone: now.astimezone(zone))
    assert ids.new_timestamp() == written
    assert datetime.fromisoformat(written).timestamp() == pytest.approx(nanoseconds / 1e9, abs=2e-6)


def test_replaced_sources_are_asked_each_time() -> None:
    ids.set_id_factory(lambda: "an-id")
    ids.set_timestamp_factory(lambda: "a-time")
    try:
        assert (ids.new_id(), ids.new_timestamp()) == ("an-id", "a-time")
    finally:
        ids.set_id_factory(None)
        ids.set_timestamp_factory(None)
    assert (ids.new_id(), ids.new_timestamp()) != ("an-id", "a-time")
