"""When a store is asked in the event loop: after it has been quick in a thread, and not after it was slow."""

from __future__ import annotations

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


def test_after_a_slow_look_up_the_loop_asks_again_only_after_many_quick_ones() -> None:
    pace = Pace()
    pace.in_thread(NOW)
    pace.in_loop(NOW)
    assert pace.quick
    pace.in_loop(LONG_AGO)
    needed = 0
    while not pace.quick:
        pace.in_thread(NOW)
        pace.in_thread(LONG_AGO)
        needed += 1
    assert needed == 64
