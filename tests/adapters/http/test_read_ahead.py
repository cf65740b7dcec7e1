"""Reading ahead: everything that has arrived at once, and nothing left open."""

from __future__ import annotations

import asyncio

from modelport.adapters.http.read_ahead import ReadAhead


async def test_read_ahead_joins_what_has_arrived_and_keeps_the_order() -> None:
    gate = asyncio.Event()

    async def source() -> object:
        for number in range(5):
            yield bytes([number])
        await gate.wait()
        yield b"last"

    pieces = []
    async for data in ReadAhead(source()):  # type: ignore[arg-type]  # an async generator of bytes
        pieces.append(data)
        gate.set()
    assert b"".join(pieces) == bytes(range(5)) + b"last"
    assert len(pieces) == 2


async def test_read_ahead_leaves_on_the_network_what_nobody_reads() -> None:
    produced = 0

    async def source() -> object:
        nonlocal produced
        while True:
            produced += 1
            yield b"x" * 1000
            await asyncio.sleep(0)

    body = ReadAhead(source(), high_water=5000)  # type: ignore[arg-type]  # an async generator of bytes
    await anext(body)
    for _ in range(100):
        await asyncio.sleep(0)
    assert produced < 15
    await body.aclose()


async def test_read_ahead_leaves_no_task_behind() -> None:
    async def source() -> object:
        yield b"x"
        await asyncio.Event().wait()

    body = ReadAhead(source())  # type: ignore[arg-type]  # an async generator of bytes
    await anext(body)
    await body.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}
