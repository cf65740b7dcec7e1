"""Many calls at once: CPU of a call, how long the loop is held, peak memory and failures, by transport.

    python -m tests.benchmarks.bursts [--smoke]

A server in another process answers each call after a second, as models do, so that all calls of a round are in flight
together. Each client is a process of its own. Beside it stands bare aiohttp without any limit of connections.
"""

from __future__ import annotations

import asyncio
import json
import resource
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.short_server import ROUTES, TEXT
from tests.benchmarks.table import Row, main

PEM = Path(__file__).parent.parent / "adapters/media/media_example.pem"
WHOLE = ROUTES[b"/chat/completions"][0]
FLOOR = "aiohttp alone"
TRANSPORTS = ("auto", "httpx", "httpx2", "aiohttp")
PER_CALL = 1.5
"""Milliseconds of CPU."""
BESIDE_FLOOR = 1.3
"""Of the floor's seconds: a second for each round, in which all wait, and the CPU time of all calls."""
IN_FLIGHT = ((20, 5), (100, 2), (400, 2))
"""Calls in flight, and rounds of them."""
Call = Callable[[], Awaitable[str]]


class Answers(asyncio.Protocol):
    """Answers every request of a connection with the same bytes, each after a while."""

    seconds = 1.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection."""
        self.transport: Any = transport  # Any: one that writes
        self.received = b""

    def data_received(self, data: bytes) -> None:
        """Count the requests that are whole."""
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, rest = self.received.partition(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length:")[2].split()[0])
            if len(rest) < size:
                return
            self.received = rest[size:]
            asyncio.get_running_loop().call_later(self.seconds, self.transport.write, WHOLE)


async def serve() -> None:
    """Serve with and without TLS until the process is killed; prints both ports."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    loop, ports = asyncio.get_running_loop(), []
    for tls in (None, context):
        server = await loop.create_server(Answers, "127.0.0.1", 0, backlog=8192, ssl=tls)
        ports.append(str(server.sockets[0].getsockname()[1]))
    print(*ports, flush=True)
    await asyncio.Event().wait()


@asynccontextmanager
async def bare(url: str) -> AsyncGenerator[Call, None]:
    """Aiohttp alone, with orjson."""
    import aiohttp
    import orjson

    body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=False)) as session:

        async def call() -> str:
            async with session.post(url + "/chat/completions", data=body) as response:
                return str(orjson.loads(await response.read())["choices"][0]["message"]["content"])

        yield call


@asynccontextmanager
async def ours(adapter: str, url: str) -> AsyncGenerator[Call, None]:
    """A chat model of a hub with that transport, and without retries, so that each failure counts."""
    from modelport import Modelport
    from modelport.message import UserMsg

    credential = {"provider": "openai", "api_key": "x-PlantedWord7", "base_url": url}
    settings = {
        "transport": {"adapter": adapter, "verify": False},
        "credentials": {"here": credential},
        "chat": {"here": {"credential": "here", "model": "gpt-4.1", "stream": False, "retry": {"max_retries": 0}}},
    }
    async with Modelport.from_mapping(settings, {}) as hub:
        model = hub.chat("here")

        async def call() -> str:
            answer: Any = await model([UserMsg(name="user", content="hi")])  # Any: whole, as asked
            return str(answer.text)

        yield call


async def longest_hold(held: list[float]) -> None:
    """Put the most CPU time that passed between two turns of the loop into `held`."""
    last = time.thread_time()
    while True:
        await asyncio.sleep(0.005)
        now = time.thread_time()
        held[0] = max(held[0], now - last)
        last = now


async def burst(call: Call, at_once: int, rounds: int) -> dict[str, float]:
    """All calls of a round at once, the rounds after one another; every answer is checked."""
    assert await call() == TEXT
    held = [0.0]
    watch = asyncio.create_task(longest_hold(held)) if at_once > IN_FLIGHT[-1][0] else None  # which costs time itself
    wall, cpu = time.perf_counter(), time.process_time()
    failures = 0
    for _ in range(rounds):
        answers = await asyncio.gather(*(call() for _ in range(at_once)), return_exceptions=True)
        failures += sum(answer != TEXT for answer in answers)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if watch is not None:
        watch.cancel()
    calls = at_once * rounds
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"failures": failures, "wall": wall, "ms": cpu / calls * 1e3, "held": held[0] * 1e3, "memory": memory}


