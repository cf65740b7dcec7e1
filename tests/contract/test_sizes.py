"""How much may come: streams, whole answers, vectors and texts that are searched, whatever a server sends."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from modelport.adapters.http.httpx import HttpxTransport
from modelport.credential import OllamaCredential, OpenAICredential
from modelport.domain.structured.growing_value import _partial_value
from modelport.embedding import OllamaEmbeddingModel, OpenAIEmbeddingModel
from modelport.error import ResponseDecodeError
from modelport.message import UserMsg
from modelport.model import OllamaChatModel, OpenAIChatModel
from modelport.ports.http import HttpTransport
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.adapters.http.servers import BUILD

KEY = "sk-0123456789-PlantedWord7"


@pytest.mark.parametrize("build", BUILD.values(), ids=BUILD)
async def test_a_stream_without_end_is_an_error_at_the_limit(build: Callable[..., HttpTransport]) -> None:
    event = json.dumps({"choices": [{"index": 0, "delta": {"content": "x" * 50_000}}]})
    transport = build(max_bytes=1_000_000)
    async with ScriptedServer([ScriptedAnswer.sse(*[event] * 100)]) as server:
        credential = OpenAICredential(api_key=KEY, base_url=server.base_url)
        model = OpenAIChatModel(credential, "m", transport=transport)
        received = 0
        with pytest.raises(ResponseDecodeError, match="max_answer_mb"):
            async for response in await model([UserMsg("user", "Hi")]):
                received += len(response.text or "")
        assert received < 1_100_000
        assert len(server.requests) == 1
    await transport.aclose()


@pytest.mark.parametrize("build", BUILD.values(), ids=BUILD)
async def test_lines_of_json_without_end_too(build: Callable[..., HttpTransport]) -> None:
    line = json.dumps({"message": {"role": "assistant", "content": "x" * 50_000}, "done": False}).encode() + b"\n"
    transport = build(max_bytes=1_000_000)
    answer = ScriptedAnswer(200, {"content-type": "application/x-ndjson"}, [line] * 100)
    async with ScriptedServer([answer]) as server:
        model = OllamaChatModel(OllamaCredential(host=server.base_url), "m", transport=transport)
        with pytest.raises(ResponseDecodeError, match="max_answer_mb"):
            async for _ in await model([UserMsg("user", "Hi")]):
                pass
    await transport.aclose()


@pytest.mark.parametrize(
    ("model", "credential"),
    [(OpenAIEmbeddingModel, OpenAICredential), (OllamaEmbeddingModel, OllamaCredential)],
)
async def test_vectors_that_no_input_can_need(model: type[Any], credential: type[Any]) -> None:
    """20 MB of numbers, which would be 300 MB of memory, for one text."""
    numbers = b"[" + b"0.1234567890," * 1_600_000 + b"0]"
    body = b'{"data":[{"index":0,"embedding":' + numbers + b'}],"embeddings":[' + numbers + b"]}"
    async with ScriptedServer([ScriptedAnswer.whole(body, "application/json")] * 4) as server:
        place = {"host": server.base_url} if credential is OllamaCredential else {"base_url": server.base_url}
        asked = model(credential(api_key=KEY, **place), "m", transport=HttpxTransport())
        with pytest.raises(ResponseDecodeError, match="has more than"):
            await asked(["one text"])


def test_a_long_string_is_searched_in_little_memory() -> None:
    text = '{"a": "' + "x\n" * 1_000_000 + '\\n"}'
    tracemalloc.start()
    assert len(_partial_value(text, whole=True)["a"]) == 2_000_001
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 * len(text)
