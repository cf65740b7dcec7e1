"""Silence: each of the four clocks runs out where it should, on a clock turned by hand; and cancellation in it."""

from __future__ import annotations

import asyncio
from typing import Any

from ....domain.retry import Timeouts
from ...clock import VirtualClock
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import End, MutantAnswer
from .asking_over import AN_ANSWER, a_good, good
from .model_contract import Answered, AskingContract, Played, Tape
from .selectors import some
from .timeouts import require_timeout, turns

__all__ = ["CASES"]


async def _stalled(contract: AskingContract, tape: Tape, answer: Any, limits: Timeouts, seconds: float) -> Answered:
    """What a call gives whose server falls silent, once so many seconds have passed; earlier only a whole answer.

    Any: an answer that the wire plays.
    """
    clock = VirtualClock()
    played = contract.play(tape, answer, clock=clock, timeouts=limits, max_retries=0)
    call = asyncio.ensure_future(played.ask())
    try:
        await _silent(contract, played, call)
        clock.advance(seconds - 0.5)
        await turns()
        early = call.done() and call.result().error
        require(not early, f"the call ended before {seconds} s had passed: {early!r}")
        clock.advance(1)
        done, _ = await asyncio.wait([call], timeout=contract.patience)
        require(done, f"the call does not end after {seconds} s of silence")
    finally:
        call.cancel()
        await asyncio.wait([call], timeout=contract.patience)
    await turns()
    require_equal("answers left open", played.wire.unclosed, 0)
    require_equal("timers left", clock.pending, 0)
    return call.result()


async def _silent(contract: AskingContract, played: Played, call: asyncio.Future[Answered]) -> None:
    """Wait until the call waits for the server in vain, or has all it needs."""
    waiting = asyncio.ensure_future(played.wire.waiting.wait())
    try:
        both: list[asyncio.Future[Any]] = [waiting, call]
        done, _ = await asyncio.wait(both, timeout=contract.patience, return_when="FIRST_COMPLETED")
        require(done, "the call neither waits for the server nor ends")
        await turns()  # what was read before is worked through
    finally:
        waiting.cancel()


@case("The connect clock runs out when no connection comes", a_good, AN_ANSWER)
async def clock_connect(contract: AskingContract, tape: Tape) -> None:
    limits = Timeouts(connect=10, first_event=60)
    require_timeout((await _stalled(contract, tape, MutantAnswer(connects=False), limits, 10)).error, "connect")


@case("The first-event clock runs out when nothing comes over the connection", a_good, AN_ANSWER)
async def clock_first_event(contract: AskingContract, tape: Tape) -> None:
    limits = Timeouts(connect=None, first_event=60, idle=None)
    require_timeout((await _stalled(contract, tape, tape.answer((), End.HANG), limits, 60)).error, "first_event")


@case("The idle clock runs out in the middle of an answer, and what had come is kept", good, AN_ANSWER)
async def clock_idle(contract: AskingContract, tape: Tape) -> None:
    limits = Timeouts(connect=None, first_event=30, idle=30)
    for place in some(range(1, len(contract.units(tape))), contract.limit // 6):
        await _silent_after(contract, tape, place, limits, "idle", "first_event")


@case("The total clock runs out in the middle of an answer", a_good, AN_ANSWER)
async def clock_total(contract: AskingContract, tape: Tape) -> None:
    limits = Timeouts(connect=None, first_event=None, idle=None, total=30)
    await _silent_after(contract, tape, len(contract.units(tape)) // 2, limits, "total")


async def _silent_after(contract: AskingContract, tape: Tape, place: int, limits: Timeouts, *clocks: str) -> None:
    """The first so many pieces, and then silence for 30 seconds: a timeout, unless the answer was over."""
    wanted = await contract.expected(tape)
    answer = tape.answer(contract.units(tape)[:place], End.HANG)
    answered = await _stalled(contract, tape, answer, limits, 30)
    if answered.error is None:
        require_equal("the answer", answered.value, wanted)
        return
    require_timeout(answered.error, *clocks)
    contract.check_partial(answered.error, wanted)


@case("Cancelling before anything came raises CancelledError and closes the connection", a_good, AN_ANSWER)
async def cancel_before_the_answer(contract: AskingContract, tape: Tape) -> None:
    await _cancelled(contract, tape, MutantAnswer(connects=False), "while connecting")
    await _cancelled(contract, tape, MutantAnswer(answers=False), "before the head")
    await _cancelled(contract, tape, tape.answer((), End.HANG), "after the head")


@case("Cancelling at any piece of an answer does too", good, AN_ANSWER)
async def cancel_at_any_piece(contract: AskingContract, tape: Tape) -> None:
    for place in some(range(1, len(contract.units(tape))), contract.limit // 6):
        answer = tape.answer(contract.units(tape)[:place], End.HANG)
        await _cancelled(contract, tape, answer, f"after {place} piece(s)")


async def _cancelled(contract: AskingContract, tape: Tape, answer: Any, where: str) -> None:
    """The caller's task is cancelled while the server is silent (Any: an answer that the wire plays)."""
    played = contract.play(tape, answer)
    call = asyncio.ensure_future(played.ask())
    try:
        await _silent(contract, played, call)
        if call.done():
            require_equal(f"the answer {where}", call.result().whole(), await contract.expected(tape))
            return
        call.cancel()
        done, _ = await asyncio.wait([call], timeout=contract.patience)
        require(done, f"a call cancelled {where} goes on")
        require(call.cancelled(), f"a call cancelled {where} ends with {_end(call)}")
    finally:
        call.cancel()
    await turns()
    require_equal(f"answers left open, cancelled {where}", played.wire.unclosed, 0)
    require_equal(f"requests, cancelled {where}", len(played.wire.requests), 1)


def _end(call: asyncio.Future[Any]) -> str:  # Any: whatever it gave
    return "nothing" if call.cancelled() else repr(call.exception() or call.result())[:200]


CASES: tuple[Case[Any], ...] = (
    clock_connect,
    clock_first_event,
    clock_idle,
    clock_total,
    cancel_before_the_answer,
    cancel_at_any_piece,
)
