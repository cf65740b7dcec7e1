"""Servers that stop sending: each of the four clocks runs out when it should, on virtual time; and cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ....domain.errors import ModelError, ModelTimeoutError
from ....domain.retry import Timeouts
from ...clock import VirtualClock
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import End, MutatedAnswer
from .model_contract import AnyRecording, CallResult, ModelContract, Wire
from .selectors import AN_ANSWER, good, simplest, some

__all__ = ["CASES", "turns", "until_silent"]

_TURNS = 50


async def turns(count: int = _TURNS) -> None:
    """Let everything run that can run without time passing."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until_silent(contract: ModelContract, wire: Wire, call: asyncio.Future[Any]) -> None:
    """Until the call waits for a server that sends nothing more, or has ended; raises when it does neither."""
    waiting = asyncio.ensure_future(wire.waiting.wait())
    both: list[asyncio.Future[Any]] = [waiting, call]
    try:
        await asyncio.wait(both, timeout=contract.patience, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    require(
        wire.waiting.is_set() or call.done(),
        f"the call neither waits for the server nor ends within {contract.patience} s",
    )
    if call.done() and not contract.may_end_early:
        raise AssertionError(f"the call ends although the server has not sent its whole answer: {_end_of(call)}")
    await turns()  # what was read before is processed


@asynccontextmanager
async def _pending(
    contract: ModelContract, tape: AnyRecording, answer: Any, **options: Any
) -> AsyncIterator[tuple[asyncio.Future[CallResult], Wire]]:
    """A call whose server has stopped sending (Any: an answer that the wire plays, options of the model)."""
    model, wire = contract.play(tape, answer, **options)
    call = asyncio.ensure_future(contract.ask(model, tape))
    try:
        await until_silent(contract, wire, call)
        yield call, wire
    finally:
        call.cancel()
        await asyncio.wait([call], timeout=contract.patience)
    await turns()


async def _stalled(
    contract: ModelContract, tape: AnyRecording, answer: Any, limits: Timeouts, seconds: float
) -> CallResult:
    """The result of a call whose server stops sending, after so many seconds; before, only a whole answer may come.

    Any: an answer that the wire plays.
    """
    clock = VirtualClock()
    async with _pending(contract, tape, answer, clock=clock, timeouts=limits, max_retries=0) as (call, wire):
        clock.advance(seconds - 0.5)
        await turns()
        early = call.done() and call.result().error
        require(not early, f"the call ended before {seconds} s had passed: {early!r}")
        clock.advance(1)
        done, _ = await asyncio.wait([call], timeout=contract.patience)
        require(done, f"the call does not end after {seconds} s without data")
    require_equal("answers left open", wire.unclosed, 0)
    require_equal("timers left", clock.pending, 0)
    return call.result()


def _require_timeout(error: ModelError | None, *clocks: str) -> None:
    """Raise unless it is the error of one of these clocks."""
    require(isinstance(error, ModelTimeoutError), f"expected a ModelTimeoutError, got {error!r}")
    assert isinstance(error, ModelTimeoutError)
    require(error.clock in clocks, f"the clock that ran out is {error.clock!r}, expected {' or '.join(clocks)}")


@case("The connect clock runs out when no connection comes", simplest, AN_ANSWER)
async def clock_connect(contract: ModelContract, tape: AnyRecording) -> None:
    limits = Timeouts(connect=10, first_event=60)
    _require_timeout((await _stalled(contract, tape, MutatedAnswer(connects=False), limits, 10)).error, "connect")


@case("The first-event clock runs out when no head comes, or nothing after it", simplest, AN_ANSWER)
async def clock_first_event(contract: ModelContract, tape: AnyRecording) -> None:
    limits = Timeouts(connect=None, first_event=60, idle=None)
    no_head = [] if contract.realtime else [MutatedAnswer(answers=False)]
    for answer in (*no_head, tape.answer((), End.HANG)):
        _require_timeout((await _stalled(contract, tape, answer, limits, 60)).error, "first_event")


@case("The idle clock runs out at any place of an answer, and what had come is kept", good, AN_ANSWER)
async def clock_idle(contract: ModelContract, tape: AnyRecording) -> None:
    limits = Timeouts(connect=None, first_event=30, idle=30)
    for place in some(range(1, len(contract.units(tape))), contract.limit // 6):
        await _silent_after(contract, tape, place, limits, "idle", "first_event")


@case("The total clock runs out in the middle of an answer", simplest, AN_ANSWER)
async def clock_total(contract: ModelContract, tape: AnyRecording) -> None:
    limits = Timeouts(connect=None, first_event=None, idle=None, total=30)
    await _silent_after(contract, tape, len(contract.units(tape)) // 2, limits, "total")


async def _silent_after(
    contract: ModelContract, tape: AnyRecording, place: int, limits: Timeouts, *clocks: str
) -> None:
    """The first so many pieces, and then nothing for 30 seconds: a timeout, unless the answer was complete."""
    wanted = await contract.expected(tape)
    answer = tape.answer(contract.units(tape)[:place], End.HANG)
    result = await _stalled(contract, tape, answer, limits, 30)
    if result.error is None:
        require_equal("the answer", result.value, wanted)
        return
    _require_timeout(result.error, *clocks)
    contract.check_partial(tape, result.error, wanted)


@case("Cancelling before anything came raises CancelledError and closes the connection", simplest, AN_ANSWER)
async def cancel_before_the_answer(contract: ModelContract, tape: AnyRecording) -> None:
    for mode in contract.modes:
        await _cancelled(contract, tape, MutatedAnswer(connects=False), "while connecting", **mode)
        await _cancelled(contract, tape, MutatedAnswer(answers=False), "before the head", **mode)
        await _cancelled(contract, tape, tape.answer((), End.HANG), "after the head", **mode)


@case("Cancelling at any piece of an answer does too", good, AN_ANSWER)
async def cancel_at_any_piece(contract: ModelContract, tape: AnyRecording) -> None:
    for place in some(range(1, len(contract.units(tape))), contract.limit // 3):
        answer = tape.answer(contract.units(tape)[:place], End.HANG)
        await _cancelled(contract, tape, answer, f"after {place} piece(s)")


async def _cancelled(
    contract: ModelContract, tape: AnyRecording, answer: Any, where: str, **options: Any
) -> None:  # Any: an answer that the wire plays, options of the model
    """The caller's task is cancelled while the server sends nothing."""
    async with _pending(contract, tape, answer, **options) as (call, wire):
        if call.done():
            require_equal(f"the answer {where}", call.result().whole(), await contract.expected(tape))
            return
        call.cancel()
        done, _ = await asyncio.wait([call], timeout=contract.patience)
        require(done, f"a call cancelled {where} does not end")
        require(call.cancelled(), f"a call cancelled {where} ends with {_end_of(call)} instead of CancelledError")
    require_equal(f"answers left open, cancelled {where}", wire.unclosed, 0)
    require_equal(f"requests, cancelled {where}", len(wire.requests), 1)


def _end_of(call: asyncio.Future[Any]) -> str:  # Any: whatever it gave
    return "a cancellation" if call.cancelled() else repr(call.exception() or call.result())[:200]


CASES: tuple[Case[Any], ...] = (
    clock_connect,
    clock_first_event,
    clock_idle,
    clock_total,
    cancel_before_the_answer,
    cancel_at_any_piece,
)
