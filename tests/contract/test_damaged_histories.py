"""Histories that no server would take as they are: each class makes a legal request of them all the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.message import (
    AssistantMsg,
    Base64Source,
    ContentBlock,
    DataBlock,
    HintBlock,
    Msg,
    ProviderData,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolCallState,
    ToolResultBlock,
    ToolResultState,
    UserMsg,
)
from tests.contract.origins import ORIGINS, Origin
from tests.contract.sdk_types import sdk_refusals
from tests.contract.wandering import SKETCH, go_on, stored, violations

ODD_NAMES = ["查 天气", "get time!", "a.b:c", "gauge", "x" * 90]


def said(text: str) -> TextBlock:
    return TextBlock(text=text)


def call(call_id: str, name: str = "gauge", arguments: str = '{"place":"Brest"}') -> ToolCallBlock:
    return ToolCallBlock(id=call_id, name=name, input=arguments)


def result(call_id: str, name: str = "gauge", output: str | list[TextBlock | DataBlock] = "high") -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name=name, output=output, state=ToolResultState.SUCCESS)


def bot(*blocks: ContentBlock, name: str = "pilot") -> Msg:
    return AssistantMsg(name, blocks)


def user(*texts: str, name: str = "user") -> Msg:
    return UserMsg(name, [said(text) for text in texts])


PICTURE = DataBlock(source=Base64Source(data=SKETCH, media_type="image/png"))
BROKEN_ARGUMENTS = [
    "",
    " \n",
    "{",
    '{"place": "Bre',
    "null",
    "[1]",
    "7",
    '"Brest"',
    "{'place': 'Brest'}",
    '{"a":1}{"b":2}',
    '{"a":1}\n{"b":2}',
    "place=Brest",
    '{"a": NaN}',
    '```json\n{"a": 1}\n```',
    "[" * 2000,
]
DAMAGE: dict[str, list[Msg]] = {
    "a call without its result": [bot(said("I look."), call("c1")), user("Well?")],
    "a pending call at the end": [user("Look."), bot(call("c1"))],
    "one of two results": [user("Look."), bot(call("c1"), call("c2"), result("c2")), user("Well?")],
    "a result without its call": [user("Look."), bot(result("c9"), said("High.")), user("Thanks.")],
    "a result before its call": [user("Look."), bot(result("c1"), call("c1")), user("Well?")],
    "a result far from its call": [user("Look."), bot(call("c1")), user("Well?"), bot(result("c1")), user("Oh.")],
    "two results of one call": [user("Look."), bot(call("c1"), result("c1"), result("c1", output="low")), user("Oh.")],
    "one id for two calls": [user("Look."), bot(call("c"), call("c"), result("c"), result("c")), user("Well?")],
    "one id in two turns": [
        user("Look."),
        bot(call("c"), result("c"), said("High.")),
        user("Again."),
        bot(call("c"), result("c", output="low")),
        user("And now?"),
    ],
    "an id for every alphabet": [
        user("Look."),
        bot(*(block for odd in ("functions.f:0", "调用 1", "i" * 90, "a/b#c") for block in (call(odd), result(odd)))),
        user("Well?"),
    ],
    "a result under another name": [
        user("Look."),
        bot(call("c1", "查 天气"), result("c1", "gauge"), call("c2", "get time!"), result("c2", "")),
        user("Well?"),
    ],
    "empty texts everywhere": [
        SystemMsg("system", ""),
        user("", "  \n"),
        bot(said(""), said(" ")),
        user("Hello"),
        bot(said("")),
        user("Are you there?", ""),
    ],
    "empty results": [
        user("Look."),
        bot(call("c1"), call("c2"), call("c3"), result("c1", output=""), result("c2", output=[])),
        bot(result("c3", output=[said(""), said(" ")])),
        user("Well?"),
    ],
    "arguments that are no object": [
        user("Look."),
        *(bot(call(f"c{place}", arguments=text), result(f"c{place}")) for place, text in enumerate(BROKEN_ARGUMENTS)),
        user("Well?"),
    ],
    "tools with any name": [
        user("Look."),
        *(bot(call(f"c{place}", name), result(f"c{place}", name)) for place, name in enumerate(ODD_NAMES)),
        user("Well?"),
    ],
    "speakers with any name": [
        user("Hello", name="张 伟"),
        bot(said("Good day."), name="The <Pilot> of Brest"),
        user("Hi", name="Zoë K. " * 20),
        user("Me too", name=""),
    ],
    "the assistant speaks first": [bot(said("Good day.")), user("Hello")],
    "the assistant speaks last": [user("Hello"), bot(said("Good day. "))],
    "one role twice": [user("Hello"), user("Are you there?"), bot(said("Yes.")), bot(said("Ask.")), user("Well?")],
    "nothing but thoughts": [user("Hello"), bot(ThinkingBlock(thinking="They greet me.")), user("Well?")],
    "thoughts of somebody unknown": [
        user("Hello"),
        bot(
            ThinkingBlock(thinking="", redacted=True, provider_data=ProviderData(provider="acme", data={"x": "y"})),
            call("c1"),
            result("c1"),
        ),
        user("Well?"),
    ],
    "a hint between a call and its result": [
        user("Look."),
        bot(call("c1"), HintBlock(hint="Be brief."), HintBlock(hint=""), result("c1")),
        user("Well?"),
    ],
    "media of the assistant": [user("Draw."), bot(PICTURE, said("Here.")), user("Thanks.")],
    "media of a tool alone": [user("Draw."), bot(call("c1"), result("c1", output=[PICTURE])), user("Thanks.")],
    "a system message late": [user("Hello"), SystemMsg("system", "Be kind."), bot(said("Dear.")), user("Well?")],
    "a denied call": [
        user("Look."),
        bot(
            ToolCallBlock(id="c1", name="gauge", input="{}", state=ToolCallState.ASKING),
            ToolResultBlock(id="c1", name="gauge", output="no", state=ToolResultState.DENIED),
        ),
        user("Well?"),
    ],
}

every_target = pytest.mark.parametrize("target", ORIGINS, ids=str)
grouped_or_not = pytest.mark.parametrize("grouped", [False, True], ids=["chat", "multi-agent"])


async def legal(target: Origin, messages: list[Msg], grouped: bool) -> str:
    """The request that the target is sent, which must be legal."""
    body, _ = await go_on(target, stored(messages), formatter=target.multi_agent() if grouped else None)
    assert violations(target, body) == []
    assert sdk_refusals(target.name, body) == []
    return json.dumps(body, ensure_ascii=False)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples, and so one connection pool."""
    with asyncio.Runner() as runner:
        yield runner


