"""A voice conversation goes on with any chat model, and a chat goes on by voice."""

from __future__ import annotations

import pytest

from modelport.message import (
    AssistantMsg,
    Msg,
    SystemMsg,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    UserMsg,
)
from tests.contract.origins import ORIGINS, Origin
from tests.contract.wandering import go_on, stored, violations

from .support import TOOLS, Talk, call, committed, created, done, heard, item, pcm, settle, sound, speech, words


async def spoken() -> list[Msg]:
    """Everything that can happen: late, failed and no transcripts, tools cut off, replies half heard and not at all."""
    async with Talk(tools=TOOLS) as talk:
        await talk.say(committed("u1", None), created(), item("a1", "u1"), words("Good day."), sound(pcm(20)), done())
        await talk.say(heard("u1", "Hello."), committed("u2", "a1"), created("r2"), *call("c1", "f1", response="r2"))
        await talk.say(*call("c2", "f2", response="r2"), done("r2"))
        await talk.session.send_tool_result(
            ToolResultBlock(id="c1", name="look", output="blue", state=ToolResultState.SUCCESS)
        )
        await talk.say(speech("u3"), committed("u3", "f2"), created("r3"), item("a3", "u3"))
        await talk.say(words("I only begin", "a3", "r3"), sound(pcm(500), "a3", "r3"))
        await talk.say(speech("u4"), done("r3", "cancelled"), committed("u4", "a3"), heard("u4", "Wait."))
        await talk.session.send_text("And typed.")
        await talk.say(created("r4"), item("a4", None), words("Half of this", "a4", "r4"), sound(pcm(1000), "a4", "r4"))
        talk.clock.advance(0.5)
        talk.line.hang_up()
        await settle()
        return talk.session.history


@pytest.mark.parametrize("target", ORIGINS, ids=lambda origin: origin.name)
async def test_every_chat_model_goes_on_with_a_voice_conversation(target: Origin) -> None:
    body, _ = await go_on(target, stored([*await spoken(), UserMsg("user", "What now?")]))
    assert not violations(target, body)


async def test_each_call_has_one_result() -> None:
    blocks = [block for msg in await spoken() for block in msg.content]
    calls = [block.id for block in blocks if isinstance(block, ToolCallBlock)]
    results = {block.id: block.state for block in blocks if isinstance(block, ToolResultBlock)}
    assert sorted(calls) == ["c1", "c2"]
    assert results == {"c1": "success", "c2": "interrupted"}


async def test_messages_stand_in_the_order_of_the_turns() -> None:
    texts = [(msg.role, msg.get_text_content()) for msg in await spoken()]
    assert texts == [
        ("user", "Hello."),
        ("assistant", "Good day."),
        ("user", "[speech without a transcript]"),
        ("assistant", None),
        ("user", "[speech without a transcript]"),
        ("assistant", None),
        ("user", "Wait."),
        ("user", "And typed."),
        ("assistant", "Half of this"),
    ]


CHAT = [
    SystemMsg("system", "Be kind."),
    UserMsg("user", "What is the colour?"),
    AssistantMsg(
        "bot",
        [
            ToolCallBlock(id="c1", name="look", input='{"at":"sky"}'),
            ToolResultBlock(id="c1", name="look", output="blue", state=ToolResultState.SUCCESS),
        ],
    ),
    AssistantMsg("bot", "Blue."),
]


@pytest.mark.parametrize("provider", ["openai", "xai"])
async def test_a_chat_goes_on_by_voice_as_items(provider: str) -> None:
    async with Talk(provider, history=CHAT) as talk:
        await settle()
        items = [frame["item"] for frame in talk.line.named("conversation.item.create")]
        assert [each.get("role", each["type"]) for each in items] == [
            "system",
            "user",
            "function_call",
            "function_call_output",
            "assistant",
        ]
        assert items[2]["call_id"] == items[3]["call_id"] == "c1"
        assert talk.session.history == CHAT
        assert "response.create" not in talk.line.kinds


async def test_a_chat_goes_on_by_voice_as_turns() -> None:
    async with Talk("gemini", history=CHAT) as talk:
        await settle()
        (frame,) = talk.line.named("clientContent")
        turns = frame["clientContent"]["turns"]
        assert [turn["role"] for turn in turns] == ["user", "user", "model", "user", "model"]
        assert frame["clientContent"]["turnComplete"] is False
        assert "blue" in turns[3]["parts"][0]["text"]


async def test_the_servers_copies_of_past_messages_are_not_doubled() -> None:
    async with Talk(history=CHAT) as talk:
        await settle()
        for frame in talk.line.named("conversation.item.create"):
            await talk.say({"type": "conversation.item.added", "previous_item_id": None, "item": frame["item"]})
        await talk.say(created(), item("a1", "x"), words("Yes?"), done())
        assert [msg.get_text_content() for msg in talk.session.history[len(CHAT) :]] == ["Yes?"]
