"""Running one case: fixed ids and times, no network, a limit of time, and nothing left behind."""

from __future__ import annotations

import asyncio
import itertools
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....domain import ids as identity
from ...network import forbid_network
from .case import Case, NotApplicableError, Outcome, Status

if TYPE_CHECKING:
    from .contract import Contract

__all__ = ["Step", "deterministic", "run_step", "steps_of"]

_TIME = "2026-01-01T00:00:00+00:00"
_TURNS = 5
_LINES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """A case on one variant (Any: the case's own), or what is known about it without checking."""

    case: Case[Any]
    variant: Any = ""
    known: Outcome | None = None

    @property
    def variant_name(self) -> str:
        """The variant in words."""
        return str(self.variant)


def steps_of(contract: Contract, case: Case[Any]) -> list[Step]:
    """What is to be checked of a case: at least one step, be it one that only says why there is nothing to check."""
    reason = contract.left_out.get(case.name)
    if reason is not None:
        return [_known(case, Status.LEFT_OUT, f"left out: {reason}")]
    try:
        steps = [Step(case, variant) for variant in case.over(contract)]
    except NotApplicableError as error:
        return [_known(case, Status.NOT_APPLICABLE, str(error))]
    except Exception as error:
        return [_known(case, Status.BROKEN, _described(error))]
    return steps or [_known(case, Status.NOT_APPLICABLE, f"needs {case.needs or 'something to check it on'}")]


def _known(case: Case[Any], status: Status, detail: str) -> Step:
    return Step(case, known=Outcome(case.name, "", status, detail))


async def run_step(contract: Contract, step: Step) -> Outcome:
    """Check it. Only the cancellation of the caller's own task is raised."""
    if step.known is not None:
        return step.known
    started = time.perf_counter()
    status, detail = Status.HELD, ""
    with deterministic():
        try:
            detail = await _checked(contract, step) or ""
        except NotApplicableError as error:
            status, detail = Status.NOT_APPLICABLE, str(error)
        except asyncio.CancelledError:
            if _being_cancelled():
                raise
            status, detail = Status.BROKEN, "a cancellation that nobody asked for"
        except Exception as error:
            status, detail = Status.BROKEN, _described(error)
    return Outcome(step.case.name, step.variant_name, status, detail, time.perf_counter() - started)


async def _checked(contract: Contract, step: Step) -> str | None:
    before = asyncio.all_tasks()
    try:
        async with asyncio.timeout(contract.seconds_per_case) as limit:
            remark = await step.case.check(contract, step.variant)
    except TimeoutError:
        if limit.expired():
            raise AssertionError(f"it was not through after {contract.seconds_per_case} s") from None
        raise
    finally:
        left = await _left_behind(before)
    if left:
        raise AssertionError(f"{len(left)} task(s) still run afterwards: {', '.join(left)}")
    return remark


async def _left_behind(before: set[asyncio.Task[Any]]) -> list[str]:
    """The names of tasks that did not end by themselves; they are cancelled."""
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
    """What went wrong; of anything but a failed claim also where."""
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