@every_target
@grouped_or_not
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage(runner: asyncio.Runner, target: Origin, grouped: bool, damage: str) -> None:
    body, again = (runner.run(legal(target, DAMAGE[damage], grouped)) for _ in range(2))
    assert again == body, "the same history makes the same request"


TEXTS = st.sampled_from(["", " ", "Hello", "潮位", "<history>", "a\nb ", "\u2028"])
IDS = st.sampled_from(["c1", "c2", "functions.f:0", "调用", "i" * 70])
NAMES = st.sampled_from(ODD_NAMES)
PARTS: st.SearchStrategy[TextBlock | DataBlock] = TEXTS.map(said) | st.just(PICTURE)
OUTPUTS = TEXTS | st.lists(PARTS, max_size=3)
BLOCKS: Sequence[st.SearchStrategy[ContentBlock]] = [
    TEXTS.map(said),
    TEXTS.map(lambda text: ThinkingBlock(thinking=text)),
    TEXTS.map(lambda text: HintBlock(hint=text)),
    st.just(PICTURE),
    st.builds(call, IDS, NAMES, st.sampled_from(["", "{", "{}", '{"place":"Brest"}', "3"])),
    st.builds(result, IDS, NAMES, OUTPUTS),
]
SPEAKERS = st.sampled_from(["pilot", "张 伟", "Zoë K.", ""])
_MAKERS: Sequence[tuple[Callable[..., Msg], st.SearchStrategy[list[ContentBlock]]]] = [
    (AssistantMsg, st.lists(st.one_of(*BLOCKS), max_size=8)),
    (UserMsg, st.lists(st.one_of(BLOCKS[0], BLOCKS[3]), max_size=3)),
    (SystemMsg, st.lists(BLOCKS[0], max_size=2)),
]
MESSAGES = st.one_of(*(st.builds(maker, SPEAKERS, blocks) for maker, blocks in _MAKERS))


@every_target
@grouped_or_not
@settings(max_examples=30)
@given(messages=st.lists(MESSAGES, max_size=6))
def test_any_history(runner: asyncio.Runner, target: Origin, grouped: bool, messages: list[Msg]) -> None:
    runner.run(legal(target, [*messages, user("Well?")], grouped))