def open_files() -> None:
    """Let the process have as many connections as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 20_000)), hard))


def client(peer: str, url: str, at_once: int, rounds: int) -> dict[str, float]:
    """One burst in this process."""

    async def run() -> dict[str, float]:
        async with bare(url) if peer == FLOOR else ours(peer, url) as call:
            return await burst(call, at_once, rounds)

    return asyncio.run(run())


def measured(peer: str, url: str, at_once: int, rounds: int) -> dict[str, float]:
    """One burst in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bursts", "--client", peer, url, str(at_once), str(rounds)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(ended.stdout))


Run = Callable[[str, int, int], dict[str, float]]


def note(found: dict[str, float]) -> str:
    """What the columns do not say."""
    return (
        f"{found['failures']:.0f} failures, {found['ms']:.2f} ms of CPU a call, {found['wall']:.1f} s, "
        f"loop held {found['held']:.0f} ms, peak {found['memory']:.0f} MiB"
    )


class Bursts:
    """Runs bursts and counts the failures of ours. `size` gives the number of calls for the full number."""

    def __init__(self, run: Run, size: Callable[[int], int], answers_after: float) -> None:
        self.run, self.size, self.answers_after = run, size, answers_after
        self.failures = 0.0

    def ours(self, peer: str, number: int, rounds: int) -> dict[str, float]:
        """A burst of ours."""
        found = self.run(peer, number, rounds)
        self.failures += found["failures"]
        return found

    def in_flight(self, number: int, rounds: int) -> list[Row]:
        """CPU of a call with so many in flight."""
        number = self.size(number)
        floor = self.run(FLOOR, number, rounds)
        found = []
        for peer in TRANSPORTS[:3]:
            each = self.ours(peer, number, rounds)
            what = f"a call with {number} in flight, transport {peer}"
            found.append(Row(what, each["ms"], None, "", "ms", PER_CALL, f"{FLOOR}: {floor['ms']:.2f} ms"))
        return found

    def at_once(self, what: str, transports: tuple[str, ...], number: int, rounds: int) -> list[Row]:
        """The seconds that all rounds would take on a processor of their own."""
        number = self.size(number)
        floor = self.run(FLOOR, number, rounds)
        found = []
        for peer in transports:
            each = self.ours(peer, number, rounds)
            name = f"{number:,} {what}, transport {peer}"
            more = f"{note(each)}; {FLOOR}: {note(floor)}"
            seconds, bare = (rounds * self.answers_after + took["ms"] * number * rounds / 1e3 for took in (each, floor))
            goal = BESIDE_FLOOR if peer in ("auto", "aiohttp") else None
            found.append(Row(name, seconds, bare, FLOOR, "s", goal, more))
        return found


def rows(smoke: bool) -> list[Row]:
    """Calls in flight, bursts with and without TLS, and 5,000 calls at once on every transport."""
    after = 0.01 if smoke else 1.0
    command = [sys.executable, "-m", "tests.benchmarks.bursts", "--serve", str(after)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        plain, secure = server.stdout.readline().split()

        def bursts(url: str) -> Bursts:
            one = client if smoke else measured
            return Bursts(
                lambda peer, number, rounds: one(peer, url, number, rounds), lambda full: 3 if smoke else full, after
            )

        open_ones, secure_ones = bursts(f"http://127.0.0.1:{plain}/v1"), bursts(f"https://127.0.0.1:{secure}/v1")
        found = [row for number, rounds in IN_FLIGHT for row in open_ones.in_flight(number, rounds)][
            : 3 if smoke else None
        ]
        found += open_ones.at_once("calls at once, three times", TRANSPORTS[:2], 1000, 3)
        found += secure_ones.at_once("calls at once over TLS, three times", TRANSPORTS[:2], 500, 3)
        found += open_ones.at_once("calls at once", TRANSPORTS, 5000, 1)
        failures = open_ones.failures + secure_ones.failures
        assert not (smoke and failures), f"{failures} calls failed"
        return [*found, Row("calls that failed in all of these", failures, None, "", "calls", 0)]
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        open_files()
        Answers.seconds = float(sys.argv[2])
        asyncio.run(serve())
    elif sys.argv[1:2] == ["--client"]:
        open_files()
        print(json.dumps(client(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))))
    else:
        main(rows)
