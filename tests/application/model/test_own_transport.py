"""`aclose()` and `async with` close the transport that a model was given, and no other model's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from modelport.credential import DashScopeCredential, OpenAICredential
from modelport.embedding import OpenAIEmbeddingModel
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel
from modelport.testing import ScriptedServer
from modelport.testing.providers import answer_provider
from modelport.transport import HttpxTransport
from modelport.tts import DashScopeTTSModel

Build = Callable[..., Any]


def chat(url: str, **options: Any) -> OpenAIChatModel:
    return OpenAIChatModel(
        OpenAICredential(api_key="k-PlantedWord7", base_url=url + "/v1"), "gpt-4.1", stream=False, **options
    )


def embedding(url: str, **options: Any) -> OpenAIEmbeddingModel:
    credential = OpenAICredential(api_key="k-PlantedWord7", base_url=url + "/v1")
    return OpenAIEmbeddingModel(credential, "text-embedding-3-small", **options)


def speech(url: str, **options: Any) -> DashScopeTTSModel:
    return DashScopeTTSModel(
        DashScopeCredential(api_key="k-PlantedWord7", base_url=url), "qwen3-tts-flash", stream=False, **options
    )


async def ask(model: Any) -> None:
    if isinstance(model, OpenAIChatModel):
        await model([UserMsg("user", "Hi")])
    elif isinstance(model, OpenAIEmbeddingModel):
        await model(["Hi"])
    else:
        await model.synthesize("Hi")


@pytest.mark.parametrize("build", [chat, embedding, speech])
@pytest.mark.parametrize("how", ["aclose", "async with"])
async def test_a_model_closes_its_own_transport(build: Build, how: str) -> None:
    async with ScriptedServer(answer_provider) as server:
        model = build(server.base_url, transport=HttpxTransport())
        if how == "aclose":
            await ask(model)
            await model.aclose()
        else:
            async with model:
                await ask(model)
        await asyncio.wait_for(server.closed(0), 30)  # the connection was kept for the next request


async def test_a_model_without_one_leaves_the_shared_pool_open() -> None:
    async with ScriptedServer(answer_provider) as server:
        async with chat(server.base_url) as model:
            await ask(model)
        closing = asyncio.create_task(server.closed(0))
        await ask(chat(server.base_url))
        assert not closing.done()
        closing.cancel()
