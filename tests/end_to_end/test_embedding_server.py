"""Embedding calls over real connections: what a server sees of 20,000 inputs, and of a batch that fails for good."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from modelport.credential import OpenAICredential
from modelport.embedding import FileEmbeddingCache, OpenAIEmbeddingModel
from modelport.error import EmbeddingError, ServerError
from modelport.testing.servers.http1 import ClientGoneError, Connection, read_request


class Watcher:
    """Answers after a moment, fails for one text, and counts requests in flight and texts answered."""

    def __init__(self, bad: str = "") -> None:
        self.bad = bad
        self.in_flight = self.most = self.connections = 0
        self.answered: Counter[str] = Counter()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ClientGoneError, asyncio.CancelledError):
            async with Connection(reader, writer) as connection:
                while (parts := await read_request(connection)) is not None:
                    await self.answer(json.loads(parts[3])["input"], connection)

    async def answer(self, inputs: list[str], connection: Connection) -> None:
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await asyncio.sleep(0.002)
            if connection.client_closed.is_set():
                raise ClientGoneError
            failed = self.bad in inputs
            data = [{"index": i, "embedding": [float(text.split()[1])]} for i, text in enumerate(inputs)]
            body = json.dumps({"error": {"message": "broken"}} if failed else {"data": data}).encode()
            headers = {"content-type": "application/json", "content-length": str(len(body))}
            await connection.send_head(500 if failed else 200, headers, chunked=False)
            await connection.send(body)
            if not failed:
                self.answered.update(inputs)
        finally:
            self.in_flight -= 1


@contextlib.asynccontextmanager
async def serving(watcher: Watcher) -> AsyncIterator[str]:
    server = await asyncio.start_server(watcher.handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


def model(url: str, **options: Any) -> OpenAIEmbeddingModel:
    return OpenAIEmbeddingModel(OpenAICredential(base_url=url), "any", batch_size=10, **options)


def texts(count: int) -> list[str]:
    return [f"text {number}" for number in range(count)]


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_twenty_thousand_inputs_are_never_more_in_flight_than_configured(concurrency: int) -> None:
    watcher, count = Watcher(), 20_000 if concurrency > 1 else 500
    async with serving(watcher) as url, model(url, concurrency=concurrency) as subject:
        response = await subject(texts(count))
        assert [vector[0] for vector in response.embeddings] == list(range(count))
        assert watcher.most == concurrency and watcher.connections <= concurrency
        await subject.runtime.transport.aclose()


async def test_a_batch_that_fails_for_good_leaves_nothing_running_and_costs_nothing_twice(tmp_path: Path) -> None:
    watcher = Watcher(bad="text 505")
    async with serving(watcher) as url:
        subject = model(url, embedding_cache=FileEmbeddingCache(tmp_path), max_retries=0)
        with pytest.raises(ServerError) as caught:
            await subject(texts(1000))
        assert isinstance(caught.value, EmbeddingError) and 505 in caught.value.missing_indices
        mine = [task for task in asyncio.all_tasks() if "modelport/application" in str(task.get_coro())]
        assert mine == [], "a task outlived the call"
        watcher.bad = ""
        # What the server answered just when the siblings were cancelled was not read: that alone is asked for again.
        kept = 1000 - len(caught.value.missing_indices)
        before = watcher.answered.copy()
        response = await subject(texts(1000))
        assert [vector[0] for vector in response.embeddings] == list(range(1000))
        again = sum((watcher.answered - before).values())
        assert again == len(caught.value.missing_indices) == 1000 - kept
        assert sum(count - 1 for count in watcher.answered.values()) <= 8 * 10
        assert (await subject(texts(1000))).source == "cache"
        await subject.runtime.transport.aclose()
