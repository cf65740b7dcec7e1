"""Sync tools that hang hold neither the event loop's threads, nor other tools, nor the program's end."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from modelport.agent import Agent
from modelport.message import ToolCallBlock
from modelport.testing import ScriptedChatModel
from tests.application.agent.tool_support import called, results

_Gate = threading.Event


@pytest.fixture
def gate() -> Iterator[_Gate]:
    opened = threading.Event()
    yield opened
    opened.set()


def one_call(tool: str, count: int = 1) -> ScriptedChatModel:
    calls = [ToolCallBlock(id=f"c{number}", name=tool, input="{}") for number in range(count)]
    return ScriptedChatModel([calls, "done"], stream=False)


async def abandon(gate: _Gate, count: int) -> None:
    """Cancel so many replies whose tool hangs."""

    def stuck() -> None:
        gate.wait()

    agents = [Agent("a", one_call("stuck"), tools=[stuck]) for _ in range(count)]
    replies = [asyncio.create_task(agent.reply("x")) for agent in agents]
    await asyncio.sleep(0.3)
    for reply in replies:
        reply.cancel()
    await asyncio.gather(*replies, return_exceptions=True)


async def test_hanging_tools_hold_no_thread_that_others_need(gate: _Gate) -> None:
    await abandon(gate, 40)
    async with asyncio.timeout(20):
        await asyncio.get_running_loop().getaddrinfo("localhost", 80)
        await asyncio.to_thread(time.sleep, 0)

        def quick() -> str:
            return threading.current_thread().name

        assert (await called(quick, "{}")).output == "modelport-tool-quick"


async def test_threads_are_bounded() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    agent = Agent("a", one_call("work", 200), tools=[work])
    async with asyncio.timeout(60):
        await agent.reply("x")
    assert most <= 64 and {result.state for result in results(agent)} == {"success"} and len(results(agent)) == 200


async def test_too_many_hanging_threads_are_an_error_result(gate: _Gate) -> None:
    ended = threading.active_count()
    for _ in range(5):
        await abandon(gate, 60)
    assert threading.active_count() - ended <= 256 + 64

    def quick() -> str:
        return "q"

    assert "256 cancelled calls of tools are still running" in str((await called(quick, "{}")).output)
    gate.set()
    async with asyncio.timeout(20):
        while (result := await called(quick, "{}")).output != "q":
            assert result.state == "error"
            await asyncio.sleep(0.05)


async def test_a_tool_gets_the_callers_context() -> None:
    place = contextvars.ContextVar("place", default="none")

    def where() -> str:
        return place.get()

    place.set("here")
    assert (await called(where, "{}")).output == "here"


_PROGRAM = """
import asyncio, signal, threading, time
from modelport.agent import Agent
from modelport.message import ToolCallBlock
from modelport.testing import ScriptedChatModel

signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests were started with it ignored

def stuck():
    threading.Event().wait()

async def busy():
    print("busy", flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass

async def main():
    tool = {tool}
    model = ScriptedChatModel([ToolCallBlock(id="c", name=tool.__name__, input="{{}}"), "done"], stream=False)
    async with asyncio.timeout({seconds}):
        await Agent("a", model, tools=[tool]).reply("x")

{run}
"""


def test_a_hanging_tool_does_not_keep_the_program() -> None:
    program = _PROGRAM.format(tool="stuck", seconds=0.2, run="asyncio.run(main())")
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert b"TimeoutError" in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
@pytest.mark.parametrize(
    ("run", "signals"), [("asyncio.run(main())", 2), ("asyncio.new_event_loop().run_until_complete(main())", 1)]
)
def test_the_users_interrupt_ends_an_async_tool(run: str, signals: int) -> None:
    """`asyncio.run` cancels the main task at the first one, which the busy tool does not notice, and raises then."""
    program = _PROGRAM.format(tool="busy", seconds=60, run=run)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == b"busy\n"
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        assert process.poll() is not None
        assert b"KeyboardInterrupt" in process.stderr.read()
