"""Each of the four clocks runs out where it should, and only there; no time passes in truth."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ....domain.retry import Timeouts
from ...clock import VirtualClock
from ..chat.collect import Heard, hear, told
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import CassetteMutant, End, MutantAnswer
from ..core.recordings import Taped
from .selectors import A_STREAM, a_stream, some, streams
from .timeouts import require_timeout, turns, until_silent

if TYPE_CHECKING:
    from ..chat.contract import ChatContract

__all__ = ["CASES"]


async def _stalled(
    contract: ChatContract, tape: Taped, answer: MutantAnswer, limits: Timeouts, seconds: float
) -> Heard:
    """What a call gives whose server falls silent, once so many seconds have passed; earlier only a whole answer."""
    clock = VirtualClock()
    model, mutant = contract.play(tape, answer, clock=clock, timeouts=limits, max_retries=0)
    call = asyncio.create_task(hear(model))
    try:
        await until_silent(mutant.waiting, call, contract.patience)
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
    _check_closed(mutant, clock)
    return call.result()


def _check_closed(mutant: CassetteMutant, clock: VirtualClock) -> None:
    require_equal("answers left open", mutant.unclosed, 0)
    require_equal("timers left", clock.pending, 0)


@case("The connect clock runs out when no connection comes", a_stream, A_STREAM)
async def clock_connect(contract: ChatContract, tape: Taped) -> None:
    limits = Timeouts(connect=10, first_event=60)
    require_timeout((await _stalled(contract, tape, MutantAnswer(connects=False), limits, 10)).error, "connect")


@case("The first-event clock runs out when no head comes, or nothing after it", a_stream, A_STREAM)
async def clock_first_event(contract: ChatContract, tape: Taped) -> None:
    limits = Timeouts(first_event=60, idle=None)
    for answer in (MutantAnswer(answers=False), tape.answer((), End.HANG)):
        require_timeout((await _stalled(contract, tape, answer, limits, 60)).error, "first_event")


@case("The idle clock runs out after any event, and what had come is kept", streams, A_STREAM)
async def clock_idle(contract: ChatContract, tape: Taped) -> None:
    for place in some(range(1, len(tape.frames)), contract.limit // 6):
        await _silent_after(contract, tape, place, Timeouts(first_event=30, idle=30), "idle", "first_event")


@case("The total clock runs out in the middle of an answer", a_stream, A_STREAM)
async def clock_total(contract: ChatContract, tape: Taped) -> None:
    limits = Timeouts(first_event=None, idle=None, total=30)
    await _silent_after(contract, tape, len(tape.frames) // 2, limits, "total")


async def _silent_after(contract: ChatContract, tape: Taped, place: int, limits: Timeouts, *clocks: str) -> None:
    """The first so many events, and then silence for 30 seconds: a timeout, unless the answer was over."""
    wanted = await contract.expected(tape)
    heard = await _stalled(contract, tape, tape.answer(tape.frames[:place], End.HANG), limits, 30)
    if heard.error is None:
        require_equal("the answer", told(heard.whole(), tape.body).blocks, wanted.blocks)
        return
    require_timeout(heard.error, *clocks)
    partial = heard.error.partial
    require(partial is not None and wanted.begins_with(told(partial)), f"partial is {partial!r:.300}")


CASES: tuple[Case[Any], ...] = (clock_connect, clock_first_event, clock_idle, clock_total)
