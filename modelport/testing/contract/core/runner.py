"""Runs one case: with fixed ids and timestamps, without network, within a time limit, with no task left behind."""

from __future__ import annotations

import asyncio
import itertools
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ....domain import ids as identity
from ...network import forbid_network
from .case import Case, NotApplicableError, Outcome, Status

__all__ = ["Step", "deterministic", "run_step", "steps_of"]

_TIME = "2026-01-01T00:00:00+00:00"
_TURNS = 5
_LINES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """A case on one variant (Any: the case's own), or its outcome if that is known without checking."""

    case: Case[Any]
    variant: Any = ""
    known: Outcome | None = None

    @property
    def variant_name(self) -> str:
        """The variant as text, for reports and the ids of tests."""
        return str(self.variant)


def steps_of(contract: object, case: Case[Any], left_out: str | None = None) -> list[Step]:
    """The steps of a case: one per variant, or a single one that says why there is nothing to check.

    `left_out` is the reason for which the contract leaves the case out.
    """
    if left_out is not None:
        return [_known(case, Status.LEFT_OUT, f"left out: {left_out}")]
    try:
        steps = [Step(case, variant) for variant in case.over(contract)]
    except NotApplicableError as error:
        return [_known(case, Status.NOT_APPLICABLE, str(error))]
    except Exception as error:
        return [_known(case, Status.BROKEN, _described(error))]
    return steps or [_known(case, Status.NOT_APPLICABLE, f"needs {case.needs or 'something to check it on'}")]


def _known(case: Case[Any], status: Status, detail: str) -> Step:
    return Step(case, known=Outcome(case.name, "", status, detail))


async def run_step(contract: object, step: Step, seconds: float) -> Outcome:
    """Run the check, for so many seconds at most. Only the cancellation of the caller's own task is raised."""
    if step.known is not None:
        return step.known
    started = time.perf_counter()
    status, detail = Status.HELD, ""
    with deterministic():
        try:
            detail = await _checked(contract, step, seconds) or ""
        except NotApplicableError as error:
            status, detail = Status.NOT_APPLICABLE, str(error)
        except asyncio.CancelledError:
            if _being_cancelled():
                raise
            status, detail = Status.BROKEN, "a CancelledError was raised, and the case was not cancelled"
        except Exception as error:
            status, detail = Status.BROKEN, _described(error)
    return Outcome(step.case.name, step.variant_name, status, detail, time.perf_counter() - started)


async def _checked(contract: object, step: Step, seconds: float) -> str | None:
    before = asyncio.all_tasks()
    try:
        async with asyncio.timeout(seconds) as limit:
            remark = await step.case.check(contract, step.variant)
    except TimeoutError:
        if limit.expired():
            raise AssertionError(f"the case did not end within {seconds} s") from None
        raise
    finally:
        left = await _left_behind(before)
    if left:
        raise AssertionError(f"{len(left)} task(s) still run afterwards: {', '.join(left)}")
    return remark


async def _left_behind(before: set[asyncio.Task[Any]]) -> list[str]:
    """The names of tasks that did not end on their own; they are cancelled."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()]
    names = [str(task.get_coro()) for task in left]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=1)
    return names


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _described(error: Exception) -> str:
    """The error as text; with its place unless it is a failed claim."""
    if type(error) is AssertionError:
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)[-_LINES:]
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__}: {error} (at {places})"


@contextmanager
def deterministic() -> Iterator[None]:
    """Within it ids are counted, timestamps stand still, and nothing but loopback is reached."""
    # an application may have set its own, which are put back afterwards
    ids, times = identity._id_factory, identity._timestamp_factory
    numbers = itertools.count(1)
    identity.set_id_factory(lambda: f"{next(numbers):032x}")
    identity.set_timestamp_factory(lambda: _TIME)
    try:
        with forbid_network():
            yield
    finally:
        identity.set_id_factory(ids)
        identity.set_timestamp_factory(times)
