"""Whoever stops listening is let go at once: cancelled or left, the connection is closed and nothing goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import CassetteMutant, End, MutantAnswer
from ..core.recordings import Taped
from ..model.selectors import A_STREAM, a_body, a_stream, some, streams
from ..model.timeouts import until_silent
from .collect import hear, question

if TYPE_CHECKING:
    from .contract import ChatContract

__all__ = ["CASES"]


@case("Cancelling at any event raises CancelledError and closes the connection", streams, A_STREAM)
async def cancel_at_any_event(contract: ChatContract, tape: Taped) -> None:
    for place in some(range(len(tape.frames)), contract.limit // 3):
        answer = tape.answer(tape.frames[:place], End.HANG)
        await _cancelled(contract, tape, answer, f"after {place} event(s)")


@case("Cancelling before the head of the answer does too", a_stream, A_STREAM)
async def cancel_before_the_head(contract: ChatContract, tape: Taped) -> None:
    for stream in (True, False):
        await _cancelled(contract, tape, MutantAnswer(connects=False), "while connecting", stream=stream)
        await _cancelled(contract, tape, MutantAnswer(answers=False), "before the head", stream=stream)


@case("Cancelling in the middle of an answer in one piece does too", a_body, "a cassette of an answer in one piece")
async def cancel_in_a_body(contract: ChatContract, tape: Taped) -> None:
    answer = tape.answer((tape.body[: len(tape.body) // 2],), End.HANG)
    await _cancelled(contract, tape, answer, "in the body", stream=False)


async def _cancelled(
    contract: ChatContract, tape: Taped, answer: MutantAnswer, where: str, **options: Any
) -> None:  # Any: options of the model
    """The caller's task is cancelled while the server is silent."""
    model, mutant = contract.play(tape, answer, **options)
    call = asyncio.create_task(hear(model))
    try:
        await until_silent(mutant.waiting, call, contract.patience)
        call.cancel()
        done, _ = await asyncio.wait([call], timeout=contract.patience)
        require(done, f"a call cancelled {where} goes on")
        require(call.cancelled(), f"a call cancelled {where} ends with {_end(call)}")
    finally:
        call.cancel()
    require_equal(f"answers left open, cancelled {where}", mutant.unclosed, 0)
    require_equal(f"requests, cancelled {where}", len(mutant.requests), 1)


def _end(call: asyncio.Task[Any]) -> str:
    """How the task ended."""
    return "nothing" if call.cancelled() else repr(call.exception() or call.result())[:200]


@case("Leaving a stream after any step and closing it closes the connection", streams, A_STREAM)
async def leave_at_any_step(contract: ChatContract, tape: Taped) -> None:
    steps = len([one async for one in await _stream(*contract.play(tape, tape.answer(tape.frames)))])
    for place in some(range(steps), contract.limit // 3):
        model, mutant = contract.play(tape, tape.answer(tape.frames))
        answer = await _stream(model, mutant)
        for _ in range(place):
            await anext(answer)
        await asyncio.wait_for(answer.aclose(), contract.patience)
        require_equal(f"answers left open after {place} step(s) and aclose()", mutant.unclosed, 0)
        rest = [one async for one in answer]
        require_equal("what a closed stream gives", rest, [])


@case("asyncio.timeout, TaskGroup and `async with` end a stream as in any program", a_stream, A_STREAM)
async def structured_concurrency(contract: ChatContract, tape: Taped) -> None:
    await _timeout(contract, tape)
    await _task_group(contract, tape)
    model, mutant = contract.play(tape, tape.answer(tape.frames[:1], End.HANG))
    answer: Any = await _stream(model, mutant)  # Any: a stream is a context manager too
    async with answer:
        pass
    require_equal("answers left open after `async with`", mutant.unclosed, 0)


async def _timeout(contract: ChatContract, tape: Taped) -> None:
    model, mutant = contract.play(tape, tape.answer(tape.frames[:2], End.HANG))
    expired = False
    try:
        async with asyncio.timeout(0.01):
            await hear(model)
    except TimeoutError:
        expired = True
    require(expired, "asyncio.timeout does not end a stream")
    require_equal("answers left open after asyncio.timeout", mutant.unclosed, 0)


async def _task_group(contract: ChatContract, tape: Taped) -> None:
    model, mutant = contract.play(tape, tape.answer(tape.frames[:2], End.HANG))

    async def fail() -> None:
        await asyncio.wait_for(mutant.waiting.wait(), contract.patience)
        raise LookupError

    failures: ExceptionGroup | None = None
    try:
        async with asyncio.TaskGroup() as group:
            listener = group.create_task(hear(model))
            group.create_task(fail())
    except ExceptionGroup as error:
        failures = error
    require(failures is not None and failures.split(LookupError)[1] is None, f"a task group ends with {failures!r}")
    require(listener.cancelled(), "a task of a failed group is not cancelled")
    require_equal("answers left open after a task group", mutant.unclosed, 0)


async def _stream(model: Any, mutant: CassetteMutant) -> AsyncGenerator[Any, None]:  # Any: a model, its responses
    answer = await model(question())
    require(isinstance(answer, AsyncGenerator), f"with stream=True the call gives a {type(answer).__name__}")
    stream: AsyncGenerator[Any, None] = answer
    return stream


CASES: tuple[Case[Any], ...] = (
    cancel_at_any_event,
    cancel_before_the_head,
    cancel_in_a_body,
    leave_at_any_step,
    structured_concurrency,
)
