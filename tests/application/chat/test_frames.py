"""The way of a call through the package stays as short as `docs/architecture.md` draws it.

Functions are counted once each: how often they are resumed depends on how the network cuts the answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

import modelport
from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import ChatStream, OpenAIChatModel
from modelport.testing import ScriptedAnswer, ScriptedServer
from modelport.transport import AiohttpTransport, HttpTransport, HttpxTransport

ROOT = str(Path(modelport.__file__).parent)
TRANSPORTS = [pytest.param(AiohttpTransport, id="aiohttp"), pytest.param(HttpxTransport, id="httpx")]


@contextmanager
def entered() -> Iterator[set[tuple[str, str]]]:
    """File and name of each function of this package that is entered."""
    functions: set[tuple[str, str]] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(ROOT) and "/testing/" not in name:
            functions.add((name, frame.f_code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield functions
    finally:
        sys.setprofile(before)


def model(server: ScriptedServer, transport: type[HttpTransport], *, stream: bool) -> OpenAIChatModel:
    credential = OpenAICredential(api_key="sk-1234567-PlantedWord7", base_url=server.base_url + "/v1")
    return OpenAIChatModel(credential, "gpt-4.1", stream=stream, transport=transport())


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_whole_answer(transport: type[HttpTransport]) -> None:
    message = {"role": "assistant", "content": "hello"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 3}
    answer = ScriptedAnswer.json({"id": "c", "model": "gpt-4.1", "choices": [choice], "usage": usage})
    async with ScriptedServer([answer] * 2) as server, model(server, transport, stream=False) as asked:
        await asked([UserMsg("user", "hi")])  # loads modules, reads the card, opens the connection
        with entered() as functions:
            await asked([UserMsg("user", "hi")])
    assert len(functions) <= 180


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_one_delta(transport: type[HttpTransport]) -> None:
    gates = [asyncio.Event() for _ in range(8)]
    event = {"id": "c", "model": "gpt-4.1", "choices": [{"index": 0, "delta": {"content": "word "}}]}
    data = f"data: {json.dumps(event)}\n\n".encode()
    steps = [step for gate in gates for step in (data, gate)]
    answer = ScriptedAnswer(200, {"content-type": "text/event-stream"}, [*steps, b"data: [DONE]\n\n"])
    async with ScriptedServer([answer]) as server, model(server, transport, stream=True) as asked:
        stream = await asked([UserMsg("user", "hi")])
        assert isinstance(stream, ChatStream)
        for gate in gates[:5]:
            await anext(stream)
            gate.set()
        with entered() as functions:
            await anext(stream)
        await stream.aclose()
    reader_of_ours = transport is HttpxTransport  # aiohttp's own reader is not counted
    assert len(functions) <= 17 + 2 * reader_of_ours
    assert len({file for file, _ in functions}) <= 8 + reader_of_ours
