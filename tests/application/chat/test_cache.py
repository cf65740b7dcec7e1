"""The `cache` setting and breakpoints of blocks, at the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport import Modelport
from modelport.adapters.anthropic.turns import beginning, bound_thinking
from modelport.application.call.context import CallContext
from modelport.application.chat.http_attempt import _encode
from modelport.error import UnsupportedFeatureError
from modelport.message import (
    AssistantMsg,
    DataBlock,
    HintBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    UserMsg,
)
from modelport.model import ModelWarning
from modelport.testing import violations_of
from modelport.testing.servers.strict.apis import APIS
from tests.application.chat.test_settings import CLASSES, CURRENT, model_of

PNG = b"\x89PNG\r\n\x1a\n"
PLAIN = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}


async def sent(model: Any, messages: list[Msg], **kwargs: Any) -> tuple[dict[str, Any], list[ModelWarning]]:
    """The body of a call with these messages, and its warnings about caching."""
    context = CallContext.of(model._spec(stream=False))
    call = await _encode(model, context, model.model, messages, (), None, kwargs)
    body: dict[str, Any] = json.loads(call.http_request.body)
    return body, [warning for warning in context.warnings if warning.setting == "cache"]


def marks_in(value: Any, key: str) -> list[Any]:  # Any: JSON values
    """The marks of a body, in its order."""
    if isinstance(value, dict):
        own = [value[key]] if key in value else []
        return own + [mark for name, part in value.items() if name != key for mark in marks_in(part, key)]
    return [mark for part in value for mark in marks_in(part, key)] if isinstance(value, list) else []


def conversation(cache: bool | str = True) -> list[Msg]:
    return [
        SystemMsg("system", [TextBlock(text="Be brief."), TextBlock(text="A long guide.", cache=cache)]),
        UserMsg("user", [DataBlock.from_bytes(PNG, "image/png"), TextBlock(text="?", cache=cache)]),
    ]


async def test_blocks_of_anthropic_are_marked_in_their_places() -> None:
    model = model_of("anthropic", CURRENT["anthropic"])
    messages = [
        SystemMsg("system", [TextBlock(text="A guide.", cache="1h")]),
        UserMsg(
            "user",
            [
                DataBlock.from_bytes(
                    PNG,
                    "image/png",
                ).model_copy(update={"cache": True})
            ],
        ),
        AssistantMsg(
            "bot",
            [
                TextBlock(text="I look."),
                ToolCallBlock(id="c1", name="look", input="{}"),
                ToolResultBlock(id="c1", output="seen", cache=True),
            ],
        ),
        UserMsg("user", "Go on."),
    ]
    body, warnings = await sent(model, messages)
    assert body["system"][0]["cache_control"] == HOUR
    assert body["messages"][0]["content"][0]["cache_control"] == PLAIN
    call = body["messages"][1]["content"][1]
    assert call["type"] == "tool_use" and "cache_control" not in call
    assert body["messages"][2]["content"][0]["cache_control"] == PLAIN
    assert len(marks_in(body, "cache_control")) == 3 and warnings == []
    assert violations_of("anthropic", body, model.model) == []


async def test_marks_of_anthropic_keep_its_order_and_its_number() -> None:
    model = model_of("anthropic", CURRENT["anthropic"])
    short_first = [UserMsg("user", [TextBlock(text="a", cache="5m"), TextBlock(text="b", cache="1h")])]
    body, warnings = await sent(model, short_first)
    assert marks_in(body, "cache_control") == [HOUR, HOUR]
    assert [warning.kind for warning in warnings] == ["changed"] and "1h, as what follows it" in warnings[0].message
    many = [UserMsg("user", [TextBlock(text=str(number), cache=True) for number in range(6)])]
    for options, count in (({}, 4), ({"cache": "auto"}, 4), ({"cache": "1h"}, 4), ({"cache": "off"}, 0)):
        body, warnings = await sent(model, many, **options)
        assert len(marks_in(body, "cache_control")) == count, options
        assert violations_of("anthropic", body, model.model) == []
        assert bool(warnings) == (count > 0)
    parts = (await sent(model, many))[0]["messages"][0]["content"]
    assert [part["text"] for part in parts if "cache_control" in part] == ["2", "3", "4", "5"]
    body, warnings = await sent(model, [UserMsg("user", [TextBlock(text="a", cache="2h")])])
    assert marks_in(body, "cache_control") == [PLAIN] and "instead of 2h" in warnings[0].message


async def test_a_mark_changes_nothing_that_thinking_is_bound_to() -> None:
    model = model_of("anthropic", CURRENT["anthropic"])
    bodies = [(await sent(model, conversation(cache)))[0] for cache in (False, True)]
    digests = [beginning(body) for body in bodies]
    for body, digest in zip(bodies, digests, strict=True):
        bound_thinking(body["messages"], digest, {})
    assert digests[0].digest() == digests[1].digest() and bodies[0] != bodies[1]


@pytest.mark.parametrize("api", ["openai_chat", "openai_responses"])
async def test_models_of_openai_that_take_times(api: str) -> None:
    model = model_of(api, "gpt-5.6")
    body, warnings = await sent(model, conversation("12h"), cache="30m")
    mark = {"mode": "explicit", "ttl": "12h"}
    assert body["prompt_cache_options"] == {"mode": "implicit", "ttl": "30m"} and warnings == []
    assert marks_in(body, "prompt_cache_breakpoint") == [mark, mark]
    assert violations_of(api, body, model.model) == []
    body, warnings = await sent(model, conversation(), cache="off")
    assert body["prompt_cache_options"] == {"mode": "explicit"} and not marks_in(body, "prompt_cache_breakpoint")
    body, warnings = await sent(model, conversation())
    assert marks_in(body, "prompt_cache_breakpoint") == [{"mode": "explicit"}] * 2 and not warnings
    body, warnings = await sent(model, conversation(False), cache="1h")
    assert "prompt_cache_options" not in body and "12h or 30m" in warnings[0].message
    assert "prompt_cache_options" not in (await sent(model, conversation(False), cache="auto"))[0]
    older, warnings = await sent(model_of(api, "gpt-4.1"), conversation("12h"), cache="12h")
    assert "prompt_cache" not in json.dumps(older) and len(warnings) == 2


async def test_providers_whose_parts_have_cache_control() -> None:
    hub = Modelport.from_mapping(
        {"chat": {"it": {"provider": "openrouter", "model": "anthropic/claude-sonnet-4.6"}}},
        {"OPENROUTER_API_KEY": "k-PlantedWord7"},
    )
    for model in (model_of("dashscope", CURRENT["dashscope"]), hub.chat("it")):
        result = ToolResultBlock(id="c1", output="seen", cache="5m")
        tools = AssistantMsg("bot", [ToolCallBlock(id="c1", name="look", input="{}"), result])
        body, warnings = await sent(model, [*conversation(), tools])
        assert [part.get("cache_control") for part in body["messages"][0]["content"]] == [None, PLAIN]
        assert body["messages"][1]["content"][-1]["cache_control"] == PLAIN
        assert body["messages"][3]["content"] == [{"type": "text", "text": "seen", "cache_control": PLAIN}]
        assert warnings == []
        body, warnings = await sent(model, conversation("1h"))
        assert marks_in(body, "cache_control") == [PLAIN, PLAIN] and {w.kind for w in warnings} == {"changed"}
        assert isinstance((await sent(model, conversation(False)))[0]["messages"][0]["content"], str)


@pytest.mark.parametrize("api", CLASSES)
async def test_what_is_not_marked_is_said(api: str) -> None:
    model = model_of(api, CURRENT[api])
    hint = AssistantMsg("bot", [HintBlock(hint=[TextBlock(text="Mind the gap.", cache=True)])])
    body, warnings = await sent(model, [*conversation(), hint])
    marked = marks_in(body, "cache_control") + marks_in(body, "prompt_cache_breakpoint")
    assert len(marked) == 3 or warnings, api
    assert api not in APIS or violations_of(api, body, model.model) == []
    if warnings:
        strict = model.with_options(on_unsupported="error")
        with pytest.raises(UnsupportedFeatureError, match="cache"):
            await sent(strict, [UserMsg("user", [TextBlock(text="Long.", cache="1s")])])


async def test_a_mark_without_a_part_is_said() -> None:
    model = model_of("anthropic", CURRENT["anthropic"])
    messages = [
        *conversation(False),
        AssistantMsg("bot", [ThinkingBlock(thinking="hm", cache=True), TextBlock(text="x")]),
    ]
    body, warnings = await sent(model, [*messages, UserMsg("user", "Go on.")])
    assert not marks_in(body, "cache_control") and "does not take one at these blocks" in warnings[0].message


async def test_a_breakpoint_is_stored_with_its_block() -> None:
    block = TextBlock(text="a", cache="1h")
    assert TextBlock.model_validate_json(block.model_dump_json()).cache == "1h" and TextBlock(text="a").cache is None
