"""Many calls at once begin some at a time, in order, and never wait for one another's answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest

from modelport.application.call.pace import _MOST, begin_in_turn
from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel
from modelport.transport import HttpRequest, Timeouts


async def test_those_of_one_turn_begin_in_order_some_at_a_time() -> None:
    begun: list[int] = []

    async def one(number: int) -> None:
        await begin_in_turn()
        begun.append(number)

    tasks = [asyncio.create_task(one(number)) for number in range(3 * _MOST)]
    await asyncio.sleep(0)
    assert begun == list(range(_MOST))
    for _ in range(10):
        before = len(begun)
        await asyncio.sleep(0)
        assert len(begun) - before <= _MOST
    await asyncio.gather(*tasks)
    assert begun == list(range(3 * _MOST))


async def test_one_after_the_other_never_wait() -> None:
    for _ in range(3 * _MOST):
        beginning = begin_in_turn()
        with pytest.raises(StopIteration):
            beginning.send(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_those_that_are_cancelled_hold_nobody_up() -> None:
    tasks = [asyncio.create_task(begin_in_turn()) for _ in range(4 * _MOST)]
    await asyncio.sleep(0)
    for task in tasks[_MOST : 3 * _MOST]:
        task.cancel()
    await asyncio.wait(tasks)
    assert [task.cancelled() for task in tasks].count(True) == 2 * _MOST


def test_each_loop_has_a_pace_of_its_own() -> None:
    async def most() -> None:
        await asyncio.gather(*(begin_in_turn() for _ in range(2 * _MOST)))

    for _ in range(3):
        asyncio.run(most())


class _Answer:
    def __init__(self) -> None:
        self.status = 200
        self.headers = {"content-type": "application/json"}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        message = {"role": "assistant", "content": "x"}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        yield json.dumps({"id": "c", "model": "m", "choices": choices}).encode()

    async def aclose(self) -> None:
        """Nothing is open."""


class _Slow:
    """A transport that says nothing of its connections, and answers once all calls have been sent."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.sent = asyncio.Event()
        self.most = self.this_turn = 0

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> _Answer:
        self.calls -= 1
        self.this_turn += 1
        self.most = max(self.most, self.this_turn)
        asyncio.get_running_loop().call_soon(setattr, self, "this_turn", 0)
        if not self.calls:
            self.sent.set()
        await self.sent.wait()
        return _Answer()

    async def aclose(self) -> None:
        """Nothing is open."""


async def test_calls_of_models_are_all_in_flight_together() -> None:
    transport = _Slow(5 * _MOST)
    model = OpenAIChatModel(
        OpenAICredential(api_key="k"), "m", stream=False, transport=transport, timeouts=Timeouts(connect=60)
    )
    answers = await asyncio.gather(*(model([UserMsg("user", "Hello")]) for _ in range(5 * _MOST)))
    assert {answer.text for answer in answers} == {"x"}
    assert transport.most == _MOST
