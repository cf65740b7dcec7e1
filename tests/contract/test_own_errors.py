"""Arguments from which no request can be made: our own errors, on every provider, and no request."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from modelport.error import InvalidRequestError, MediaError, ModelportError
from modelport.message import DataBlock, URLSource, UserMsg
from modelport.testing.servers.http import ScriptedServer
from tests.contract.samples import SAMPLES, Sample, question

pytestmark = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def deep(levels: int) -> Any:
    schema: Any = {}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def cycle() -> Any:
    schema: Any = {"type": "object"}
    schema["properties"] = {"a": schema}
    return schema


def tools(parameters: Any) -> Any:
    return [{"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": parameters}}]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [
        {"tools": tools(deep(3000))},
        {"tools": tools({"type": "object", "properties": {"a": {"const": object()}}})},
        {"extra_body": {"x": cycle()}},
        {"extra_body": {"x": {1}}},
        {"something": object()},
        {"extra_headers": {"x": "a\nb"}},
    ],
    ids=["deep tool", "object in a tool", "cycle", "set", "object", "header"],
)
async def test_a_request_that_cannot_be_written(sample: Sample, arguments: Any, stream: bool) -> None:
    async with ScriptedServer([]) as server:
        gc.collect()
        gc.disable()  # a finalizer of something else that ran that deep in the stack would fail, and be reported here
        try:
            with pytest.raises(InvalidRequestError):
                await sample.model(server.base_url, stream=stream)(question(), **arguments)
        finally:
            gc.enable()
        assert server.requests == []


async def test_names_of_fields_that_are_no_text(sample: Sample) -> None:
    await answered_or_refused(sample, [UserMsg("user", "Hello")], extra_body={1: 2})


@pytest.mark.parametrize("url", ["http://[::1/a.png", "http://127.0.0.1:99999/a.png", "ftp://x/a.png", "file:///gone"])
async def test_a_malformed_address_of_media(sample: Sample, url: str) -> None:
    picture = DataBlock(source=URLSource(url=url, media_type="image/png"))
    await answered_or_refused(sample, [UserMsg("user", [picture])])


async def answered_or_refused(sample: Sample, messages: list[Any], **arguments: Any) -> None:
    """Either the provider is asked, or the error is one of ours."""
    async with ScriptedServer([sample.whole_stream]) as server:
        try:
            async for _ in await sample.model(server.base_url, max_retries=0)(messages, **arguments):  # type: ignore[union-attr]  # a stream
                pass
        except ModelportError as error:
            assert isinstance(error, InvalidRequestError | MediaError)
            assert server.requests == []
