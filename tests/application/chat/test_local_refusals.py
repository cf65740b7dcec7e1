"""What fails on this side, before a request is made, is no attempt; and it cannot be tried for ever."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from modelport.composition.defaults import build_runtime
from modelport.error import (
    AuthenticationError,
    InvalidRequestError,
    MediaError,
    ModelConnectionError,
    UnsupportedFeatureError,
)
from modelport.message import Base64Source, DataBlock, TextBlock, URLSource, UserMsg
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tool import ToolChoice
from tests.application.structured.structured_support import ollama_model, question
from tests.contract.runtimes import runtime_with

TOOL = {"type": "function", "function": {"name": "look", "description": "", "parameters": {"type": "object"}}}


async def test_a_refusal_of_ours_is_no_attempt() -> None:
    async with ScriptedServer() as server:
        model = ollama_model(server)
        model.on_unsupported = "error"
        with pytest.raises(UnsupportedFeatureError) as caught:
            await model(question(), [TOOL], ToolChoice("look"))
        assert (caught.value.attempts, server.requests) == ((), [])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"extra_body": "x"}, "extra_body is a str"),
        ({"extra_body": [("a", 1)]}, "extra_body is a list"),
        ({"extra_headers": "x"}, "extra_headers is a str"),
        ({"extra_headers": {"X-A": 5}}, "X-A"),
        ({"extra_headers": {"X-A": None}}, "X-A"),
        ({"extra_headers": {"X-A": "a\r\nX-B: b"}}, "X-A"),
        ({"extra_headers": {"X-A": "天气"}}, "X-A"),
        ({"extra_headers": {"X A": "a"}}, "X A"),
        ({"extra_headers": {5: "a"}}, "5"),
        ({"stop": {"a", "b"}}, "JSON.* set"),
        ({"options": {"stop": object()}}, "JSON.* object"),
    ],
)
async def test_fields_that_cannot_be_sent_are_refused(fields: dict[str, Any], told: str) -> None:
    async with ScriptedServer() as server:
        with pytest.raises(InvalidRequestError, match=told) as caught:
            await ollama_model(server)(question(), **fields)
        assert (caught.value.attempts, server.requests) == ((), [])


async def test_a_key_given_with_the_call_is_not_repeated_either() -> None:
    headers = {"Authorization": "Bearer sk-of-this-call", "X-Trace": "trace-one"}
    answer = ScriptedAnswer.json({"error": "sk-of-this-call is no key, says trace-one"}, status=401)
    async with ScriptedServer([answer]) as server:
        with pytest.raises(AuthenticationError) as caught:
            await ollama_model(server)(question(), extra_headers=headers)
        assert server.requests[0].headers["authorization"] == "Bearer sk-of-this-call"
    assert "sk-of-this-call" not in f"{caught.value} {caught.value.body}" and "trace-one" in str(caught.value)


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
