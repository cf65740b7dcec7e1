"""What fails on this side, before a request is made, is no attempt; and it cannot be tried for ever."""

from __future__ import annotations

import dataclasses

import pytest

from modelport.composition.defaults import build_runtime
from modelport.error import MediaError, ModelConnectionError, UnsupportedFeatureError
from modelport.message import Base64Source, DataBlock, TextBlock, URLSource, UserMsg
from modelport.testing.clock import VirtualClock
from modelport.testing.server import ScriptedServer
from modelport.tool import ToolChoice
from tests.application.structured_support import ollama_model, question
from tests.contract.runtimes import runtime_with

TOOL = {"type": "function", "function": {"name": "look", "description": "", "parameters": {"type": "object"}}}


async def test_a_refusal_of_ours_is_no_attempt() -> None:
    async with ScriptedServer() as server:
        model = ollama_model(server)
        model.on_unsupported = "error"
        with pytest.raises(UnsupportedFeatureError) as caught:
            await model(question(), [TOOL], ToolChoice("look"))
        assert (caught.value.attempts, server.requests) == ((), [])


class _NoMedia:
    """A loader that never gets anything."""

    def __init__(self, error: Exception) -> None:
        self.error, self.asked = error, 0

    async def load(self, source: URLSource) -> Base64Source:
        self.asked += 1
        raise self.error


@pytest.mark.parametrize(("error", "asked"), [(ModelConnectionError("away"), 4), (MediaError("not there"), 1)])
async def test_media_that_cannot_be_had_end_the_call(error: Exception, asked: int) -> None:
    loader = _NoMedia(error)
    runtime = dataclasses.replace(
        runtime_with(VirtualClock(skip_sleeps=True)), media_loader=loader, transport=build_runtime().transport
    )
    image = DataBlock(source=URLSource(url="https://example.org/a.png", media_type="image/png"))
    async with ScriptedServer() as server:
        model = ollama_model(server)
        model.attach(runtime)
        with pytest.raises(type(error)):
            await model([UserMsg("user", [TextBlock(text="What is this?"), image])])
        assert (loader.asked, server.requests) == (asked, [])
