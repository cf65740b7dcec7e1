"""When a store is asked in the event loop: after it has been quick in a thread, and not after it was slow."""

from __future__ import annotations

import pytest

from modelport.adapters.cache.pace import Pace

LONG_AGO = -1e9
NOW = 1e9  # later than any reading of the clock: nothing takes less


def test_the_first_look_up_is_made_in_a_thread() -> None:
    pace = Pace()
    assert not pace.quick
    pace.in_thread(NOW)
    assert pace.quick


def test_a_store_that_is_slow_in_threads_is_not_asked_in_the_loop() -> None:
    pace = Pace()
    for _ in range(100):
        pace.in_thread(LONG_AGO)
    assert not pace.quick


def paused(pace: Pace) -> int:
    """How many quick look-ups in threads it takes until the loop asks again."""
    needed = 0
    while not pace.quick:
        pace.in_thread(NOW)
        pace.in_thread(LONG_AGO)
        needed += 1
    return needed


def test_after_a_very_slow_look_up_the_loop_asks_again_only_after_many_quick_ones() -> None:
    pace = Pace()
    pace.in_thread(NOW)
    pace.in_loop(NOW)
    assert pace.quick
    pace.in_loop(LONG_AGO)
    assert paused(pace) == 64


def test_one_that_was_a_little_slow_is_forgiven_and_three_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace()
    pace.in_thread(NOW)
    monkeypatch.setattr("modelport.adapters.cache.pace.perf_counter", lambda: 100.0)
    slow, quick = 99.99, 99.999
    for _ in range(5):
        pace.in_loop(slow)
        for _ in range(30):
            pace.in_loop(quick)
    assert pace.quick
    for _ in range(3):
        assert pace.quick
        pace.in_loop(slow)
    assert not pace.quick
