"""A tool ends neither the agent nor the program, whatever it raises and however it is written."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

from modelport.agent import FunctionTool
from modelport.message import ToolResultState
from tests.application.agent.tool_support import called


class Own(BaseException):
    """As pytest, anyio and greenlet have some."""


EXITS = [SystemExit, KeyboardInterrupt, GeneratorExit, Own, lambda: BaseExceptionGroup("all", [Own()])]


def sync(error: Callable[[], BaseException]) -> Any:
    def tool() -> None:
        raise error()

    return tool


def sync_generator(error: Callable[[], BaseException]) -> Any:
    def tool() -> Any:
        yield 1
        raise error()

    return tool


def at_once(error: Callable[[], BaseException]) -> Any:
    async def tool() -> None:
        raise error()

    return tool


def after_a_wait(error: Callable[[], BaseException]) -> Any:
    async def tool() -> None:
        await asyncio.sleep(0)
        raise error()

    return tool


def of_a_future(error: Callable[[], BaseException]) -> Any:
    async def tool() -> None:
        future = asyncio.get_running_loop().create_future()
        future.set_exception(error())
        await future

    return tool


def returned(error: Callable[[], BaseException]) -> Any:
    def tool() -> Any:
        return after_a_wait(error)()

    return tool


def generated(error: Callable[[], BaseException]) -> Any:
    async def tool() -> Any:
        yield 1
        raise error()

    return tool


def bound(error: Callable[[], BaseException]) -> Any:
    async def tool(more: int) -> None:
        raise error()

    return functools.partial(tool, more=1)


@pytest.mark.parametrize("error", EXITS, ids=["system", "keyboard", "generator", "own", "group"])
@pytest.mark.parametrize(
    "shape", [sync, sync_generator, at_once, after_a_wait, of_a_future, returned, generated, bound]
)
async def test_every_exit_is_a_result(shape: Callable[[Any], Any], error: Callable[[], BaseException]) -> None:
    result = await called(FunctionTool(shape(error), name="tool"), "{}")
    name = type(error()).__name__
    assert (result.state, result.output) == (ToolResultState.ERROR, f"RuntimeError: the function raised {name}")


async def test_closing_the_call_closes_the_tool() -> None:
    seen: list[str] = []

    async def tool() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except GeneratorExit:
            seen.append("closed")
            raise

    call = FunctionTool(tool)("{}")
    call.send(None)
    call.close()
    assert seen == ["closed"]


async def test_what_the_loop_throws_reaches_the_tool() -> None:
    seen: list[str] = []

    async def tool() -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            seen.append("cancelled")
            await asyncio.sleep(0)
            seen.append("cleaned up")
            raise
        return "late"

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await FunctionTool(tool)("{}")
    assert seen == ["cancelled", "cleaned up"]
