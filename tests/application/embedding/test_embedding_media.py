"""Embedding calls whose media cannot be fetched."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import pickle

import pytest

from modelport.composition.defaults import build_runtime
from modelport.credential import GeminiCredential
from modelport.embedding import GeminiEmbeddingModel
from modelport.error import EmbeddingError, MediaError
from modelport.message import Base64Source, DataBlock, URLSource
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer


class Loader:
    """Finds most pictures; one is missing, and one never finishes loading."""

    def __init__(self) -> None:
        self.loading = 0

    async def load(self, source: URLSource) -> Base64Source:
        self.loading += 1
        try:
            await asyncio.sleep(0)
            if "missing" in source.url:
                raise MediaError(f"{source.url} is not there")
            if "slow" in source.url:
                await asyncio.Event().wait()
            return Base64Source(data=base64.b64encode(source.url.encode()).decode(), media_type=source.media_type)
        finally:
            self.loading -= 1


def picture(name: str) -> DataBlock:
    return DataBlock(source=URLSource(url=f"https://example.com/{name}.png", media_type="image/png"))


def answer(received: RecordedRequest) -> ScriptedAnswer:
    return ScriptedAnswer.json({"embeddings": [{"values": [1.0, 2.0]} for _ in received.json()["requests"]]})


def model(server: ScriptedServer, loader: Loader) -> GeminiEmbeddingModel:
    runtime = dataclasses.replace(build_runtime(), media_loader=loader)
    credential = GeminiCredential(api_key="key-PlantedWord7", base_url=server.base_url)
    return GeminiEmbeddingModel(credential, "gemini-embedding-2", runtime=runtime, concurrency=1)


async def test_a_picture_that_is_missing_ends_the_fetching_of_the_others() -> None:
    loader = Loader()
    async with ScriptedServer(answer) as server:
        before = asyncio.all_tasks()
        with pytest.raises(MediaError):
            await model(server, loader)([picture("slow"), picture("missing"), picture("slow 2")])
        assert loader.loading == 0 and asyncio.all_tasks() <= before


async def test_after_requests_the_error_lists_the_inputs_without_a_vector() -> None:
    async with ScriptedServer(answer) as server:
        inputs: list[str | DataBlock] = [*(picture(str(number)) for number in range(6)), picture("missing"), "a text"]
        with pytest.raises(MediaError, match=r"missing\.png is not there") as caught:
            await model(server, Loader())(inputs)
    error = caught.value
    assert isinstance(error, EmbeddingError) and error.missing_indices == (6, 7)
    assert (error.provider, error.model) == ("gemini", "gemini-embedding-2")
    assert len(error.attempts) == 1 and "2 of 8 inputs" in str(error) and not error.retryable
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error) and again.missing_indices == (6, 7)


async def test_before_any_request_the_error_is_not_an_embedding_error() -> None:
    async with ScriptedServer(answer) as server:
        with pytest.raises(MediaError) as caught:
            await model(server, Loader())([picture("missing")])
        assert not isinstance(caught.value, EmbeddingError) and server.requests == []
