"""From the deltas of a model to the events of a reply."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelport.agent import Agent
from modelport.application.agent.block_events import BlockEvents
from modelport.event import (
    BlockEvent,
    DataBlockDeltaEvent,
    ThinkingBlockDeltaEvent,
    ToolCallDeltaEvent,
    ToolCallStartEvent,
)
from modelport.message import Base64Source, ContentBlock, DataBlock, TextBlock, ThinkingBlock, ToolCallBlock, URLSource
from modelport.model import ChatResponse
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.application.agent.agent_support import chat, piece, steps, types
from tests.application.agent.reply_support import ENDS, WORDS, Scripted


async def test_thinking_and_text_are_blocks_one_after_the_other() -> None:
    answer = [piece({"reasoning_content": "Hm"}), piece({"reasoning_content": "."}), piece({"content": "Yes"})]
    async with ScriptedServer(
        [ScriptedAnswer.sse(*answer, piece({}, choice={"finish_reason": "stop"}), "[DONE]")]
    ) as s:
        events = await steps(Agent("assistant", chat(s.base_url)))
    thinking = ["THINKING_BLOCK_START", "THINKING_BLOCK_DELTA", "THINKING_BLOCK_END"]
    assert types(events) == [*WORDS[:2], *thinking, *WORDS[2:], *ENDS]
    assert "".join(event.delta for event in events if isinstance(event, ThinkingBlockDeltaEvent)) == "Hm."


async def test_blocks_that_come_only_with_the_last_response() -> None:
    picture = DataBlock(source=URLSource(url="https://example.org/a.png", media_type="image/png"))
    call = ToolCallBlock(id="1", name="look", input="{}")
    last = ChatResponse([TextBlock(text="See"), picture, call], is_last=True)
    events = await steps(Agent("assistant", Scripted(last), max_turns=1))
    data = ["DATA_BLOCK_START", "DATA_BLOCK_DELTA"]
    calls = ["TEXT_BLOCK_END", "TOOL_CALL_START", "TOOL_CALL_DELTA", "DATA_BLOCK_END", "TOOL_CALL_END"]
    assert types(events) == [*WORDS[:4], *data, *calls, *ENDS]
    assert [event.url for event in events if isinstance(event, DataBlockDeltaEvent)] == ["https://example.org/a.png"]


def test_audio_is_interleaved_with_its_transcript() -> None:
    blocks = BlockEvents("r")
    sound = DataBlock(id="s", source=Base64Source(data="AAAA", media_type="audio/wav"))
    words: list[ContentBlock] = [TextBlock(id="t", text="a"), sound, TextBlock(id="t", text="b"), sound]
    events = [event for block in words for event in blocks.add([block])] + blocks.end(words[:2])
    assert [event.type.value for event in events] == [
        *("TEXT_BLOCK_START", "TEXT_BLOCK_DELTA", "DATA_BLOCK_START", "DATA_BLOCK_DELTA", "TEXT_BLOCK_DELTA"),
        *("DATA_BLOCK_DELTA", "TEXT_BLOCK_END", "DATA_BLOCK_END"),
    ]


def test_a_call_starts_once_its_tool_is_named() -> None:
    blocks = BlockEvents("r")
    assert blocks.add([ToolCallBlock(id="1", name="", input='{"a":')]) == []
    events = blocks.end([ToolCallBlock(id="1", name="look", input='{"a":1}')])
    start, more, _ = events
    assert isinstance(start, ToolCallStartEvent) and start.tool_call_name == "look"
    assert isinstance(more, ToolCallDeltaEvent) and more.delta == '{"a":1}'


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.text(max_size=2)), max_size=30))
def test_however_blocks_interleave_every_event_is_in_an_open_block(pieces: list[tuple[str, str]]) -> None:
    def block(name: str, text: str) -> ContentBlock:
        if name == "e":
            return ToolCallBlock(id=name, name="look", input=text)
        return ThinkingBlock(id=name, thinking=text) if name == "d" else TextBlock(id=name, text=text)

    blocks = BlockEvents("r")
    events = [event for name, text in pieces for event in blocks.add([block(name, text)])]
    whole: dict[str, str] = {}
    for name, text in pieces:
        whole[name] = whole.get(name, "") + text
    events += blocks.end([block(name, text) for name, text in whole.items()])

    opened: set[str] = set()
    ended: set[str] = set()
    shown: dict[str, str] = {}
    for event in events:
        key = event.block_id if isinstance(event, BlockEvent) else getattr(event, "tool_call_id", "")
        if event.type.endswith("START"):
            assert key not in opened
            assert key not in ended or event.type.startswith(("TEXT", "THINKING")), "only texts can go on after an end"
            opened.add(key)
        elif event.type.endswith("END"):
            opened.remove(key)
            ended.add(key)
        else:
            assert key in opened
            shown[key] = shown.get(key, "") + getattr(event, "delta", "")
    assert opened == set()
    assert shown == {name: text for name, text in whole.items() if text}
