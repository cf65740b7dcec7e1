"""What a streamed chat costs on each transport, one event a packet and all streams at once, as in real life.

    python -m tests.benchmarks.transports [--smoke]

CPU of the client for each event, beside the bare library with orjson in the same run, each in a process of its own.
The server speaks Chat Completions from bytes made beforehand. Before it is measured, each client has used as many
connections as it will, so that their number shows.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.benchmarks.table import Row, main

BOUND = 1.15
UVLOOP = " in uvloop"
PAIRS = {
    "httpx": "bare httpx",
    "httpx2": "bare httpx2",
    "aiohttp": "bare aiohttp",
    "aiohttp" + UVLOOP: "bare aiohttp" + UVLOOP,
}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
One = Callable[[], Awaitable[int]]


def text_of(data: bytes) -> int:
    """The length of one event's text, read with the least that is needed."""
    import orjson

    if not data or data[6:] == b"[DONE]":
        return 0
    choices = orjson.loads(data[6:])["choices"]
    return len(choices[0]["delta"].get("content") or "") if choices else 0


@asynccontextmanager
async def bare_httpx(library: str, url: str) -> AsyncGenerator[One, None]:
    """The library alone."""
    module = importlib.import_module(library)
    limits = module.Limits(max_connections=None, max_keepalive_connections=None)
    async with module.AsyncClient(timeout=60, limits=limits) as client:

        async def one() -> int:
            total, rest = 0, b""
            async with client.stream("POST", url + "/chat/completions", json={"stream": True}) as response:
                async for data in response.aiter_bytes():
                    *events, rest = (rest + data).split(b"\n\n")
                    total += sum(map(text_of, events))
            return total

        yield one


@asynccontextmanager
async def bare_aiohttp(url: str) -> AsyncGenerator[One, None]:
    """Aiohttp alone."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one() -> int:
            total, rest = 0, b""
            async with session.post(url + "/chat/completions", json={"stream": True}) as response:
                async for data in response.content.iter_any():
                    *events, rest = (rest + data).split(b"\n\n")
                    total += sum(map(text_of, events))
            return total

        yield one


@asynccontextmanager
async def ours(adapter: str, url: str) -> AsyncGenerator[One, None]:
    """A chat model of a hub with that transport."""
    from modelport import Modelport
    from modelport.message import UserMsg

    settings = {
        "transport": {"adapter": adapter},
        "credentials": {"here": {"provider": "openai", "api_key": "x-PlantedWord7", "base_url": url}},
        "chat": {"here": {"credential": "here", "model": "gpt-4.1"}},
    }
    async with Modelport.from_mapping(settings, {}) as hub:
        model = hub.chat("here")

        async def one() -> int:
            total = 0
            answer: Any = await model([UserMsg(name="user", content="hi")])  # Any: a stream, as asked
            async for response in answer:
                if not response.is_last:
                    total += sum(len(str(block.text)) for block in response.content)
            return total

        yield one


async def measure(peer: str, url: str, events: int, streams: int) -> float:
    """Microseconds of CPU per event, with every stream checked."""
    name = peer.removeprefix("bare ")
    bare = bare_aiohttp(url) if name == "aiohttp" else bare_httpx(name, url)
    async with bare if peer != name else ours(name, url) as one:
        for _ in range(2):
            start = time.process_time()
            totals = await asyncio.gather(*(one() for _ in range(streams)))
            spent = time.process_time() - start
            assert set(totals) == {6 * events}, f"{peer}: {set(totals)} characters"
        return spent / streams / events * 1e6


def client(peer: str, url: str, events: int, streams: int) -> float:
    """One measurement in this process."""
    name = peer.removesuffix(UVLOOP)
    factory = None if name == peer else importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(measure(name, url, events, streams))


def measured(peer: str, url: str, events: int, streams: int) -> float:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.transports", "--client", peer, url, str(events), str(streams)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


async def serve(events: int, delay: float) -> None:
    """Speak Chat Completions, one event a packet; the port is printed."""
    sent = [{"choices": [{"index": 0, "delta": {"content": f"{number:05d} "}}]} for number in range(events)]
    sent.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    frames = [f"data: {json.dumps({'id': 'c', 'model': 'gpt-4.1', **event})}\n\n".encode() for event in sent]
    packets = [b"%x\r\n%b\r\n" % (len(frame), frame) for frame in [*frames, b"data: [DONE]\n\n"]]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
                writer.write(HEAD)
                for packet in packets:
                    writer.write(packet)
                    await asyncio.sleep(delay)
                writer.write(b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def rows(smoke: bool) -> list[Row]:
    """Each transport beside its library, medians of rounds in which all take turns."""
    events, streams, delay, rounds = (3, 2, 0.001, 1) if smoke else (60, 100, 0.02, 3)
    pairs = {ours: bare for ours, bare in PAIRS.items() if UVLOOP not in ours or importlib.util.find_spec("uvloop")}
    command = [sys.executable, "-m", "tests.benchmarks.transports", "--serve", str(events), str(delay)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        found: dict[str, list[float]] = {peer: [] for pair in pairs.items() for peer in pair}
        for _ in range(rounds):
            for peer, times in found.items():
                times.append((client if smoke else measured)(peer, url, events, streams))
    finally:
        server.kill()
        server.wait()
    medians = {peer: statistics.median(times) for peer, times in found.items()}
    what = f"an event in a packet of its own, {streams} streams, transport "
    return [
        Row(what + peer, medians[peer], medians[bare], bare, "µs", BOUND)
        if peer in pairs
        else Row(what + peer, 0.0, None, bare, "µs", None, "uvloop is not installed")
        for peer, bare in PAIRS.items()
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(int(sys.argv[2]), float(sys.argv[3])))
    elif sys.argv[1:2] == ["--client"]:
        print(client(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
    else:
        main(rows)
