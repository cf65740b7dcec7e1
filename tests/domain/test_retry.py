"""Retry decisions and the headers they depend on."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.errors import AuthenticationError, InvalidRequestError, RateLimitError, ServerError
from modelport.domain.retry import (
    Budget,
    RetryPolicy,
    parse_retry_after,
    parse_should_retry,
    retryable_status,
    wait_before_retry,
)

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "oops", "retry-after": "2"}, 2.0),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 12 Jan 99999999999 13:47:00 GMT"}, None),
        ({"retry-after": "Mon, 12 Jan 1970 13:47:00 GMT"}, 20.0),
        ({"retry-after": "Mon, 12 Jan 1970 13:00:00 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert parse_retry_after(headers, NOW) == seconds


def test_should_retry() -> None:
    assert parse_should_retry({"x-should-retry": "true"}) is True
    assert parse_should_retry({"x-should-retry": " FALSE "}) is False
    assert parse_should_retry({"x-should-retry": "?"}) is parse_should_retry({}) is None


def test_statuses() -> None:
    assert [status for status in range(400, 600) if retryable_status(status)] == [408, 409, 429, *range(500, 600)]


@given(st.integers(0, 10), st.floats(0, 1, exclude_max=True))
def test_backoff_grows_within_its_cap(retries: int, dice: float) -> None:
    policy = RetryPolicy(max_retries=11, retry_delay=0.5, max_delay=8.0)
    wait = wait_before_retry(ServerError("x"), policy, retries, dice, None)
    assert wait is not None and 0 <= wait <= min(8.0, 0.5 * 2**retries)


def test_when_to_give_up() -> None:
    policy = RetryPolicy(max_retries=2, max_wait=60)
    assert wait_before_retry(AuthenticationError("x"), policy, 0, 0.5, None) is None
    assert wait_before_retry(ServerError("x"), policy, 2, 0.5, None) is None
    assert wait_before_retry(RateLimitError("x", retry_after=60), policy, 0, 0.5, None) == 60
    assert wait_before_retry(RateLimitError("x", retry_after=61), policy, 0, 0.5, None) is None
    assert wait_before_retry(RateLimitError("x", retry_after=10), policy, 0, 0.5, 9.0) is None


def test_budget() -> None:
    budget = Budget(2)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    assert budget.left == 0


def test_negative_settings_are_refused() -> None:
    with pytest.raises(InvalidRequestError):
        RetryPolicy(max_retries=-1)


def test_the_wait_stays_below_its_ceiling_however_often_it_is_tried() -> None:
    policy = RetryPolicy(max_retries=10_000, retry_delay=1.0, max_delay=30.0)
    assert wait_before_retry(ServerError("busy"), policy, 5_000, 0.5, None) == 15.0
    assert wait_before_retry(ServerError("busy"), replace(policy, retry_delay=0.0), 5_000, 0.5, None) == 0.0


@pytest.mark.parametrize("given", ["3", 2.5, None])
def test_a_number_of_retries_is_a_whole_number(given: Any) -> None:
    with pytest.raises(InvalidRequestError, match="max_retries"):
        RetryPolicy(max_retries=given)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Tokyo"])
@pytest.mark.parametrize("offset", ["-0000", "GMT", "+1400", "-1400"])
@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59", "Mon, 01 Jan 0001 00:00:00"])
def test_a_date_at_the_end_of_time(zone: str, offset: str, date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        wait = parse_retry_after({"retry-after": f"{date} {offset}"}, 0.0)
        assert wait is None or wait > 0
    finally:
        monkeypatch.undo()
        time.tzset()
