"""Windows, scopes and headers: the pure part of the rate limiters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.rate_limit.headers import Remaining, blocked_for, remaining
from modelport.adapters.rate_limit.limits import RateLimit, Window, scope_of
from modelport.error import SettingsError


@given(
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 60)), max_size=60),
    st.one_of(st.none(), st.integers(1, 5)),
    st.one_of(st.none(), st.integers(1, 100)),
)
def test_no_span_holds_more_than_the_limit(
    asked: list[tuple[float, int]], requests: int | None, tokens: int | None
) -> None:
    limit = RateLimit(requests, tokens, period=1.0)
    window, now = Window(limit), 0.0
    granted: list[tuple[float, int]] = []
    for pause, size in asked:
        now += pause
        wait = window.wait(now, size)
        if wait > 0:
            if len(granted) and wait > 1e-3:  # not a moment too long
                assert window.wait(now + wait - 1e-3, size) > 0
            now += wait
            assert window.wait(now + 1e-9, size) <= 1e-6
            now += 1e-9
        window.take(now, size)
        granted.append((now, size))
    for index, (start, _) in enumerate(granted):
        inside = [size for when, size in granted[index:] if when - start < limit.span - 1e-6]
        assert requests is None or len(inside) <= requests
        assert tokens is None or sum(inside) <= tokens or len(inside) == 1


@pytest.mark.parametrize(
    ("names", "scope"),
    [
        (["openai/a", "openai/*", "openai", "*"], "openai/a"),
        (["openai/*", "openai", "*"], "openai/a"),
        (["openai", "*"], "openai"),
        (["*"], "openai/a"),
        (["gemini"], None),
    ],
)
def test_the_most_precise_name_holds(names: list[str], scope: str | None) -> None:
    limits = {name: RateLimit(requests=number + 1) for number, name in enumerate(names)}
    found, limit = scope_of("openai/a", limits)
    assert (found, limit) == ((scope, limits[names[0]]) if scope else ("openai/a", None))


@pytest.mark.parametrize("options", [{"requests": 0}, {"tokens": 0}, {"period": 0}, {"requests": -1}])
def test_a_limit_must_let_something_through(options: dict[str, int]) -> None:
    with pytest.raises(SettingsError):
        RateLimit(**options)


def test_headers_of_several_providers_are_read() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "6m1.5s",
        "x-ratelimit-remaining-tokens": "149",
        "x-ratelimit-reset-tokens": "20ms",
        "anthropic-ratelimit-requests-remaining": "7",
        "anthropic-ratelimit-requests-reset": "2026-11-23T00:00:10Z",
        "ratelimit-remaining": "3",
        "ratelimit-reset": "17",
    }
    assert list(remaining(headers, 1_795_392_000.0)) == [
        Remaining("requests", 0, 361.5),
        Remaining("tokens", 149, 0.02),
        Remaining("requests", 7, 10.0),
        Remaining("requests", 3, 17.0),
    ]


@pytest.mark.parametrize("reset", ["", "soon", "-5", "0s", "6m0s!", "nan", "inf", "1e300"])
def test_unreadable_headers_tell_nothing(reset: str) -> None:
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": reset}
    assert list(remaining(headers, 0)) == []
    assert list(remaining({"ratelimit-remaining": "many", "ratelimit-reset": "5"}, 0)) == []


@pytest.mark.parametrize("left", ["9" * 5000, "", "1.5", "-1"])
def test_what_is_left_is_a_number(left: str) -> None:
    assert list(remaining({"ratelimit-remaining": left, "ratelimit-reset": "5"}, 0)) == []


def test_a_time_that_is_years_away_keeps_nobody_waiting() -> None:
    now = 1_795_392_000.0
    for reset in (str(now + 30), "9999-01-01T00:00:00Z", "99999999h"):
        assert list(remaining({"ratelimit-remaining": "0", "ratelimit-reset": reset}, now)) == []
    assert blocked_for(429, {"retry-after": "1e300"}, now) is None
    assert blocked_for(429, {"retry-after": "86400"}, now) == 86400


def test_only_a_refusal_keeps_away() -> None:
    assert blocked_for(429, {"retry-after": "7"}, 0) == 7
    assert blocked_for(200, {"retry-after": "7"}, 0) is None and blocked_for(429, {}, 0) is None
