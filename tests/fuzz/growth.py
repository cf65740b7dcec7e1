"""How the CPU time of some work grows with the size of its input.

Work is measured at a size that takes a few milliseconds, and at thirty-two times that size. Linear is an exponent of 1,
a square 2; at most 1.2 is allowed, in the best of several measurements.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from modelport.adapters.wire.yaml_text import YamlFault
from modelport.application.structured.reading import InvalidAnswerError
from modelport.error import ModelError

Json = dict[str, Any]  # Any: JSON
Run = Callable[[int], Callable[[], Any]]
"""Makes the work on an input of a size, so that the making is not measured."""

LEAST_SECONDS, FACTOR, MOST = 0.0015, 32, 1.2


def seconds(work: Callable[[], Any]) -> float:
    gc.collect()
    gc.disable()
    try:
        started = time.thread_time()
        work()
        return time.thread_time() - started
    finally:
        gc.enable()


def exponent(make: Run, least_size: int = 16) -> float:
    """The growth of the time with the size."""
    size = least_size
    while (least := seconds(make(size))) < LEAST_SECONDS and size < 100_000:
        size *= 2
    if least < LEAST_SECONDS:  # does not depend on the size
        return 0.0
    middle = seconds(make(4 * size))
    for _ in range(4):
        if middle < 10 * least:
            break
        least, middle = min(least, seconds(make(size))), min(middle, seconds(make(4 * size)))
    else:  # do not wait for what would take minutes
        return math.log(middle / least, 4)
    most = found = math.inf
    for _ in range(10):
        least, most = min(least, seconds(make(size))), min(most, seconds(make(FACTOR * size)))
        found = math.log(most / least, FACTOR)
        if found <= MOST:
            break
    return found


def assert_linear(make: Run, least_size: int = 16) -> None:
    found = exponent(make, least_size)
    assert found <= MOST, f"the time grows with the power {found:.2f} of the size"


def text_case(work: Callable[[str], Any], unit: str, before: str = "", after: str = "") -> Run:
    return lambda size: partial(work, before + unit * size + after)


def fed(new: Callable[[], Any], unit: str, before: str = "") -> Run:
    """Many pieces for one reader."""

    def make(size: int) -> Callable[[], Any]:
        def work() -> None:
            reader = new()
            if before:
                reader.feed(before)
            for _ in range(size):
                reader.feed(unit)
            (getattr(reader, "finish", None) or getattr(reader, "flush", None) or (lambda: None))()

        return work

    return make


def quiet(work: Callable[[str], Any]) -> Callable[[str], Any]:
    def run(text: str) -> None:
        with suppress(InvalidAnswerError, YamlFault, ModelError, ValueError):
            work(text)

    return run
