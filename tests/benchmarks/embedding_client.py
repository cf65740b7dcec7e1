"""One process of the embedding benchmark: the loopback server, or one client of it.

usage: python -m tests.benchmarks.embedding_client serve
       python -m tests.benchmarks.embedding_client httpx|modelport|openai PORT COUNT BATCH
       python -m tests.benchmarks.embedding_client cached file|SQLite PORT COUNT BATCH

The server sends baked bytes, so that it is the clients that are compared. All have 8 requests in flight and get base64.
A client prints one JSON object: microseconds of CPU time for each text, and megabytes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

SIZE, CONCURRENCY, MODEL = 1024, 8, "text-embedding-3-small"
VECTOR = base64.b64encode(struct.pack(f"<{SIZE}f", *(0.001 * number for number in range(SIZE))))

Client = Callable[[list[str]], Awaitable[Any]]
"""Gives the vectors of texts, as the client hands them out."""


@lru_cache
def baked(count: int) -> bytes:
    """The answer to a request for so many texts."""
    entries = b",".join(
        b'{"object":"embedding","index":%d,"embedding":"%b"}' % (index, VECTOR) for index in range(count)
    )
    body = b'{"object":"list","data":[%b],"model":"m","usage":{"prompt_tokens":%d,"total_tokens":%d}}'
    body %= (entries, count, count)
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


async def serve() -> None:
    """Answer until killed; the port is printed."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = next(
                    int(line.split(b":")[1]) for line in head.split(b"\r\n") if line[:14] == b"content-length"
                )
                writer.write(baked(len(json.loads(await reader.readexactly(length))["input"])))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=2**24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def texts(count: int) -> list[str]:
    """Different short texts."""
    return [f"a short text with the number {number}" for number in range(count)]


def modelport(address: str, batch: int, cache: Any = None) -> Client:
    """The model of the project."""
    from modelport.credential import OpenAICredential
    from modelport.embedding import OpenAIEmbeddingModel

    credential = OpenAICredential(api_key="none", base_url=address)
    model = OpenAIEmbeddingModel(
        credential, MODEL, dimensions=SIZE, batch_size=batch, concurrency=CONCURRENCY, embedding_cache=cache
    )

    async def embed(given: list[str]) -> Any:
        return (await model(given)).embeddings

    return embed


def openai(address: str, batch: int) -> Client:
    """The official SDK, with the loop that its users write."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key="none", base_url=address)
    slots = asyncio.Semaphore(CONCURRENCY)

    async def one(part: list[str]) -> Any:
        async with slots:
            return await client.embeddings.create(model=MODEL, input=part, dimensions=SIZE)

    async def embed(given: list[str]) -> Any:
        answers = await asyncio.gather(*(one(given[start : start + batch]) for start in range(0, len(given), batch)))
        return [entry.embedding for answer in answers for entry in answer.data]

    return embed


def bare_httpx(address: str, batch: int) -> Client:
    """The least that a program of one's own can do: httpx, orjson and NumPy."""
    import httpx
    import numpy as np
    import orjson

    client = httpx.AsyncClient(timeout=60)
    slots = asyncio.Semaphore(CONCURRENCY)

    async def embed(given: list[str]) -> Any:
        table = np.empty((len(given), SIZE), np.float32)

        async def one(start: int) -> None:
            asked = {"model": MODEL, "input": given[start : start + batch], "dimensions": SIZE}
            body = orjson.dumps({**asked, "encoding_format": "base64"})
            async with slots:
                answer = await client.post(
                    f"{address}/embeddings", content=body, headers={"content-type": "application/json"}
                )
            for entry in orjson.loads(answer.content)["data"]:
                table[start + entry["index"]] = np.frombuffer(base64.b64decode(entry["embedding"]), "<f4")

        await asyncio.gather(*(one(start) for start in range(0, len(given), batch)))
        return table

    return embed


CLIENTS: dict[str, Callable[[str, int], Client]] = {"httpx": bare_httpx, "modelport": modelport, "openai": openai}


async def cost(embed: Client, given: list[str], calls: int = 1) -> float:
    """Microseconds of CPU time for each text."""
    begun = time.process_time()
    for _ in range(calls):
        vectors = await embed(given)
    taken = (time.process_time() - begun) / len(given) / calls * 1e6
    assert len(vectors) == len(given)
    assert len(vectors[0]) == SIZE
    return taken


async def embed_all(name: str, address: str, count: int, batch: int) -> dict[str, float]:
    embed = CLIENTS[name](address, batch)
    await embed(texts(min(count, CONCURRENCY * batch, 200)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # What comes one by one is asked one by one.
    taken = await cost(embed, texts(count)) if batch > 1 else await cost(embed, texts(1), count)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"us": taken, "grown_mb": grown, "result_mb": count * SIZE * 4 / 2**20}


async def embed_cached(kind: str, address: str, count: int, batch: int) -> dict[str, float]:
    from modelport.embedding import FileEmbeddingCache, SQLEmbeddingCache

    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        cache: Any = FileEmbeddingCache(folder)
        if kind == "SQLite":
            cache = SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/cache.db")
        without, embed = modelport(address, batch), modelport(address, batch, cache)
        for name, given, calls in (("many", texts(count), 1), ("one", texts(1), min(count, 200))):
            await without(given)
            await embed(given)
            await embed(given)
            rounds = [(await cost(without, given, calls), await cost(embed, given, calls)) for _ in range(5)]
            found[f"{name}_without"], found[name] = map(statistics.median, zip(*rounds, strict=True))
        await cache.aclose()
    return found


def run(what: str, *given: str) -> None:
    """What the usage says."""
    if what == "serve":
        asyncio.run(serve())
        return
    kind, port, count, batch = (what, *given) if what != "cached" else given
    work = embed_cached if what == "cached" else embed_all
    print(json.dumps(asyncio.run(work(kind, f"http://127.0.0.1:{port}/v1", int(count), int(batch)))))


if __name__ == "__main__":
    run(*sys.argv[1:])
