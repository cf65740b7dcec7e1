"""What one short call costs: CPU of a whole answer and of a stream of ten events, for each API over both transports.

    python -m tests.benchmarks.short_call [--smoke]

Beside each stand the bare library with orjson and, where it is installed, the vendor's SDK, one call after the other in
one process, a block of calls of each in turn. The own part is the cost of a call over httpx without that of bare httpx.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from contextlib import suppress

from tests.benchmarks.short_peers import APIS, SDKS, Peer, bare_aiohttp, bare_httpx, ours_aiohttp, ours_httpx
from tests.benchmarks.short_server import STREAMED, TEXT
from tests.benchmarks.table import Row, main

OWN_PART = 100.0
"""Microseconds."""
BESIDE_AIOHTTP = 1.8
CALLS, ROUNDS = 25, 11
Costs = dict[str, float]


async def measure(name: str, url: str, stream: bool, smoke: bool) -> Costs:
    """Microseconds of CPU per call, by who makes it; every answer is checked."""
    api, wanted = APIS[name], STREAMED if stream else TEXT
    ways: dict[str, Peer] = {
        "bare httpx": bare_httpx(api, url, stream),
        "httpx": ours_httpx(api, url, stream),
        "bare aiohttp": bare_aiohttp(api, url, stream),
        "aiohttp": ours_aiohttp(api, url, stream),
    }
    if name in SDKS:
        with suppress(ImportError):  # its row says so
            ways[SDKS[name][0]] = SDKS[name][1](url, stream)
    calls, rounds = (1, 1) if smoke else (CALLS, ROUNDS)
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for one, _ in ways.values():
        for _ in range(0 if smoke else 10):
            assert await one() == wanted, "the answer is whole"
    gc.collect()
    gc.freeze()  # the modules, which the collections below would go through each time
    for _ in range(rounds):
        for way, (one, _) in ways.items():
            gc.collect()
            begun = time.process_time()
            for _ in range(calls):
                text = await one()
            spent[way].append((time.process_time() - begun) / calls * 1e6)
            assert text == wanted, "the answer is whole"
    gc.unfreeze()
    for _, close in ways.values():
        await close()
    await asyncio.sleep(0)  # the sockets close in the next round of the loop
    return {way: min(costs) for way, costs in spent.items()}  # load only ever adds


def _rows(name: str, what: str, costs: Costs) -> list[Row]:
    """The rows of one API: the own part, over aiohttp, and beside the SDK."""
    what = f"{name}, {what}"
    part = max(0.0, costs["httpx"] - costs["bare httpx"])
    note = f"{costs['httpx']:.0f} µs in all, bare httpx {costs['bare httpx']:.0f}"
    rows = [
        Row(f"{what}, httpx: own part", part, None, "", "µs of CPU", OWN_PART, note),
        Row(f"{what}, aiohttp", costs["aiohttp"], costs["bare aiohttp"], "aiohttp alone", "µs of CPU", BESIDE_AIOHTTP),
    ]
    if name in SDKS:
        peer, _, transport = SDKS[name]
        rows.append(Row(f"{what}, {transport}", costs[transport], costs.get(peer), peer, "µs of CPU", 1.0))
    return rows


def rows(smoke: bool) -> list[Row]:
    """All APIs, whole and streaming."""
    command = [sys.executable, "-m", "tests.benchmarks.short_server"]
    measured: list[Row] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        try:
            for stream, what in ((False, "one short call"), (True, "a stream of 10 events")):
                for name in APIS:
                    measured += _rows(name, what, asyncio.run(measure(name, url, stream, smoke)))
        finally:
            server.kill()
    return measured


if __name__ == "__main__":
    main(rows)
