"""Throughput of embedding calls against a loopback server, beside the official SDK, and what a warm cache saves.

usage: python tests/benchmarks/embedding.py throughput [COUNT] [BATCH] [PYTHON_OF_THE_SDK]
       python tests/benchmarks/embedding.py warm [COUNT] [BATCH] [SERVER_MILLISECONDS]
       python tests/benchmarks/embedding.py again KIND FOLDER COUNT BATCH PORT          (a new process of `warm`)
       python tests/benchmarks/embedding.py peer openai|modelport COUNT BATCH PORT      (one client)

The server runs in a process of its own and sends baked bytes, so that it is the clients that are compared. Both have 8
requests in flight and get base64. Prints JSON lines; compare the ratios of one run, never figures of two.
"""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from typing import Any

SIZE, CONCURRENCY, MODEL = 1024, 8, "text-embedding-3-small"
VECTOR = base64.b64encode(struct.pack(f"<{SIZE}f", *(0.001 * number for number in range(SIZE))))


@lru_cache
def baked(count: int) -> bytes:
    entries = b",".join(
        b'{"object":"embedding","index":%d,"embedding":"%b"}' % (index, VECTOR) for index in range(count)
    )
    body = b'{"object":"list","data":[%b],"model":"m","usage":{"prompt_tokens":%d,"total_tokens":%d}}'
    body %= (entries, count, count)
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


async def serve(milliseconds: float) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.lower().split(b"\r\n")
                length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
                body = await reader.readexactly(length)
                await asyncio.sleep(milliseconds / 1000)
                writer.write(baked(len(json.loads(body)["input"])))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=2**24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def texts(count: int) -> list[str]:
    return [f"a short text with the number {number}" for number in range(count)]


async def with_modelport(count: int, batch: int, port: int, cache: Any = None) -> Any:
    from modelport.credential import OpenAICredential
    from modelport.embedding import OpenAIEmbeddingModel

    credential = OpenAICredential(api_key="none", base_url=f"http://127.0.0.1:{port}/v1")
    parameters = OpenAIEmbeddingModel.Parameters(dimensions=SIZE)
    model = OpenAIEmbeddingModel(
        credential, MODEL, parameters, batch_size=batch, concurrency=CONCURRENCY, embedding_cache=cache
    )
    return (await model(texts(count))).embeddings


async def with_openai(count: int, batch: int, port: int) -> Any:
    from openai import AsyncOpenAI  # type: ignore[import-not-found, unused-ignore]

    client = AsyncOpenAI(api_key="none", base_url=f"http://127.0.0.1:{port}/v1")
    slots = asyncio.Semaphore(CONCURRENCY)

    async def one(part: list[str]) -> Any:
        async with slots:
            return await client.embeddings.create(model=MODEL, input=part, dimensions=SIZE)

    given = texts(count)
    answers = await asyncio.gather(*(one(given[start : start + batch]) for start in range(0, count, batch)))
    return [entry.embedding for answer in answers for entry in answer.data]


async def peer(name: str, count: int, batch: int, port: int) -> None:
    call = with_modelport if name == "modelport" else with_openai
    await call(1, 1, port)
    before, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    vectors = await call(count, batch, port)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    assert len(vectors) == count and len(vectors[0]) == SIZE
    print(json.dumps({
        "peer": name, "count": count, "batch": batch, "seconds": round(seconds, 2),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "grown_mb": (after.ru_maxrss - before.ru_maxrss) // 1024, "result_mb": count * SIZE * 4 // 2**20,
    }), flush=True)  # fmt: skip


def throughput(port: int, count: str = "100000", batch: str = "2048", sdk: str = sys.executable) -> None:
    rows = []
    for name, python in (("modelport", sys.executable), ("openai", sdk)):
        command = [python, __file__, "peer", name, count, batch, str(port)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        print(done.stdout, end="", flush=True)
        rows.append(json.loads(done.stdout))
    ours, theirs = rows
    ratios = {f"times_{name}": round(theirs[name] / ours[name], 2) for name in ("seconds", "cpu_seconds")}
    print(json.dumps({**ratios, "grown_over_result": round(ours["grown_mb"] / ours["result_mb"], 2)}))


def cache_of(kind: str, folder: str) -> Any:
    from modelport.embedding import FileEmbeddingCache, SQLEmbeddingCache

    return FileEmbeddingCache(folder) if kind == "file" else SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/cache.db")


async def seconds_of(rounds: int, *given: Any) -> list[float]:
    """Seconds of each of several equal calls."""
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        await with_modelport(*given)
        seconds.append(time.perf_counter() - begun)
    return seconds


async def again(kind: str, folder: str, count: int, batch: int, port: int) -> None:
    """The first call of this process with the cache that another process has filled, and the median of five more."""
    cache = cache_of(kind, folder)
    await with_modelport(1, 1, port)
    await cache.retrieve("the connection is open now")
    first, *others = await seconds_of(6, count, batch, port, cache)
    print(json.dumps([first, statistics.median(others)]))
    await cache.aclose()


async def warm(port: int, count: int = 10_000, batch: int = 10) -> None:
    without = statistics.median(await seconds_of(3, count, batch, port))
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("file", "sql"):
            cache = cache_of(kind, folder)
            await with_modelport(count, batch, port, cache)
            first, *others = await seconds_of(6, count, batch, port, cache)
            await cache.aclose()
            command = [sys.executable, __file__, "again", kind, folder, str(count), str(batch), str(port)]
            done = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, text=True, check=True)
            fresh = json.loads(done.stdout)
            names = ("first_warm", "warm", "new_process_first", "new_process_warm")
            seconds = dict(zip(names, (first, statistics.median(others), *fresh), strict=True))
            print(json.dumps({
                "cache": kind, "batch": batch, "without": round(without, 2),
                **{name: round(value, 4) for name, value in seconds.items()},
                **{f"times_{name}": round(without / value, 1) for name, value in seconds.items()},
            }), flush=True)  # fmt: skip


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "serve":
        asyncio.run(serve(float(given[0])))
    elif what == "again":
        kind, folder, *numbers = given
        asyncio.run(again(kind, folder, *map(int, numbers)))
    elif what == "peer":
        asyncio.run(peer(given[0], *map(int, given[1:])))
    else:
        delay = given[2] if what == "warm" and len(given) > 2 else "0"
        server = subprocess.Popen([sys.executable, __file__, "serve", delay], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        port = int(server.stdout.readline())
        try:
            if what == "throughput":
                throughput(port, *given)
            else:
                asyncio.run(warm(port, *map(int, given[:2])))
        finally:
            server.kill()
