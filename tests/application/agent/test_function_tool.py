"""Functions as tools: their schemas, and the validation of their arguments."""

from __future__ import annotations

import datetime
import functools
import json
import threading
from typing import Annotated, Any

import pytest
from pydantic import Field

from modelport.agent import Agent, FunctionTool
from modelport.error import InvalidRequestError
from modelport.message import ToolResultState
from modelport.testing.servers.http import ScriptedServer
from tests.application.agent.agent_support import calling, chat, saying
from tests.application.agent.tool_support import Place, called, results, weather


def test_the_schema_of_a_function() -> None:
    assert FunctionTool(weather).schema == {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather of a place.\n\nIt is a guess.",
            "parameters": {
                "type": "object",
                "properties": {
                    "place": {"type": "string", "description": "where, as a person would write it."},
                    "unit": {
                        "type": "string",
                        "enum": ["C", "F"],
                        "default": "C",
                        "description": "of the temperature",
                    },
                    "days": {"type": "integer", "minimum": 1, "default": 1, "description": "How many"},
                },
                "required": ["place"],
                "additionalProperties": False,
            },
        },
    }


def test_the_schema_of_other_callables() -> None:
    class Clock:
        def __call__(self, zone: str = "UTC") -> str:
            """The time."""
            return zone

    def bare(schema, model_config=None, _hidden=3, *rest, **more): ...  # type: ignore[no-untyped-def]

    plain = FunctionTool(bare).schema["function"]
    assert (plain["name"], plain["description"]) == ("bare", "")
    assert list(plain["parameters"]["properties"]) == ["schema", "model_config", "_hidden"]
    assert plain["parameters"]["additionalProperties"] is True
    assert FunctionTool(Clock()).name == "Clock"
    fixed = FunctionTool(functools.partial(weather, days=2)).schema["function"]
    assert fixed["name"] == "weather" and fixed["description"].startswith("The weather")
    assert FunctionTool(lambda: 1, {"type": "function", "function": {"name": "one"}}).name == "one"
    assert FunctionTool(datetime.datetime.now).schema["function"]["name"] == "now"


def test_what_cannot_be_a_tool() -> None:
    def local(thing: Unknown) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    def by_position(thing: int, /) -> None: ...

    def odd(thing: threading.Lock) -> None: ...

    for function in (local, by_position, odd, 3):
        with pytest.raises(InvalidRequestError, match="the tool"):
            FunctionTool(function)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="two tools"):
        Agent("assistant", chat("http://127.0.0.1:1"), tools=[weather, FunctionTool(weather)])
    with pytest.raises(InvalidRequestError, match="max_turns"):
        Agent("assistant", chat("http://127.0.0.1:1"), max_turns=0)


async def test_arguments_are_converted() -> None:
    def plan(at: Place, when: datetime.date, times: list[int] | None = None, **more: Any) -> str:
        assert type(at) is Place and type(when) is datetime.date
        return f"{at.city}/{at.country} {when:%d.%m.%y} {times} {more}"

    given = {"at": {"city": "Brest"}, "when": "2026-11-23", "times": ["1", 2], "extra": True}
    assert (await called(plan, json.dumps(given))).output == "Brest/CN 23.11.26 [1, 2] {'extra': True}"


async def test_damaged_arguments_are_repaired() -> None:
    assert (await called(weather, "{'place': 'Brest',}")).output == "Brest: 21 C, 1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('{"unit":"C"}', "place: Field required"),
        ('{"place":"x","days":0}', "days: Input should be greater than or equal to 1"),
        ('{"place":"x","other":0}', "other: Extra inputs are not permitted"),
        ('{"place":"x', "ends before it is complete"),
        ("[1]", "not a JSON object"),
        ("nothing", "no JSON object"),
    ],
)
async def test_bad_arguments_are_reported_to_the_model(arguments: str, message: str) -> None:
    result = await called(weather, arguments)
    assert result.state is ToolResultState.ERROR
    assert isinstance(result.output, str) and "arguments are not valid" in result.output and message in result.output


async def test_a_given_schema_is_sent_as_it_is() -> None:
    parameters = {"type": "object", "properties": {"a": {"type": "integer"}}}
    schema = {"type": "function", "function": {"name": "look_up", "description": "d", "parameters": parameters}}

    async def find(**fields: Any) -> str:
        return json.dumps(fields)

    async with ScriptedServer([calling(("1", "look_up", '{"a":1}')), saying("Done")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[FunctionTool(find, schema)])
        await agent.reply("Go")
        assert server.requests[0].json()["tools"] == [schema]
    assert results(agent)[0].output == '{"a": 1}'


async def test_defaults_of_pydantics_field() -> None:
    def plan(days: int = Field(3, ge=1, description="How many")) -> str:
        return str(days + 1)

    def needed(days: int = Field(ge=1)) -> str:
        return str(days + 1)

    parameters = FunctionTool(plan).schema["function"]["parameters"]
    about = {"type": "integer", "minimum": 1, "default": 3, "description": "How many"}
    assert parameters["properties"] == {"days": about} and "required" not in parameters
    assert (await called(plan, "{}")).output == "4"
    assert (await called(plan, '{"days":0}')).state is ToolResultState.ERROR
    assert FunctionTool(needed).schema["function"]["parameters"]["required"] == ["days"]
    assert (await called(needed, '{"days":2}')).output == "3"


async def test_a_default_that_only_the_annotation_has() -> None:
    def look(place: Annotated[str, Field(default="here")]) -> str:
        return place

    assert (await called(look, "{}")).output == "here"


def test_a_default_that_json_cannot_express_causes_no_warning() -> None:
    """Warnings are errors here."""
    unset = object()

    def look(place: Any = unset) -> Any:
        return place is unset

    assert FunctionTool(look).schema["function"]["parameters"]["properties"] == {"place": {}}
