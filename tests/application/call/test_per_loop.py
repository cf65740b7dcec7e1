"""One value per event loop: made once, closed in its loop, forgotten with it."""

from __future__ import annotations

import asyncio
import gc

import pytest

from modelport.application.call.per_loop import PerLoop


class Value:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.closed_in: asyncio.AbstractEventLoop | None = None

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed_in = asyncio.get_running_loop()


async def value_of(values: PerLoop[Value]) -> Value:
    assert values.get() is values.get()
    return values.get()


def test_each_loop_has_a_value_that_is_closed_with_it() -> None:
    values = PerLoop(Value, Value.close)
    first, second = asyncio.run(value_of(values)), asyncio.run(value_of(values))
    assert first is not second
    assert [each.closed_in for each in (first, second)] == [first.loop, second.loop]


async def test_a_value_of_a_dropped_owner_is_closed_soon() -> None:
    values = PerLoop(Value, Value.close)
    value = values.get()
    del values
    gc.collect()
    for _ in range(5):
        await asyncio.sleep(0)
    assert value.closed_in is asyncio.get_running_loop()


async def test_a_value_can_be_closed_by_hand_and_is_made_anew() -> None:
    values = PerLoop(Value, Value.close)
    value = values.get()
    await values.aclose()
    assert value.closed_in is not None
    assert values.get() is not value
    await PerLoop(Value, Value.close).aclose()  # nothing was made, so there is nothing to close


def test_values_of_closed_loops_are_forgotten() -> None:
    values, loops = PerLoop(Value), [asyncio.new_event_loop() for _ in range(3)]
    made = [loop.run_until_complete(value_of(values)) for loop in loops]
    for loop in loops[:2]:
        loop.close()
    assert asyncio.run(value_of(values)) not in made
    left = [each for each in gc.get_referrers(made[0]) if isinstance(each, tuple)]
    assert left == []
    assert loops[2].run_until_complete(value_of(values)) is made[2]
    loops[2].close()


def test_a_failure_to_make_leaves_nothing_behind() -> None:
    async def get(values: PerLoop[object]) -> object:
        return values.get()

    failing: PerLoop[object] = PerLoop(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(get(failing))
