"""The thread for short work: what it returns and raises, who waits for it, and when it ends."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import weakref
from threading import Event, get_ident

import pytest

from modelport.application.call.worker import Worker
from tests.dev_mode import run_in_dev_mode


async def test_work_runs_in_one_other_thread() -> None:
    worker = Worker()
    threads = {await worker.run(get_ident) for _ in range(20)}
    assert len(threads) == 1
    assert get_ident() not in threads
    assert await worker.run(int, "7") == 7


async def test_what_work_raises_is_raised_here() -> None:
    worker = Worker()
    with pytest.raises(ValueError, match="seven"):
        await worker.run(int, "seven")
    assert await worker.run(int, "7") == 7


async def test_work_of_others_does_not_wait_for_long_work() -> None:
    worker, begun, go = Worker(), Event(), Event()

    def work() -> bool:
        begun.set()
        return go.wait()

    long = asyncio.ensure_future(worker.run(work))
    await asyncio.to_thread(begun.wait)
    assert await worker.run(int, "7") == 7
    go.set()
    assert await long


async def test_work_that_was_begun_is_ended_after_a_cancellation_and_then_is_called() -> None:
    worker, go, begun, ended, after = Worker(), Event(), Event(), Event(), asyncio.Event()

    def work() -> None:
        begun.set()
        go.wait()
        ended.set()

    future = worker.start(work, after.set)
    await asyncio.to_thread(begun.wait)
    future.cancel()
    assert not ended.is_set()
    go.set()
    await after.wait()
    assert ended.is_set()


def test_several_event_loops_in_turn_and_one_that_is_closed_too_early() -> None:
    worker, go = Worker(), Event()
    assert asyncio.run(worker.run(int, "1")) == 1
    loop = asyncio.new_event_loop()

    async def leave() -> None:
        worker.start(go.wait)

    loop.run_until_complete(leave())
    loop.close()
    go.set()
    assert asyncio.run(worker.run(int, "2")) == 2


async def test_the_thread_ends_with_its_owner_and_keeps_nothing_of_its_work() -> None:
    class Thing:
        def work(self) -> threading.Thread:
            return threading.current_thread()

    worker, thing = Worker(), Thing()
    thread, kept = await worker.run(thing.work), weakref.ref(thing)
    del thing
    gc.collect()
    assert kept() is None
    del worker
    gc.collect()
    await asyncio.to_thread(thread.join, 30)
    assert not thread.is_alive()


def test_a_process_ends_with_a_thread_that_waits() -> None:
    code = """
import asyncio
from modelport.application.call.worker import Worker
worker = Worker()
print(asyncio.run(worker.run(int, "7")))
"""
    assert run_in_dev_mode(code) == (0, "7\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_has_a_thread_of_its_own() -> None:
    code = """
import asyncio, os
from modelport.application.call.worker import Worker
worker = Worker()
assert asyncio.run(worker.run(int, "7")) == 7
child = os.fork()
if not child:
    os._exit(asyncio.run(asyncio.wait_for(worker.run(int, "8"), 30)))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), asyncio.run(worker.run(int, "9")))
"""
    status, printed, errors = run_in_dev_mode(code)
    assert (status, printed) == (0, "8 9\n"), errors
