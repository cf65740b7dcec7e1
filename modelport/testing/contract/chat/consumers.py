"""Callers that stop reading, read in parallel, or lose the connection: nothing is left open, nothing is mixed up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from ....domain.errors import StreamTruncatedError
from ...servers.http import ABORT, CLOSE, HANG
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import End
from ..core.recordings import Recording
from ..model.selectors import simplest, some
from ..model.sockets import require_closed, served
from .base import A_STREAM, ChatContractBase, streams
from .collect import collect, normalized, question

__all__ = ["CASES"]


@case("Leaving a stream after any step and closing it closes the connection", streams, A_STREAM)
async def leave_at_any_step(contract: ChatContractBase, tape: Recording) -> None:
    steps = len([one async for one in await _stream(contract.play(tape, tape.answer(tape.frames))[0])])
    for place in some(range(steps), contract.limit // 3):
        model, wire = contract.play(tape, tape.answer(tape.frames))
        answer = await _stream(model)
        for _ in range(place):
            await anext(answer)
        await asyncio.wait_for(answer.aclose(), contract.patience)
        require_equal(f"answers left open after {place} step(s) and aclose()", wire.unclosed, 0)
        rest = [one async for one in answer]
        require_equal("what a closed stream gives", rest, [])


@case("asyncio.timeout, TaskGroup and `async with` end a stream properly", simplest, A_STREAM)
async def structured_concurrency(contract: ChatContractBase, tape: Recording) -> None:
    await _timeout(contract, tape)
    await _task_group(contract, tape)
    model, wire = contract.play(tape, tape.answer(tape.frames[:1], End.HANG))
    answer: Any = await _stream(model)  # Any: a stream is a context manager too
    async with answer:
        pass
    require_equal("answers left open after `async with`", wire.unclosed, 0)


async def _timeout(contract: ChatContractBase, tape: Recording) -> None:
    model, wire = contract.play(tape, tape.answer(tape.frames[:2], End.HANG))
    expired = False
    try:
        async with asyncio.timeout(0.01):
            await collect(model)
    except TimeoutError:
        expired = True
    require(expired, "asyncio.timeout does not end a stream")
    require_equal("answers left open after asyncio.timeout", wire.unclosed, 0)


async def _task_group(contract: ChatContractBase, tape: Recording) -> None:
    model, wire = contract.play(tape, tape.answer(tape.frames[:2], End.HANG))

    async def fail() -> None:
        await asyncio.wait_for(wire.waiting.wait(), contract.patience)
        raise LookupError

    failures: ExceptionGroup | None = None
    try:
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(collect(model))
            group.create_task(fail())
    except ExceptionGroup as error:
        failures = error
    require(failures is not None and failures.split(LookupError)[1] is None, f"a task group ends with {failures!r}")
    require(reader.cancelled(), "a task of a failed group is not cancelled")
    require_equal("answers left open after a task group", wire.unclosed, 0)


async def _stream(model: Any) -> AsyncGenerator[Any, None]:  # Any: a model, its responses
    answer = await model(question())
    require(isinstance(answer, AsyncGenerator), f"with stream=True the call gives a {type(answer).__name__}")
    stream: AsyncGenerator[Any, None] = answer
    return stream


@case("Leaving a stream closes the socket", simplest, A_STREAM)
async def leaving_closes_the_socket(contract: ChatContractBase, tape: Recording) -> None:
    async with served(contract, tape, *tape.frames[:-1], HANG, stream=True) as (model, server):
        answer = await _stream(model)
        try:
            await asyncio.wait_for(anext(answer), contract.patience)
        except TimeoutError:
            raise AssertionError("all events but the last were sent, and no response came") from None
        finally:
            await answer.aclose()
        await require_closed(contract, server)


@case("A reset or closed connection is a StreamTruncatedError", simplest, A_STREAM)
async def reset_in_the_middle(contract: ChatContractBase, tape: Recording) -> None:
    first, second = tape.frames[:2]  # further on the answer may be complete but for its usage
    for end in (CLOSE, ABORT):
        async with served(contract, tape, first, second[: len(second) // 2], end, stream=True) as (model, _):
            result = await collect(model)
        found = repr(result.error or result.last)[:200]
        require(isinstance(result.error, StreamTruncatedError), f"{end.value} gives {found}")


@case("Different answers at once are not mixed up", simplest, A_STREAM)
async def different_at_once(contract: ChatContractBase, tape: Recording) -> None:
    tapes = contract.streams()  # data of a provider's own depend on the model asked, which is one here
    wanted = [(await contract.expected(each)).without_owned() for each in tapes]
    model, _ = contract.play(tape, *(each.answer(each.frames) for each in tapes))
    results = await asyncio.gather(*(collect(model) for _ in tapes))
    found = [normalized(one.whole(), each.body).without_owned() for one, each in zip(results, tapes, strict=True)]
    require_equal("the answers", found, wanted)


CASES: tuple[Case[Any], ...] = (
    leave_at_any_step,
    structured_concurrency,
    leaving_closes_the_socket,
    reset_in_the_middle,
    different_at_once,
)
