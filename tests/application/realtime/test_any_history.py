"""Any voice conversation goes on with any chat model, and any conversation goes on by voice with any provider."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from modelport.message import Msg, ToolCallBlock, ToolResultBlock, UserMsg
from tests.contract.origins import ORIGINS, Origin
from tests.contract.test_damaged_histories import MESSAGES
from tests.contract.wandering import go_on, stored, violations

from .dialects import Dialect, dialects
from .moves import MOVES, Move, play
from .support import Json, settle

EACH = pytest.mark.parametrize("dialect", dialects(), ids=str)
LINE = re.compile(r'(user|assistant|assistant calls|tool|system): (".*")')


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples, and so one connection pool."""
    with asyncio.Runner() as runner:
        yield runner


@EACH
@settings(max_examples=20)
@given(moves=MOVES)
def test_a_voice_conversation_is_whole(runner: asyncio.Runner, dialect: Dialect, moves: list[Move]) -> None:
    history = runner.run(play(dialect, moves))
    blocks = [block for message in history for block in message.content]
    calls = [block.id for block in blocks if isinstance(block, ToolCallBlock)]
    results = [block.id for block in blocks if isinstance(block, ToolResultBlock)]
    assert sorted(calls) == sorted(results), "each call has one result"
    assert len(set(calls)) == len(calls)
    ids = [message.id for message in history]
    assert len(set(ids)) == len(ids)
    assert stored(history) == history


@pytest.mark.parametrize("target", ORIGINS, ids=str)
@settings(max_examples=20)
@given(dialect=st.sampled_from(dialects()), moves=MOVES)
def test_any_chat_model_goes_on_with_any_voice_conversation(
    runner: asyncio.Runner, target: Origin, dialect: Dialect, moves: list[Move]
) -> None:
    async def legal() -> None:
        history = await play(dialect, moves)
        body, _ = await go_on(target, stored([*history, UserMsg("user", "And now?")]))
        assert violations(target, body) == []

    runner.run(legal())


@EACH
@settings(max_examples=20)
@given(messages=st.lists(MESSAGES, max_size=6))
def test_any_chat_goes_on_by_voice(runner: asyncio.Runner, dialect: Dialect, messages: list[Msg]) -> None:
    runner.run(_seeds(dialect, messages))


@EACH
@settings(max_examples=8)
@given(before=st.sampled_from(dialects()), moves=MOVES)
def test_any_voice_conversation_goes_on_with_another_provider(
    runner: asyncio.Runner, dialect: Dialect, before: Dialect, moves: list[Move]
) -> None:
    async def legal() -> None:
        await _seeds(dialect, await play(before, moves))

    runner.run(legal())


async def _seeds(dialect: Dialect, messages: Sequence[Msg]) -> None:
    async with dialect.talk(history=list(messages)) as talk:
        await settle()
        if dialect.live:
            _check_turns(talk.line.named("clientContent"))
        elif dialect.name == "dashscope":
            _check_lines(talk.line.named("session.update")[0]["session"].get("instructions", ""))
        else:
            _check_items([frame["item"] for frame in talk.line.named("conversation.item.create")], dialect)
        assert not [frame for frame in talk.line.sent if dialect.asks(frame)], "none of it is answered again"
        await talk.say(*dialect.heard("u1", "And now?"), *dialect.begins("r1", "u1"), *dialect.says("r1", "Yes."))
        await talk.say(*dialect.ends("r1"))
        history = talk.session.history
        assert history[: len(messages)] == list(messages)
        assert [message.get_text_content() for message in history[len(messages) :]] == ["And now?", "Yes."]


def _check_items(items: list[Json], dialect: Dialect) -> None:
    """The items are those of the wire, and each call has its one result behind it."""
    open_calls: list[str] = []
    for item in items:
        assert len(item.get("id", "")) <= 32
        if item["type"] == "function_call":
            open_calls.append(item["call_id"])
            json.loads(item["arguments"])
        elif item["type"] == "function_call_output":
            open_calls.remove(item["call_id"])
        else:
            assert not open_calls, "no message stands between a call and its result"
            kinds = {"assistant": {"output_text", "text"}}.get(item["role"], {"input_text", "input_image"})
            assert item["content"]
            assert {part["type"] for part in item["content"]} <= kinds
            assert all(part.get("text") or part.get("image_url") for part in item["content"])
    assert not open_calls
    if dialect.name == "openai" and items:
        _sdk_items().validate_python(items)


@cache
def _sdk_items() -> Any:
    realtime = pytest.importorskip("openai.types.realtime", reason="install openai to compare with it")
    item: Any = realtime.ConversationItem
    return TypeAdapter(list[item])


def _check_turns(frames: list[Json]) -> None:
    for frame in frames:
        turns = frame["clientContent"]["turns"]
        assert turns
        for turn in turns:
            assert turn["role"] in ("user", "model")
            assert turn["parts"]
            assert all(part.get("text") or part.get("inlineData") for part in turn["parts"])


def _check_lines(instructions: str) -> None:
    """One contribution a line, whatever a message holds."""
    _, *lines = instructions.split("\n") if instructions else [""]
    for line in lines:
        found = LINE.fullmatch(line)
        assert found, line
        json.loads(found[2])
