"""What a streamed chat costs on each transport: CPU per event, against the bare library with orjson, in the same run.

    python tests/benchmarks/transports.py [--events 100] [--streams 100] [--delay-ms 20] [--rounds 5] [--port PORT]

One event a packet and all streams at once, as in real life. Without `--port` a server is started that speaks Chat
Completions from bytes made beforehand. Bound: at most 1.25 times the bare library.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

PEERS = ["floor", "httpx", "floor_aiohttp", "aiohttp"]
PAIRS = [("httpx", "floor"), ("aiohttp", "floor_aiohttp")]
BOUND = 1.25
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
One = Callable[[], Awaitable[int]]


def text_of(data: bytes) -> int:
    """The length of one event's text, read with the least that is needed."""
    import orjson

    if not data or data[6:] == b"[DONE]":
        return 0
    choices = orjson.loads(data[6:])["choices"]
    return len(choices[0]["delta"].get("content") or "") if choices else 0


def floor(url: str) -> One:
    """Httpx alone."""
    import httpx

    client = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None, max_keepalive_connections=None))

    async def one() -> int:
        total, rest = 0, b""
        async with client.stream("POST", url + "/chat/completions", json={"stream": True}) as response:
            async for data in response.aiter_bytes():
                *events, rest = (rest + data).split(b"\n\n")
                total += sum(map(text_of, events))
        return total

    return one


def floor_aiohttp(url: str) -> One:
    """Aiohttp alone."""
    import aiohttp

    sessions: list[aiohttp.ClientSession] = []

    async def one() -> int:
        if not sessions:
            sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        total, rest = 0, b""
        async with sessions[0].post(url + "/chat/completions", json={"stream": True}) as response:
            async for data in response.content.iter_any():
                *events, rest = (rest + data).split(b"\n\n")
                total += sum(map(text_of, events))
        return total

    return one


def ours(adapter: str, url: str) -> One:
    """A chat model of a hub with that transport."""
    from modelport import Modelport
    from modelport.message import UserMsg

    hub = Modelport.from_mapping(
        {
            "transport": {"adapter": adapter},
            "credentials": {"here": {"provider": "openai", "api_key": "x-PlantedWord7", "base_url": url}},
            "chat": {"here": {"credential": "here", "model": "gpt-4.1"}},
        },
        {},
    )
    model = hub.chat("here")

    async def one() -> int:
        total = 0
        answer: Any = await model([UserMsg(name="user", content="hi")])  # Any: a stream, as asked
        async for response in answer:
            if not response.is_last:
                total += sum(len(str(block.text)) for block in response.content)
        return total

    return one


async def measure(one: One, options: argparse.Namespace) -> float:
    """Microseconds of CPU per event, with every stream checked."""
    first = await one()
    assert first, "the server sends text"
    start = time.process_time()
    totals = await asyncio.gather(*(one() for _ in range(options.streams)))
    assert set(totals) == {first}, "every stream is whole"
    spent = time.process_time() - start
    return spent / int(options.streams) / int(options.events) * 1e6


async def serve(options: argparse.Namespace) -> None:
    """Speak Chat Completions, one event a packet; the port is printed."""
    events = [{"choices": [{"index": 0, "delta": {"content": f"{number:05d} "}}]} for number in range(options.events)]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    frames = [f"data: {json.dumps({'id': 'c', 'model': 'gpt-4.1', **event})}\n\n".encode() for event in events]
    packets = [b"%x\r\n%b\r\n" % (len(frame), frame) for frame in [*frames, b"data: [DONE]\n\n"]]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
                writer.write(HEAD)
                for packet in packets:
                    writer.write(packet)
                    await asyncio.sleep(options.delay_ms / 1000)
                writer.write(b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def run(peer: str, options: argparse.Namespace) -> float:
    """One measurement in a process of its own."""
    names = ("events", "streams", "delay_ms", "port")
    given = [f"--{name.replace('_', '-')}={getattr(options, name)}" for name in names]
    result = subprocess.run([sys.executable, __file__, f"--peer={peer}", *given], capture_output=True, check=True)
    return float(result.stdout)


def compare(options: argparse.Namespace) -> int:
    """Print the figures; 1 when a bound is broken."""
    rounds = [{peer: run(peer, options) for peer in PEERS} for _ in range(options.rounds)]
    for peer in PEERS:
        print(f"{peer:14} {statistics.median(figures[peer] for figures in rounds):7.1f} us of CPU per event")
    worst = 0.0
    for peer, bare in PAIRS:
        ratio = statistics.median(figures[peer] / figures[bare] for figures in rounds)
        print(f"{peer} / {bare}: {ratio:.2f} (bound {BOUND})")
        worst = max(worst, ratio)
    return int(worst > BOUND)


def main() -> int:
    """Compare, or be one of the processes that are compared."""
    parser = argparse.ArgumentParser()
    for name, default in (("events", 100), ("streams", 100), ("rounds", 5), ("port", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--delay-ms", type=float, default=20.0)
    parser.add_argument("--peer", choices=[*PEERS, "serve"])
    options = parser.parse_args()
    if options.peer == "serve":
        asyncio.run(serve(options))
    if options.peer:
        url = f"http://127.0.0.1:{options.port}/v1"
        bare = {"floor": floor, "floor_aiohttp": floor_aiohttp}.get(options.peer)
        print(asyncio.run(measure(bare(url) if bare else ours(options.peer, url), options)))
        return 0
    if options.port:
        return compare(options)
    arguments = ["--peer=serve", f"--events={options.events}", f"--delay-ms={options.delay_ms}"]
    with subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        options.port = int(server.stdout.readline())
        try:
            return compare(options)
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
