"""Faults and cancellations at random, over all transports and caches: is any text lost, foreign or repeated?

usage: python -m tests.benchmarks.soak [MINUTES] [--json] [--workers N] [--seed N]

A server in another process answers each request with the word that the request holds, so that the text of every answer
is known; it also cuts, stalls, refuses, lies about lengths, and sends more than it was asked for. Calls are streamed
and whole, embeddings are cached in memory, files and SQLite; many are cancelled or closed early. Progress goes to
stderr. Prints the counts, and memory, descriptors and tasks before and after; exits with 1 on any violation.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import gc
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from modelport.credential import OpenAICredential
from modelport.embedding import EmbeddingCache, FileEmbeddingCache, OpenAIEmbeddingModel, SQLEmbeddingCache
from modelport.error import ModelError
from modelport.message import UserMsg
from modelport.model import ChatStream, OpenAIChatModel
from modelport.transport import AiohttpTransport, HttpTransport, HttpxTransport, RetryPolicy, Timeouts

PIECES = 20
FAULTS = ("cut", "stall", "refuse", "busy", "longer", "shorter", "surplus", "garbage", "hang up", "early hints", "drip")
TRANSPORTS: dict[str, Callable[[], HttpTransport]] = {
    "httpx": lambda: HttpxTransport("httpx"),
    "httpx2": lambda: HttpxTransport("httpx2"),
    "aiohttp": AiohttpTransport,
}
RETRIES = RetryPolicy(max_retries=1, retry_delay=0.01, max_delay=0.02)
TIMEOUTS = Timeouts(connect=10, first_event=1.0, idle=0.5, total=20)
CACHED_TEXTS = 200
MOST_GROWTH_MB = 60


def text_of(word: str) -> str:
    """The whole text of the answer to a word."""
    return "".join(f"{word}.{number} " for number in range(PIECES))


def vector_of(text: str) -> list[float]:
    """The vector of a text: eight numbers that no other text has."""
    made = random.Random(text)
    return [made.randint(-1000, 1000) / 1024 for _ in range(8)]


# the server


class Server:
    """Answers, and misbehaves three times in ten."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes it."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while await self._request(reader, writer):
                pass
        writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        asked = json.loads(await reader.readexactly(size))
        fault = self._random.choice(FAULTS) if self._random.random() < 0.3 else ""
        if fault == "hang up":
            return False
        if fault in ("refuse", "busy"):
            body = b'{"error": {"message": "no"}}'
            status = 400 if fault == "refuse" else 503
            writer.write(b"HTTP/1.1 %d no\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)
            await writer.drain()
            return True
        if asked.get("stream"):
            return await self._stream(writer, asked["messages"][-1]["content"], fault)
        return await self._whole(writer, asked, fault)

    async def _stream(self, writer: asyncio.StreamWriter, word: str, fault: str) -> bool:
        if fault == "early hints":
            writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        at = self._random.randrange(PIECES)
        for number in range(PIECES):
            if number == at and fault in ("cut", "stall", "garbage"):
                if fault == "stall":
                    await asyncio.sleep(3)
                elif fault == "garbage":
                    writer.write(b"zz\r\n\x00\xff" * 3)
                    await writer.drain()
                return False
            self._event(writer, {"choices": [{"index": 0, "delta": {"content": f"{word}.{number} "}}]})
            if fault == "drip" or self._random.random() < 0.1:
                await writer.drain()
                await asyncio.sleep(0.002)
        self._event(writer, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        end = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
        writer.write(end + self._answer(chat_body(f"surplus-{word}")) if fault == "surplus" else end)
        await writer.drain()
        return fault != "shorter"

    def _event(self, writer: asyncio.StreamWriter, event: Any) -> None:  # Any: JSON
        data = b"data: " + json.dumps(event).encode() + b"\n\n"
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _answer(self, body: bytes, more: int = 0) -> bytes:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        return head % (len(body) + more) + body

    async def _whole(self, writer: asyncio.StreamWriter, asked: Any, fault: str) -> bool:  # Any: JSON
        texts = asked.get("input")
        body = embedding_body(texts) if texts is not None else chat_body(asked["messages"][-1]["content"])
        if fault == "cut":
            writer.write(self._answer(body)[: -self._random.randint(1, len(body))])
        elif fault == "longer":
            writer.write(self._answer(body, more=5))
        elif fault == "shorter":
            writer.write(self._answer(body, more=-5))
        elif fault == "garbage":
            writer.write(b"\x00\xff" * 20)
        elif fault == "surplus":
            writer.write(self._answer(body) + self._answer(chat_body("surplus")))  # not asked for
        else:
            if fault == "stall":
                await asyncio.sleep(3)
            writer.write(self._answer(body))
        await writer.drain()
        return fault not in ("cut", "longer", "garbage")


def chat_body(word: str) -> bytes:
    """A whole chat answer."""
    message = {"role": "assistant", "content": text_of(word)}
    return json.dumps({"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()


def embedding_body(texts: list[str]) -> bytes:
    """The vectors of these texts."""
    data = [{"index": number, "embedding": vector_of(text)} for number, text in enumerate(texts)]
    return json.dumps({"data": data, "usage": {"prompt_tokens": 1}}).encode()


def serve(seed: int, ports: Any) -> None:  # Any: a queue
    """The server's process; puts its port into the queue."""

    async def run() -> None:
        server = await asyncio.start_server(Server(seed).connection, "127.0.0.1", 0, limit=1 << 22)
        ports.put(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()

    asyncio.run(run())


# the client


class Soak:
    """Calls of all kinds, and what became of them."""

    def __init__(self, url: str, folder: Path, seed: int) -> None:
        self._url = url
        self._folder = folder
        self._random = random.Random(seed)
        self._number = 0
        self.counts: collections.Counter[str] = collections.Counter()
        self.violations: collections.Counter[str] = collections.Counter()
        self.examples: list[str] = []

    async def run(self, seconds: float, workers: int) -> None:
        """Call until the time is over; closes everything it opened."""
        transports = {name: make() for name, make in TRANSPORTS.items()}
        caches = self._caches()
        until = time.monotonic() + seconds
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(workers):
                    name = sorted(transports)[number % len(transports)]
                    group.create_task(self._work(name, transports[name], caches, until))
        finally:
            for transport in transports.values():
                await transport.aclose()
            for cache in caches.values():
                close = getattr(cache, "aclose", None)
                if close is not None:
                    await close()

    def _caches(self) -> dict[str, EmbeddingCache]:
        return {
            "memory": FileEmbeddingCache(self._folder / "memory", memory_mb=8),
            "file": FileEmbeddingCache(self._folder / "file", max_file_number=100, memory_mb=0),
            "sqlite": SQLEmbeddingCache(f"sqlite+aiosqlite:///{self._folder}/cache.db", max_entries=100, memory_mb=0),
        }

    async def _work(self, name: str, transport: HttpTransport, caches: dict[str, EmbeddingCache], until: float) -> None:
        credential = OpenAICredential(api_key="k-0123456789-PlantedWord7", base_url=self._url)
        options: dict[str, Any] = {"transport": transport, "retry_policy": RETRIES, "timeouts": TIMEOUTS}
        streamed = OpenAIChatModel(credential, "m", **options)
        whole = OpenAIChatModel(credential, "m", stream=False, **options)
        embedding = [
            OpenAIEmbeddingModel(credential, "m", embedding_cache=cache, **options) for cache in caches.values()
        ]
        while time.monotonic() < until:
            kind = self._random.random()
            if kind < 0.45:
                await self._ended_early(self._streamed(streamed, name))
            elif kind < 0.7:
                await self._ended_early(self._whole(whole, name))
            else:
                await self._ended_early(self._embedded(self._random.choice(embedding)))

    async def _ended_early(self, call: Any) -> None:  # Any: a coroutine
        """Run the call; one in five is cancelled at a random moment."""
        task = asyncio.create_task(call)
        if self._random.random() < 0.2:
            await asyncio.wait([task], timeout=self._random.random() * 0.05)
            task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            self.counts["cancelled"] += 1
        except ModelError as error:
            self.counts[type(error).__name__] += 1
        except Exception as error:
            self._violated("another error than ours", repr(error)[:200])

    def _word(self, transport: str) -> str:
        self._number += 1
        return f"{transport}-{self._number}"

    async def _streamed(self, model: OpenAIChatModel, transport: str) -> None:
        word = self._word(transport)
        stream = await model([UserMsg("user", word)])
        assert isinstance(stream, ChatStream)
        leave = self._random.random() < 0.1
        pieces, last = [], None
        async for response in stream:
            if response.is_last:
                last = response.text
            else:
                pieces.append(response.text or "")
            if leave and len(pieces) > 3:
                await stream.aclose()
                self.counts["closed"] += 1
                return
        self._check(word, last)
        self._check(word, "".join(pieces))
        self.counts["streamed"] += 1

    async def _whole(self, model: OpenAIChatModel, transport: str) -> None:
        word = self._word(transport)
        response = await model([UserMsg("user", word)])
        assert not isinstance(response, ChatStream)
        self._check(word, response.text)
        self.counts["whole"] += 1

    async def _embedded(self, model: OpenAIEmbeddingModel) -> None:
        texts = [f"text {self._random.randrange(CACHED_TEXTS)}" for _ in range(self._random.randint(1, 4))]
        response = await model(texts)
        vectors = [list(vector) for vector in response.embeddings]
        if len(vectors) != len(texts):
            self._violated("vectors lost", f"{len(texts)} texts, {len(vectors)} vectors")
        for text, vector in zip(texts, vectors, strict=False):
            if vector != vector_of(text):
                self._violated("foreign vector", text)
        self.counts["embedded"] += 1

    def _check(self, word: str, text: str | None) -> None:
        wanted = text_of(word)
        if text == wanted:
            return
        found = text or ""
        foreign = [piece for piece in found.split() if piece.partition(".")[0] != word]
        kind = "foreign text" if foreign else "text lost" if len(found) < len(wanted) else "text repeated"
        self._violated(kind, f"{word}: {found[:200]!r}")

    def _violated(self, kind: str, example: str) -> None:
        self.violations[kind] += 1
        if len(self.examples) < 10:
            self.examples.append(f"{kind}: {example}")


def descriptors() -> int:
    """Open descriptors of this process; -1 where the system does not say."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else -1


def memory_mb() -> float:
    """Resident memory of this process; 0 where the system does not say."""
    if not os.path.exists("/proc/self/statm"):
        return 0.0
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def state() -> dict[str, float]:
    """Memory, descriptors and tasks, once all that is closing has closed."""
    for _ in range(3):
        gc.collect()
        await asyncio.sleep(0.2)
    return {"memory_mb": round(memory_mb(), 1), "descriptors": descriptors(), "tasks": len(asyncio.all_tasks())}


async def soak(url: str, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Everything is used for a moment first, because what is loaded once stays."""
    seconds = given.minutes * 60
    warm = Soak(url, folder, given.seed)
    await warm.run(min(20.0, seconds / 3), given.workers)
    before = await state()
    main = Soak(url, folder, given.seed + 1)
    running = asyncio.create_task(main.run(seconds, given.workers))
    while not running.done():
        await asyncio.wait([running], timeout=15)
        calls, bad = sum(main.counts.values()), sum(main.violations.values())
        print(
            f"{calls} calls, {bad} violations, {memory_mb():.0f} MB, {descriptors()} fds", file=sys.stderr, flush=True
        )
    await running
    after = await state()
    violations = dict(main.violations + warm.violations)
    for name, most in (("descriptors", 0), ("tasks", 0), ("memory_mb", MOST_GROWTH_MB)):
        if after[name] > before[name] + most:
            violations[f"{name} did not return"] = 1
    return {
        "minutes": given.minutes,
        "python": sys.version.split()[0],
        "calls": sum(main.counts.values()),
        "counts": dict(sorted(main.counts.items())),
        "before": before,
        "after": after,
        "violations": violations,
        "examples": main.examples + warm.examples,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--workers", type=int, default=24)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    processes = multiprocessing.get_context("spawn")
    ports = processes.Queue()
    server = processes.Process(target=serve, args=(given.seed, ports), daemon=True)
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = asyncio.run(soak(f"http://127.0.0.1:{ports.get(timeout=60)}/v1", Path(folder), given))
    finally:
        server.kill()
        server.join()
    if given.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return 1 if found["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
