"""What a caller does with a stream besides iterating it, and what a mistake says."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from modelport import Modelport
from modelport.credential import OpenAICredential
from modelport.error import InvalidRequestError, StreamTruncatedError
from modelport.message import UserMsg
from modelport.model import ChatModelBase, ChatStream, OpenAIChatModel
from modelport.testing import ScriptedChatModel
from modelport.testing.servers.http import ScriptedServer
from modelport.testing.servers.strict import violations_of
from modelport.tool import FunctionTool, tool
from tests.application.agent.agent_support import saying

ASK = [UserMsg("user", "Hello?")]


async def streamed(model: ChatModelBase) -> ChatStream:
    stream = await model(ASK)
    assert isinstance(stream, ChatStream)
    return stream


async def test_the_whole_of_a_stream() -> None:
    stream = await streamed(ScriptedChatModel(["Hello there."]))
    response = await stream.whole()
    assert response.text == "Hello there." and response.is_last
    assert await stream.whole() is response
    assert "read to its end" in repr(stream) and "Hello there." in repr(stream)


async def test_the_whole_after_some_steps() -> None:
    stream = await streamed(ScriptedChatModel(["Hello there, you."]))
    first = await anext(stream)
    assert not first.is_last and "open" in repr(stream)
    assert (await stream.whole()).text == "Hello there, you."


async def test_the_texts_of_a_stream() -> None:
    stream = await streamed(ScriptedChatModel(["Hello there, you."]))
    pieces = [text async for text in stream.texts()]
    assert len(pieces) > 1 and "".join(pieces) == "Hello there, you." == (await stream.whole()).text


async def test_the_whole_of_a_closed_stream() -> None:
    stream = await streamed(ScriptedChatModel(["Hello there, you."]))
    await anext(stream)
    await stream.aclose()
    with pytest.raises(StreamTruncatedError, match="closed before its end") as caught:
        await stream.whole()
    assert caught.value.partial is not None and caught.value.partial.text
    assert "closed" in repr(stream)


@pytest.mark.parametrize("name", ["text", "content", "tool_calls", "usage", "finish_reason", "to_message"])
async def test_a_stream_is_no_response(name: str) -> None:
    stream = await streamed(ScriptedChatModel(["Hello."]))
    with pytest.raises(AttributeError, match=r"await stream\.whole\(\)"):
        getattr(stream, name)
    with pytest.raises(AttributeError, match="has no attribute 'teext'"):
        _ = stream.teext  # type: ignore[attr-defined]  # the mistake
    await stream.aclose()


class Weather(BaseModel):
    """The weather of a place."""

    place: str = Field(description="where")
    days: int = 1


class Undescribed(BaseModel):
    place: str


def look(place: str) -> str:
    """Look at a place."""
    return place


@tool(name="search", description="Find pages.")
def find(query: str) -> list[str]:
    """Not this."""
    return [query]


PARAMETERS: dict[str, Any] = {"type": "object", "properties": {"x": {"type": "string"}}}
SCHEMA = {"type": "function", "function": {"name": "plain", "description": "", "parameters": PARAMETERS}}


async def test_functions_and_classes_are_tools() -> None:
    async with ScriptedServer([saying("Hi"), saying("{}")]) as server:
        model = OpenAIChatModel(
            OpenAICredential(api_key="k-PlantedWord7", base_url=server.base_url), "gpt-4.1", max_retries=0
        )
        await (await streamed_with(model, [look, Weather, find, SCHEMA, FunctionTool(look, name="look2")])).whole()
        body = (await server.request()).json()
        assert violations_of("openai_chat", body) == []
    functions = {each["function"]["name"]: each["function"] for each in body["tools"]}
    assert list(functions) == ["look", "Weather", "search", "plain", "look2"]
    assert functions["look"]["description"] == "Look at a place."
    assert functions["search"]["description"] == "Find pages."
    assert functions["Weather"]["description"] == "The weather of a place."
    assert functions["Weather"]["parameters"] == {
        "type": "object",
        "properties": {
            "place": {"type": "string", "description": "where"},
            "days": {"type": "integer", "default": 1},
        },
        "required": ["place"],
    }
    assert FunctionTool(Undescribed).schema["function"]["description"] == ""


async def streamed_with(model: ChatModelBase, tools: list[Any]) -> ChatStream:
    stream = await model(ASK, tools)
    assert isinstance(stream, ChatStream)
    return stream


async def test_a_class_as_a_tool_gives_an_instance() -> None:
    assert await FunctionTool(Weather)('{"place": "Rome", "days": "2"}') == Weather(place="Rome", days=2)
    assert find.function("a") == ["a"] and await find('{"query": "b"}') == ["b"]
    assert repr(find) == "<FunctionTool search(query)>"


async def test_what_is_no_tool_is_refused() -> None:
    model = ScriptedChatModel(["a"])
    for tools in (["look"], [3], "look", {"type": "function"}):
        with pytest.raises(InvalidRequestError, match="tool"):
            await model(ASK, tools)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(InvalidRequestError, match="given twice"):
        await model(ASK, [look, look])
    assert (await model.count_tokens(ASK, [look])).tokens > (await model.count_tokens(ASK)).tokens


def test_one_line_of_a_model_and_a_hub() -> None:
    key = "sk-never-shown"
    parameters = OpenAIChatModel.Parameters(temperature=0.5)
    model = OpenAIChatModel(OpenAICredential(api_key=key), "gpt-4.1", parameters)
    assert repr(model) == "OpenAIChatModel('gpt-4.1', provider='openai', stream=True, temperature=0.5)"
    hub = Modelport.from_mapping(
        {
            "credentials": {"work": {"type": "openai_credential", "api_key": key}},
            "chat": {"smart": {"credential": "work", "model": "gpt-4.1"}},
        }
    )
    assert repr(hub) == "Modelport(chat=['smart'], credentials=['work'])"
