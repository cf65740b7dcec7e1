"""Tools are written once for many requests, and again when anything about them has changed."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.adapters.wire import kept_tools
from modelport.adapters.wire.kept_tools import names_on_the_wire, written_tools
from modelport.adapters.wire.request_body import dump_body
from modelport.application.call.context import CallContext
from modelport.application.chat.http_attempt import _encode
from modelport.error import InvalidRequestError
from modelport.message import UserMsg
from modelport.model import ModelWarning
from tests.application.chat.test_settings import CLASSES, CURRENT, model_of

Json = dict[str, Any]  # Any: JSON values
VALUES = st.sampled_from([True, 1, 1.0, "1", None, [1], {"a": 1}])


def tool(name: str = "look_up", **properties: Any) -> Json:  # Any: JSON schemas
    parameters = {"type": "object", "properties": {"q": {"type": "string"}, **properties}, "required": ["q"]}
    return {"type": "function", "function": {"name": name, "description": "Look.", "parameters": parameters}}


async def sent(model: Any, tools: list[Json]) -> tuple[Json, list[ModelWarning]]:  # Any: a chat model
    """The body of a call with these tools, and its warnings."""
    context = CallContext.of(model._spec(stream=False))
    call = await _encode(model, context, model.model, [UserMsg("user", "?")], tools, None, {})
    return json.loads(call.http_request.body), context.warnings


async def fresh(model: Any, tools: list[Json]) -> tuple[Json, list[ModelWarning]]:  # Any: a chat model
    """As `sent`, with nothing kept."""
    kept, kept_tools._sets = kept_tools._sets, []
    try:
        return await sent(model, tools)
    finally:
        kept_tools._sets = kept


@pytest.mark.parametrize("api", CLASSES)
async def test_a_tool_that_was_changed_in_place_is_written_again(api: str) -> None:
    model = model_of(api, CURRENT[api])
    tools = [tool(), tool("count", limit={"type": "integer", "minimum": 1, "maximum": 9})]
    assert await sent(model, tools) == await fresh(model, tools)
    deep = tools[1]["function"]["parameters"]["properties"]
    for change in (
        lambda: deep.update(limit={"type": "integer", "default": True}),
        lambda: deep["limit"].update(default=1),
        lambda: tools[0]["function"].update(description="Look it up."),
        lambda: tools[0]["function"].update(strict=True),
        lambda: tools.reverse(),
        lambda: tools.append(tool("third", when={"type": "string", "format": "date"})),
    ):
        change()
        assert await sent(model, tools) == await fresh(model, tools)
        assert await sent(model, copy.deepcopy(tools)) == await fresh(model, tools)


async def test_providers_do_not_get_each_others_tools() -> None:
    tools = [tool(limit={"type": "integer", "minimum": 1, "pattern": "x", "default": None})]
    models = [model_of(api, CURRENT[api]) for api in CLASSES]
    wanted = [await fresh(model, tools) for model in models]
    assert [await sent(model, tools) for model in [*models, *models]] == wanted * 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), VALUES), min_size=1, max_size=6))
def test_values_that_are_equal_but_not_the_same_are_told_apart(defaults: list[tuple[str, Any]]) -> None:
    def write(given: Json, warnings: list[ModelWarning]) -> Json:
        warnings.append(ModelWarning("changed", "tools", json.dumps(given)))
        return dict(given)

    for name, default in defaults:
        tools = [tool(name, limit={"default": default})]
        warnings: list[ModelWarning] = []
        body = json.loads(dump_body({"tools": written_tools(tools, "test", write, warnings)}))
        assert json.dumps(body) == json.dumps({"tools": tools})
        assert [warning.message for warning in warnings] == [json.dumps(tools[0])]


def test_a_set_is_written_once_and_few_sets_are_kept() -> None:
    written = []

    def write(given: Json, warnings: list[ModelWarning]) -> Json:
        written.append(given["function"]["name"])
        return given

    for _ in range(3):
        written_tools([tool()], "once", write, [])
    assert written == ["look_up"]
    for number in range(100):
        written_tools([tool(f"t{number}")], "once", write, [])
    assert len(kept_tools._sets) <= 32
    large = [tool("large", q={"description": "x" * 2_000_000})]
    for _ in range(2):
        written_tools(large, "once", write, [])
    assert written.count("large") == 2


def test_names_are_those_of_the_call() -> None:
    tools = [tool("查 天气"), tool("plain")]
    names = names_on_the_wire(tools, lambda name: name.replace(" ", "_"))
    assert names == {"查_天气": "查 天气", "plain": "plain"}
    assert names_on_the_wire([], str) == {}


@pytest.mark.parametrize("api", CLASSES)
@pytest.mark.parametrize("unusual", [{"x": object()}, {"x": 2**70}])
async def test_a_change_in_place_after_a_request_that_wrote_no_tools_is_kept_out(api: str, unusual: Json) -> None:
    """Fields that a codec passes on as they are belong to the caller, who may change them at any time."""
    model = model_of(api, CURRENT[api])
    mine = {**tool("mine"), "cache_control": {"type": "ephemeral"}}
    mine["function"]["own"] = {"list": [1]}
    same = copy.deepcopy(mine)
    context = CallContext.of(model._spec(stream=False))
    with suppress(InvalidRequestError):  # where the body cannot be written at all
        await _encode(model, context, model.model, [UserMsg("user", "?")], [mine], None, {"extra_body": unusual})
    mine["cache_control"]["type"] = "changed"
    mine["function"]["own"]["list"].append(2)
    assert await sent(model, [same]) == await fresh(model, [same])
