"""What can go wrong on the way, with every provider's dialect: each fault has one outcome, whoever speaks."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from modelport.error import ModelError
from modelport.message import ToolCallBlock, ToolResultBlock, ToolResultState

from .dialects import Dialect, dialects
from .support import TOOLS, Line, pcm, settle

EACH = pytest.mark.parametrize("dialect", dialects(), ids=str)


def result(call_id: str) -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name="look", output="fine", state=ToolResultState.SUCCESS)


def whole(dialect: Dialect, reply: str, text: str) -> list[Any]:
    return [*dialect.begins(reply), *dialect.says(reply, text), *dialect.ends(reply)]


# -- before it is ready


@EACH
async def test_a_connection_that_drops_before_it_is_ready_is_tried_again(dialect: Dialect) -> None:
    def greet(line: Line) -> None:
        if len(talk.server.lines) < 3:
            line.hang_up(1006)
        else:
            dialect.greets(line)

    talk = dialect.talk(greet=greet)
    async with talk:
        await talk.say(*whole(dialect, "r1", "Hi."))
        assert [line.closed for line in talk.server.lines] == [True, True, False]
        assert talk.session.history[-1].get_text_content() == "Hi."


@EACH
async def test_connections_that_always_drop_are_an_error_with_the_reason(dialect: Dialect) -> None:
    talk = dialect.talk(greet=lambda line: line.hang_up(1011, "the kitchen burns"))
    with pytest.raises(ModelError, match="the kitchen burns"):
        await talk.session
    assert len(talk.server.lines) == 3
    assert all(line.closed for line in talk.server.lines)
    assert len(asyncio.all_tasks()) == 1


# -- a refused set-up


REFUSALS = [pytest.param(dialect, how, id=f"{dialect}: {how}") for dialect in dialects() for how in dialect.refusals]


@pytest.mark.parametrize(("dialect", "how"), REFUSALS)
async def test_a_refused_set_up_is_an_error_and_is_not_repeated(dialect: Dialect, how: str) -> None:
    refuse, error = dialect.refusals[how]
    talk = dialect.talk(greet=refuse)
    with pytest.raises(error):
        await talk.session
    assert len(talk.server.lines) == 1 or error.__name__ == "RateLimitError", "only that may pass by itself"
    await talk.session.aclose()
    assert all(line.closed for line in talk.server.lines if line.sent)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize(("dialect", "how"), REFUSALS)
async def test_a_set_up_that_is_refused_after_a_rotation_ends_the_session(dialect: Dialect, how: str) -> None:
    refuse, error = dialect.refusals[how]

    def greet(line: Line) -> None:
        (dialect.greets if len(talk.server.lines) == 1 else refuse)(line)

    talk = dialect.talk(greet=greet)
    await talk.session
    talk.listen()
    await talk.say(*whole(dialect, "r1", "Hi."))
    await dialect.go_away(talk)
    await settle()
    assert [event.kind for event in talk.of("SESSION")] == ["connected", "going_away", "ended"]
    with pytest.raises(error):
        await talk.session.send_text("Hello?")
    await talk.session.aclose()
    assert talk.session.history[-1].get_text_content() == "Hi."
    assert len(asyncio.all_tasks()) == 1


# -- in the middle


@EACH
async def test_a_connection_that_drops_in_a_reply_ends_it_and_the_next_one_goes_on(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.heard("u1", "Hello."), *dialect.begins("r1", "u1"), *dialect.says("r1", "Good"))
        await talk.say(*dialect.sounds("r1", pcm(20)))
        talk.line.hang_up(1006)
        await settle()
        assert [line.closed for line in talk.server.lines] == [True, False]
        assert [event.error for event in talk.of("REPLY_END")] == ["interrupted"]
        assert [event.type for event in talk.events if "BLOCK_END" in str(event.type)] != []
        assert "Good" in str(talk.line.sent), "the new connection knows what was said"
        await talk.say(*dialect.heard("u2", "Again."), *whole(dialect, "r2", "Good day."))
        said = [(msg.role, msg.get_text_content()) for msg in talk.session.history]
        assert said == [("user", "Hello."), ("assistant", "Good"), ("user", "Again."), ("assistant", "Good day.")]
        assert [event.error for event in talk.of("REPLY_END")] == ["interrupted", None]


@EACH
async def test_a_connection_that_drops_while_a_tool_runs_cancels_the_call(dialect: Dialect) -> None:
    async with dialect.talk(tools=TOOLS) as talk:
        await talk.say(*dialect.heard("u1", "Look."), *dialect.begins("r1", "u1"), *dialect.calls("r1", "c1"))
        await talk.say(*dialect.ends("r1", calling=True))
        talk.line.hang_up(1006)
        await settle()
        assert [event.ids for event in talk.of("TOOL_CALLS_CANCELLED")] == [["c1"]]
        assert [event.error for event in talk.of("REPLY_END")] == ["interrupted"]
        await talk.session.send_tool_result(result("c1"))
        await settle()
        assert "fine" not in str(talk.line.sent)
        blocks = [block for message in talk.session.history for block in message.content]
        states = [block.state for block in blocks if isinstance(block, ToolResultBlock)]
        assert states == ["interrupted"]


@pytest.mark.parametrize("dialect", dialects("openai", "beta", "xai", "dashscope"), ids=str)
async def test_half_a_call_is_no_call(dialect: Dialect) -> None:
    begun, *_ = dialect.calls("r1", "c1")
    part = {"type": "response.function_call_arguments.delta", "response_id": "r1", "item_id": "f-c1", "delta": '{"a'}
    async with dialect.talk(tools=TOOLS) as talk:
        await talk.say(*dialect.begins("r1"), begun, part)
        talk.line.hang_up(1006)
        await settle()
        blocks = [block for message in talk.session.history for block in message.content]
        assert not [block for block in blocks if isinstance(block, ToolCallBlock | ToolResultBlock)]
        assert len(talk.of("REPLY_END")) == 1


# -- while it is replaced


@EACH
async def test_connections_that_drop_during_a_rotation_are_tried_again(dialect: Dialect) -> None:
    def greet(line: Line) -> None:
        if len(talk.server.lines) == 2:
            assert talk.server.lines[0].closed, "the old socket is closed first"
            line.hang_up(1006)
        else:
            dialect.greets(line)

    talk = dialect.talk(greet=greet)
    async with talk:
        await talk.say(*dialect.heard("u1", "Hello."), *whole(dialect, "r1", "Hi."))
        await dialect.go_away(talk)
        assert [line.closed for line in talk.server.lines] == [True, True, False]
        assert [event.kind for event in talk.of("SESSION")] == ["connected", "going_away", "reconnected"]
        assert len(talk.of("REPLY_END")) == 1
        await talk.say(*dialect.heard("u2", "Again."), *whole(dialect, "r2", "Yes."))
        assert [msg.get_text_content() for msg in talk.session.history] == ["Hello.", "Hi.", "Again.", "Yes."]


@EACH
async def test_a_rotation_that_never_succeeds_ends_the_session_with_the_reason(dialect: Dialect) -> None:
    def greet(line: Line) -> None:
        if len(talk.server.lines) == 1:
            dialect.greets(line)
        else:
            line.hang_up(1011, "the kitchen burns")

    talk = dialect.talk(greet=greet)
    await talk.session
    talk.listen()
    await dialect.go_away(talk)
    for _ in range(3):
        await settle()
    last = talk.of("SESSION")[-1]
    assert last.kind == "ended"
    assert "the kitchen burns" in last.reason
    with pytest.raises(ModelError, match="the kitchen burns"):
        await talk.session.send_text("Hello?")
    assert all(line.closed for line in talk.server.lines)
    await talk.session.aclose()
    assert len(asyncio.all_tasks()) == 1


@EACH
async def test_what_is_said_during_a_rotation_reaches_the_new_connection(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*whole(dialect, "r1", "Hi."))
        talk.server.open.clear()
        await dialect.go_away(talk)
        assert len(talk.server.lines) == 1
        await talk.session.send_audio(pcm(20, 16_000))
        typing = asyncio.create_task(talk.session.send_text("Hello?"))
        await settle()
        assert not typing.done(), "text waits for a connection, audio does not"
        talk.server.open.set()
        await typing
        await settle()
        assert len(talk.server.lines) == 2
        sent = str(talk.line.sent)
        assert base64.b64encode(pcm(20, 16_000)).decode()[:60] in sent
        assert "Hello?" in sent


@EACH
async def test_a_connection_that_drops_before_its_rotation_is_replaced_once(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        left = await dialect.grows_old(talk)
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "Hi"))
        await dialect.go_away(talk, left)
        assert len(talk.server.lines) == 1, "not in the middle of a reply"
        talk.line.hang_up(1001, "time is up")
        await settle()
        assert len(talk.server.lines) == 2
        assert [event.kind for event in talk.of("SESSION")] == ["connected", "going_away", "reconnected"]
        await talk.say(*whole(dialect, "r2", "Yes."))
        assert len(talk.server.lines) == 2, "the rotation that was planned is done"


@EACH
async def test_a_session_that_is_closed_during_a_rotation_leaves_nothing_open(dialect: Dialect) -> None:
    talk = dialect.talk()
    async with talk:
        talk.server.open.clear()
        await dialect.go_away(talk)
    talk.server.open.set()
    await settle()
    assert all(line.closed for line in talk.server.lines)
    assert len(asyncio.all_tasks()) == 1


# -- slow servers, and slow applications


@EACH
async def test_a_reply_that_never_ends_ends_by_the_clock_and_the_next_one_is_whole(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "Hm"))
        talk.clock.advance(299)
        await talk.say(*dialect.says("r1", "m"))
        talk.clock.advance(299)
        await settle()
        assert not talk.of("REPLY_END"), "a sign of life starts the clock again"
        talk.clock.advance(2)
        await settle()
        (end,) = talk.of("REPLY_END")
        assert "silent" in end.error
        await talk.say(*dialect.ends("r1"), *dialect.heard("u2", "Hey!"), *whole(dialect, "r2", "Yes."))
        assert [event.error is None for event in talk.of("REPLY_END")] == [False, True]
        assert talk.session.history[-1].get_text_content() == "Yes."


@EACH
async def test_a_late_transcript_stands_where_its_turn_began(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.turn("u1"), *dialect.begins("r1", "u1"), *dialect.says("r1", "Good"))
        await talk.say(*dialect.transcript("u1", "Hello."), *dialect.says("r1", " day."), *dialect.ends("r1"))
        if not dialect.live:
            await talk.say(*dialect.transcript("u1", "Hello!"))
        said = [(msg.role, msg.get_text_content()) for msg in talk.session.history]
        assert said == [("user", "Hello." if dialect.live else "Hello!"), ("assistant", "Good day.")]


@EACH
async def test_a_slow_application_stops_the_reading_and_nothing_else(dialect: Dialect) -> None:
    second = dialect.sounds("r1", pcm(1000))
    async with dialect.talk() as talk:
        await talk.stop_listening()
        await talk.say(*dialect.begins("r1"), *(frame for _ in range(150) for frame in second))
        assert talk.line.waiting >= 20
        sent = len(talk.line.sent)
        await talk.session.send_audio(pcm(20, 16_000))
        await settle()
        assert len(talk.line.sent) == sent + 1
        talk.line.say(*dialect.ends("r1"))
        talk.listen()
        for _ in range(20):
            await settle()
        assert len(talk.of("DATA_BLOCK_DELTA")) == 150
        assert [event.error for event in talk.of("REPLY_END")] == [None]


@EACH
async def test_a_reply_that_was_asked_for_and_never_began_is_asked_for_again(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.session.send_text("Hello?")
        await settle()
        talk.line.hang_up(1006)
        await settle()
        assert len([frame for frame in talk.line.sent if dialect.asks(frame)]) == 1
        assert str(talk.line.sent).count("Hello?") == 1
        await talk.say(*whole(dialect, "r1", "Yes."))
        talk.line.hang_up(1006)
        await settle()
        assert not [frame for frame in talk.line.sent if dialect.asks(frame)], "it has been answered"
        assert [msg.get_text_content() for msg in talk.session.history] == ["Hello?", "Yes."]


async def test_words_that_a_resumed_session_has_not_answered_are_sent_again() -> None:
    (dialect,) = dialects("gemini")
    async with dialect.talk() as talk:
        await talk.say({"sessionResumptionUpdate": {"newHandle": "h1", "resumable": True}})
        await talk.session.send_text("Hello?")
        await settle()
        talk.line.hang_up(1006)
        await settle()
        assert talk.line.sent[0]["setup"]["sessionResumption"] == {"handle": "h1"}
        assert [dialect.asks(frame) for frame in talk.line.sent[1:]] == [True]
        assert "Hello?" in str(talk.line.sent[1])
        assert len(talk.session.history) == 1


@EACH
async def test_silent_connections_that_last_are_replaced_as_often_as_they_drop(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        for _ in range(4):
            talk.clock.advance(31)
            talk.line.hang_up(1006)
            await settle()
        assert len(talk.server.lines) == 5
        talk.line.hang_up(1006)
        await settle()
        assert talk.of("SESSION")[-1].kind == "ended", "but not those that drop at once"
