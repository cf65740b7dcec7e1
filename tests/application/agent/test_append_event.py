"""A message made of the events of a reply is the message that the agent keeps."""

from __future__ import annotations

import base64
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.agent import Agent
from modelport.event import (
    CustomEvent,
    DataBlockDeltaEvent,
    DataBlockStartEvent,
    Event,
    HintBlockEvent,
    ReplyEndEvent,
    ReplyStartEvent,
    TextBlockDeltaEvent,
    TextBlockEndEvent,
    TextBlockStartEvent,
    ToolResultDataDeltaEvent,
    ToolResultEndEvent,
    ToolResultStartEvent,
    ToolResultTextDeltaEvent,
)
from modelport.message import (
    Base64Source,
    DataBlock,
    HintBlock,
    Msg,
    TextBlock,
    ToolResultBlock,
    ToolResultState,
    URLSource,
)
from modelport.testing.servers.http import ScriptedServer
from tests.application.agent.agent_support import calling, chat, saying


def empty() -> Msg:
    return Msg(name="", content=[], role="assistant")


def folded(*events: Event) -> Msg:
    message = empty().append_event(ReplyStartEvent(reply_id="r", name="bot"))
    for event in events:
        message.append_event(event)
    return message


async def test_the_events_of_a_reply_make_its_message() -> None:
    def look(place: str) -> str:
        return f"{place} is empty"

    answers = [calling(("c1", "look", '{"place": "Bern"}'), text="I look."), saying("Not", "hing", " there.")]
    async with ScriptedServer(answers) as server:
        agent = Agent("bot", chat(server.base_url), tools=[look])
        message = empty()
        async for event in agent.reply_stream("Hello?"):
            message.append_event(event)
    kept = agent.history[-1]
    assert (message.id, message.name, message.role) == (kept.id, "bot", "assistant")
    assert message.get_text_content() == "I look.\nNothing there." == kept.get_text_content()
    assert [block.type for block in message.content] == [block.type for block in kept.content]
    for made, own in zip(message.content, kept.content, strict=True):
        left_out = {"created_at", "finished_at", "provider_data", "metadata", "output"}
        assert made.model_dump(exclude=left_out) == own.model_dump(exclude=left_out)
        assert made.finished_at
    result = message.get_content_blocks("tool_result")[0]
    assert isinstance(result, ToolResultBlock) and result.state == ToolResultState.SUCCESS
    assert "Bern is empty" in str(result.output)
    assert message.usage is not None and kept.usage is not None
    assert message.usage.input_tokens == kept.usage.input_tokens == 10
    assert message.finish_reason == kept.finish_reason == "stop" and message.finished_at


@given(st.lists(st.binary(min_size=1, max_size=7), min_size=1, max_size=6))
def test_pieces_of_data_are_joined_whatever_their_sizes(pieces: list[bytes]) -> None:
    texts = [base64.b64encode(piece).decode() for piece in pieces]
    deltas = [DataBlockDeltaEvent(reply_id="r", block_id="d", media_type="audio/pcm", data=text) for text in texts]
    start = DataBlockStartEvent(reply_id="r", block_id="d", media_type="audio/pcm", name="s")
    (block,) = folded(start, *deltas).content
    assert isinstance(block, DataBlock) and isinstance(block.source, Base64Source) and block.name == "s"
    assert base64.b64decode(block.source.data) == b"".join(pieces)


def test_hints_urls_and_data_of_tools() -> None:
    message = folded(
        HintBlockEvent(reply_id="r", block_id="h", hint="Mind the gap.", source="app"),
        DataBlockStartEvent(reply_id="r", block_id="d", media_type="image/png"),
        DataBlockDeltaEvent(reply_id="r", block_id="d", media_type="image/png", url="https://example.org/a.png"),
        ToolResultStartEvent(reply_id="r", tool_call_id="c", tool_call_name="draw"),
        ToolResultTextDeltaEvent(reply_id="r", tool_call_id="c", delta="See"),
        ToolResultTextDeltaEvent(reply_id="r", tool_call_id="c", delta=":"),
        ToolResultDataDeltaEvent(reply_id="r", tool_call_id="c", block_id="p", media_type="audio/pcm", data="AAA="),
        ToolResultDataDeltaEvent(reply_id="r", tool_call_id="c", block_id="p", media_type="audio/pcm", data="AQ=="),
        ToolResultTextDeltaEvent(reply_id="r", tool_call_id="c", delta="done"),
        ToolResultEndEvent(reply_id="r", tool_call_id="c", state=ToolResultState.ERROR),
        ReplyEndEvent(reply_id="r", error="broke off"),
    )
    hint, picture, result = message.content
    assert isinstance(hint, HintBlock) and (hint.hint, hint.source) == ("Mind the gap.", "app")
    assert isinstance(picture, DataBlock) and isinstance(picture.source, URLSource)
    assert isinstance(result, ToolResultBlock) and result.state == ToolResultState.ERROR
    assert not isinstance(result.output, str)
    first, sound, last = result.output
    assert isinstance(first, TextBlock) and isinstance(last, TextBlock) and (first.text, last.text) == ("See:", "done")
    assert isinstance(sound, DataBlock) and isinstance(sound.source, Base64Source) and sound.source.data == "AAAB"
    assert message.error == "broke off"


def test_what_does_not_belong_to_the_message_is_left_out() -> None:
    message = folded(TextBlockStartEvent(reply_id="r", block_id="t"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        message.append_event(CustomEvent(name="progress", value=1))
    foreign = [
        TextBlockDeltaEvent(reply_id="other", block_id="t", delta="x"),
        TextBlockDeltaEvent(reply_id="r", block_id="never", delta="x"),
        TextBlockEndEvent(reply_id="r", block_id="never"),
        ToolResultTextDeltaEvent(reply_id="r", tool_call_id="never", delta="x"),
        ReplyEndEvent(reply_id="other"),
    ]
    for event in foreign:
        with pytest.warns(UserWarning, match="was left out"):
            message.append_event(event)
    assert message.get_text_content() == "" and message.finish_reason is None and message.finished_at is None
