"""A session of OpenAI's protocol: what the application gets, and what the server is sent."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from modelport.error import InvalidRequestError, ModelConnectionError, QuotaExceededError, UnsupportedFeatureError
from modelport.message import Base64Source, DataBlock, ToolResultBlock, ToolResultState, UserMsg
from modelport.realtime import OpenAIRealtimeModel, SessionEvent, TurnDetection

from .support import (
    TOOLS,
    Line,
    Talk,
    call,
    committed,
    created,
    done,
    heard,
    item,
    openai_greeting,
    pcm,
    settle,
    sound,
    speech,
    words,
)


def result(call_id: str, output: str = "fine") -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name="look", output=output, state=ToolResultState.SUCCESS)


async def test_a_typed_question_is_answered_in_speech() -> None:
    async with Talk() as talk:
        await talk.session.send_text("Hello?")
        await settle()
        assert talk.line.kinds == ["session.update", "conversation.item.create", "response.create"]
        await talk.say(created(), item("a1", None), words("Hi"), sound(pcm(20)), words(" there."), done())
        assert talk.types[1:] == [
            "REPLY_START", "MODEL_CALL_START", "TEXT_BLOCK_START", "TEXT_BLOCK_DELTA", "DATA_BLOCK_START",
            "DATA_BLOCK_DELTA", "TEXT_BLOCK_DELTA", "TEXT_BLOCK_END", "DATA_BLOCK_END", "MODEL_CALL_END", "REPLY_END",
        ]  # fmt: skip
        assert [msg.get_text_content() for msg in talk.session.history] == ["Hello?", "Hi there."]
        assert talk.session.usage.input_tokens == 10


async def test_audio_is_passed_on_unchanged_and_refers_to_its_text() -> None:
    async with Talk() as talk:
        frame = sound(pcm(20))
        await talk.say(created(), words("Hi"), frame, done())
        (delta,) = talk.of("DATA_BLOCK_DELTA")
        (text,) = talk.of("TEXT_BLOCK_START")
        assert delta.data == frame["delta"]
        assert delta.media_type == "audio/pcm;rate=24000"
        assert delta.metadata["text_block_id"] == text.block_id


async def test_chunks_that_split_samples_come_out_whole() -> None:
    data = pcm(2)
    async with Talk() as talk:
        await talk.say(created(), sound(data[:33]), sound(data[33:66]), sound(data[66:]), done())
        pieces = [base64.b64decode(event.data) for event in talk.of("DATA_BLOCK_DELTA")]
        assert b"".join(pieces) == data
        assert [len(piece) % 2 for piece in pieces] == [0, 0, 0]


async def test_half_a_sample_at_the_end_is_marked() -> None:
    async with Talk() as talk:
        await talk.say(created(), sound(b"\x01\x02\x03"), done())
        whole, rest = talk.of("DATA_BLOCK_DELTA")
        assert base64.b64decode(whole.data) + base64.b64decode(rest.data) == b"\x01\x02\x03"
        assert rest.metadata["partial_sample"] is True


async def test_speech_in_the_middle_of_a_reply_truncates_it_once_it_has_ended() -> None:
    async with Talk() as talk:
        await talk.say(committed("u1", None), created(), item("a1", "u1"))
        await talk.say(*(words(text) for text in ("Once", " upon", " a", " time")), *(sound(pcm(20)) for _ in range(4)))
        talk.session.played("a1", 60)
        await talk.say(speech("u2", 2900))
        assert "conversation.item.truncate" not in talk.line.kinds
        await talk.say(done(status="cancelled"), committed("u2", "a1"), heard("u2", "Stop."))
        (event,) = talk.of("INTERRUPTED")
        assert (event.item_id, event.heard_ms, event.heard_text) == ("a1", 60, "Once upon a")
        assert talk.line.named("conversation.item.truncate") == [
            {"type": "conversation.item.truncate", "item_id": "a1", "content_index": 0, "audio_end_ms": 60}
        ]
        assert "response.cancel" not in talk.line.kinds
        (end,) = talk.of("REPLY_END")
        assert end.error == "interrupted"
        _, reply, stop = talk.session.history
        assert reply.get_text_content() == "Once upon a"
        assert reply.error == "interrupted"
        assert reply.metadata["generated_text"] == "Once upon a time"
        assert stop.get_text_content() == "Stop."


async def test_speech_while_a_complete_reply_is_played_truncates_it_at_once() -> None:
    async with Talk() as talk:
        await talk.say(created(), item("a1", None), words("One two three four"), sound(pcm(1000)), done())
        talk.clock.advance(0.5)
        await talk.say(speech("u2"))
        (event,) = talk.of("INTERRUPTED")
        assert event.heard_ms == 500
        assert event.heard_text == "One two"
        assert talk.line.named("conversation.item.truncate")[0]["audio_end_ms"] == 500
        assert len(talk.of("REPLY_END")) == 1
        assert talk.session.history[0].get_text_content() == "One two"


async def test_a_reply_that_was_played_is_not_interrupted() -> None:
    async with Talk() as talk:
        await talk.say(created(), item("a1", None), words("One"), sound(pcm(100)), done())
        talk.clock.advance(0.2)
        await talk.say(speech("u2"))
        assert not talk.of("INTERRUPTED")
        assert talk.session.history[0].get_text_content() == "One"


async def test_a_reply_of_which_nothing_was_heard_is_deleted_and_leaves_no_text() -> None:
    async with Talk() as talk:
        await talk.stop_listening()
        await talk.say(committed("u1", None), created(), item("a1", "u1"), words("One"), sound(pcm(100)))
        await talk.say(speech("u2"), done(status="cancelled"))
        talk.listen()
        await settle()
        assert not talk.of("DATA_BLOCK_DELTA"), "queued audio of an interrupted reply is purged"
        assert talk.line.named("conversation.item.delete") == [{"type": "conversation.item.delete", "item_id": "a1"}]
        assert talk.session.history[1].get_text_content() is None


async def test_the_rest_of_a_cancelled_response_is_dropped() -> None:
    async with Talk() as talk:
        await talk.say(created(), sound(pcm(20)), speech("u2"), sound(pcm(20)), words("late"), done(status="cancelled"))
        assert len(talk.of("DATA_BLOCK_DELTA")) <= 1
        assert not talk.of("TEXT_BLOCK_DELTA")


async def test_interrupt_cancels_the_reply_and_says_what_was_heard() -> None:
    async with Talk(parameters=_manual()) as talk:
        await talk.session.send_audio(pcm(100))
        await talk.session.commit_audio()
        await talk.say(committed("u1", None), created(), item("a1", "u1"), words("One two three"), sound(pcm(60)))
        await talk.session.interrupt(played_ms=40)
        await talk.say(done(status="cancelled"))
        await settle()
        assert talk.line.kinds[-2:] == ["response.cancel", "conversation.item.truncate"]
        assert talk.line.named("conversation.item.truncate")[0]["audio_end_ms"] == 40
        await talk.session.interrupt()
        await settle()
        assert talk.line.kinds.count("response.cancel") == 1, "there is nothing left to cancel"
        assert len(talk.of("INTERRUPTED")) == 1


async def test_a_refused_command_ends_nothing() -> None:
    refused = {"type": "error", "error": {"type": "invalid_request_error", "code": "response_cancel_not_active",
                                          "message": "no active response"}}  # fmt: skip
    async with Talk() as talk:
        await talk.say(created(), words("Hi"), refused, words(" there"), done())
        (error,) = talk.of("SESSION_ERROR")
        assert (error.code, error.fatal) == ("response_cancel_not_active", False)
        (end,) = talk.of("REPLY_END")
        assert end.error is None
        assert talk.session.history[0].get_text_content() == "Hi there"


async def test_a_second_request_waits_for_the_end_of_the_first_reply() -> None:
    async with Talk() as talk:
        await talk.session.send_text("One?")
        await talk.session.send_text("Two?")
        await settle()
        assert talk.line.kinds.count("response.create") == 1
        await talk.say(created(), words("One."))
        assert talk.line.kinds.count("response.create") == 1
        await talk.say(done())
        assert talk.line.kinds.count("response.create") == 2


async def test_the_reply_goes_on_once_after_all_results() -> None:
    async with Talk(tools=TOOLS) as talk:
        await talk.session.send_text("Look twice.")
        await talk.say(created(), *call("c1", "f1"), *call("c2", "f2"))
        await talk.session.send_tool_result(result("c1"))
        await talk.session.send_tool_result(result("c2"))
        await settle()
        assert talk.line.kinds.count("response.create") == 1, "the response has not ended"
        await talk.say(done())
        assert talk.line.kinds.count("response.create") == 2
        assert not talk.of("REPLY_END")
        await talk.say(created("r2"), words("Done.", "a2", "r2"), done("r2"))
        assert len(talk.of("REPLY_START")) == len(talk.of("REPLY_END")) == 1
        kinds = [block.type for block in talk.session.history[1].content]
        assert kinds == ["tool_call", "tool_call", "tool_result", "tool_result", "text"]


async def test_results_that_come_after_the_response_are_followed_up_once() -> None:
    async with Talk(tools=TOOLS) as talk:
        await talk.session.send_text("Look twice.")
        await talk.say(created(), *call("c1", "f1"), *call("c2", "f2"), done())
        await talk.session.send_tool_result(result("c2"))
        await settle()
        assert talk.line.kinds.count("response.create") == 1
        await talk.session.send_tool_result(result("c1"))
        await settle()
        assert talk.line.kinds.count("response.create") == 2


async def test_no_follow_up_when_the_user_spoke_meanwhile() -> None:
    async with Talk(tools=TOOLS) as talk:
        await talk.session.send_text("Look.")
        await talk.say(created(), *call("c1", "f1"), done(), speech("u2"), committed("u2", "f1"))
        await talk.session.send_tool_result(result("c1"))
        await settle()
        assert talk.line.kinds.count("response.create") == 1
        await talk.say(created("r2"), words("Yes?", "a2", "r2"), done("r2"))
        assert [end.error for end in talk.of("REPLY_END")] == ["interrupted", None]
        assert len(talk.of("REPLY_START")) == 2


async def test_a_forced_choice_holds_for_one_reply() -> None:
    from modelport.tool import ToolChoice

    async with Talk(tools=TOOLS) as talk:
        await talk.session.respond(tool_choice=ToolChoice(mode="look"))
        await settle()
        assert talk.line.named("response.create")[0]["response"]["tool_choice"] == {"type": "function", "name": "look"}
        await talk.say(created(), *call("c1", "f1"), done())
        await talk.session.send_tool_result(result("c1"))
        await settle()
        assert talk.line.named("response.create")[1] == {"type": "response.create"}


async def test_a_result_for_an_unknown_call_is_an_error() -> None:
    async with Talk(tools=TOOLS) as talk:
        with pytest.raises(InvalidRequestError, match="'nothing'"):
            await talk.session.send_tool_result(result("nothing"))


async def test_the_transcript_replaces_and_stands_where_the_turn_began() -> None:
    delta = "conversation.item.input_audio_transcription.delta"
    async with Talk() as talk:
        await talk.say(speech("u1"), committed("u1", None), created(), item("a1", "u1"), words("Hello."), done())
        await talk.say(
            {"type": delta, "item_id": "u1", "delta": "Good "}, {"type": delta, "item_id": "u1", "delta": "day"}
        )
        await talk.say(heard("u1", "Good day!"))
        texts = [(event.text, event.is_final) for event in talk.of("INPUT_TRANSCRIPT")]
        assert texts == [("Good ", False), ("Good day", False), ("Good day!", True)]
        assert [msg.get_text_content() for msg in talk.session.history] == ["Good day!", "Hello."]


async def test_a_transcription_that_failed_is_not_a_failure_of_the_session() -> None:
    failed = {"type": "conversation.item.input_audio_transcription.failed", "item_id": "u1", "error": {"message": "no"}}
    async with Talk() as talk:
        await talk.say(committed("u1", None), failed, created(), words("Hi"), done())
        (event,) = talk.of("INPUT_TRANSCRIPT")
        assert event.error == "no"
        assert talk.session.history[0].metadata["transcript_error"] == "no"
        assert talk.of("REPLY_END")[0].error is None


async def test_silence_that_a_timeout_committed_is_no_turn() -> None:
    async with Talk() as talk:
        await talk.say({"type": "input_audio_buffer.timeout_triggered", "item_id": "u1"}, committed("u1", None))
        await talk.say(created(), item("a1", "u1"), words("Are you there?"), done())
        assert [msg.role for msg in talk.session.history] == ["assistant"]


async def test_a_failed_response_says_why() -> None:
    details = {"type": "failed", "error": {"type": "server_error", "message": "it broke"}}
    async with Talk() as talk:
        await talk.say(created(), done(status="failed", status_details=details, usage=None))
        assert talk.of("MODEL_CALL_END")[0].error == "it broke"
        assert talk.of("REPLY_END")[0].error == "it broke"


# -- set-up


async def test_a_refused_set_up_raises_the_servers_error() -> None:
    def refuse(line: Line) -> None:
        line.say({"type": "error", "error": {"type": "invalid_request_error", "message": "no such voice"}})

    talk = Talk(greet=refuse)
    with pytest.raises(InvalidRequestError, match="no such voice"):
        await talk.session
    assert talk.line.closed


async def test_what_a_session_cannot_do_is_refused_before_sending() -> None:
    with pytest.raises(UnsupportedFeatureError, match="text alone"):
        Talk("xai", parameters=_xai_text(), card_checks="off")
    async with Talk("dashscope", name="qwen3-omni-flash-realtime") as talk:
        with pytest.raises(UnsupportedFeatureError, match="call tools"):
            await talk.session.respond(tools=TOOLS)


async def test_another_sample_rate_is_resampled() -> None:
    parameters = OpenAIRealtimeModel.Parameters(input_sample_rate=8000)
    async with Talk(parameters=parameters) as talk:
        await talk.session.send_audio(pcm(100, 8000))
        await settle()
        (frame,) = talk.line.named("input_audio_buffer.append")
        assert 4700 <= len(base64.b64decode(frame["audio"])) <= 4800


async def test_a_session_takes_past_messages_and_typed_images() -> None:
    image = DataBlock(source=Base64Source(data="iVBORw0KGgo=", media_type="image/png"))
    async with Talk(history=[UserMsg("user", "I am Ada.")]) as talk:
        await talk.session.send_image(image)
        await settle()
        seeded, shown = talk.line.named("conversation.item.create")
        assert seeded["item"]["content"] == [{"type": "input_text", "text": "I am Ada."}]
        assert shown["item"]["content"][0]["image_url"].startswith("data:image/png;base64,")
        assert "response.create" not in talk.line.kinds


async def test_settings_can_change() -> None:
    async with Talk(instructions="Be brief.") as talk:
        await talk.session.update(instructions="Be long.", turn_detection=TurnDetection(mode="manual"))
        await settle()
        assert talk.line.sent[-1]["session"] == {
            "type": "realtime",
            "instructions": "Be long.",
            "audio": {"input": {"turn_detection": None}},
        }


# -- ends


async def test_a_dropped_connection_is_replaced_and_knows_what_was_said() -> None:
    async with Talk(instructions="Be brief.") as talk:
        await talk.session.send_text("Hello?")
        await talk.say(created(), words("Hi."), sound(pcm(20)))
        talk.line.hang_up(1006)
        await settle()
        assert len(talk.server.lines) == 2
        assert talk.server.lines[0].closed
        (end,) = talk.of("REPLY_END")
        assert end.error == "interrupted"
        change = talk.of("SESSION")[-1]
        assert (change.kind, change.restored) == ("reconnected", "history")
        items = [frame["item"] for frame in talk.line.named("conversation.item.create")]
        assert [(each["role"], each["content"][0]["text"]) for each in items] == [
            ("user", "Hello?"),
            ("assistant", "Hi."),
        ]
        assert talk.line.named("session.update")[0]["session"]["instructions"] == "Be brief."
        assert "response.create" not in talk.line.kinds


async def test_calls_of_a_dead_connection_are_cancelled_and_their_results_dropped() -> None:
    async with Talk(tools=TOOLS) as talk:
        await talk.say(created(), *call("c1", "f1"), done())
        talk.line.hang_up()
        await settle()
        assert talk.of("TOOL_CALLS_CANCELLED")[0].ids == ["c1"]
        await talk.session.send_tool_result(result("c1"))
        await settle()
        outputs = [each["item"]["output"] for each in talk.line.named("conversation.item.create")
                   if each["item"]["type"] == "function_call_output"]  # fmt: skip
        assert outputs == ["The call was interrupted before its result came."]


async def test_no_new_connection_after_an_error_that_it_would_not_help() -> None:
    quota = {"type": "error", "error": {"type": "x", "code": "insufficient_quota", "message": "pay"}}
    async with Talk() as talk:
        await talk.say(quota)
        assert len(talk.server.lines) == 1
        last = talk.events[-1]
        assert isinstance(last, SessionEvent)
        assert (last.kind, last.reason) == ("ended", "pay (insufficient_quota)")
        with pytest.raises(QuotaExceededError):
            await talk.session.send_text("Hello?")


async def test_without_reconnect_the_session_ends_with_the_reason() -> None:
    talk = Talk(reconnect=False)
    await talk.session
    talk.line.hang_up(1001, "the hour is over")
    events: list[Any] = []
    with pytest.raises(ModelConnectionError, match="the hour is over"):
        async for event in talk.session:
            events.append(event)
    assert events[-1].kind == "ended"
    await talk.session.aclose()


async def test_a_server_that_always_drops_is_not_asked_for_ever() -> None:
    def greet(line: Line) -> None:
        openai_greeting(line)
        line.hang_up(1011, "always")

    talk = Talk(greet=greet)
    await talk.session
    with pytest.raises(Exception, match="always"):
        async for _ in talk.session:
            pass
    assert len(talk.server.lines) <= 4
    await talk.session.aclose()


async def test_a_reply_that_the_server_never_ends() -> None:
    async with Talk() as talk:
        await talk.say(created(), words("Hm"))
        talk.clock.advance(301)
        await settle()
        (end,) = talk.of("REPLY_END")
        assert "silent" in end.error
        await talk.say(created("r2"), words("Hi", "a2", "r2"), done("r2"))
        assert talk.of("REPLY_END")[1].error is None


async def test_a_connection_is_replaced_before_its_hour_is_over_but_not_while_a_tool_runs() -> None:
    async with Talk(tools=TOOLS) as talk:
        await talk.say(created(), *call("c1", "f1"), done())
        talk.clock.advance(3541)
        await settle()
        assert talk.of("SESSION")[-1].kind == "going_away"
        assert len(talk.server.lines) == 1
        await talk.session.send_tool_result(result("c1"))
        await talk.say(created("r2"), words("Done.", "a2", "r2"), done("r2"))
        assert len(talk.server.lines) == 2
        assert talk.of("SESSION")[-1].kind == "reconnected"


async def test_a_slow_consumer_stops_the_reading_but_not_the_sending() -> None:
    async with Talk() as talk:
        await talk.stop_listening()
        second = sound(pcm(1000))
        await talk.say(created(), *(second for _ in range(200)))
        assert talk.line._frames.qsize() >= 60, "about 120 seconds are taken, the rest waits on the socket"
        await talk.session.send_text("Hello?")
        await settle()
        assert "conversation.item.create" in talk.line.kinds
        talk.listen()
        for _ in range(20):
            await settle()
        assert len(talk.of("DATA_BLOCK_DELTA")) == 200


async def test_a_reply_is_not_silent_while_nothing_is_read_of_it() -> None:
    async with Talk() as talk:
        await talk.stop_listening()
        await talk.say(created(), *(sound(pcm(1000)) for _ in range(200)))
        for _ in range(3):
            talk.clock.advance(301)
            await settle()
        talk.listen()
        for _ in range(20):
            await settle()
        assert len(talk.of("DATA_BLOCK_DELTA")) == 200 and not talk.of("REPLY_END")
        talk.clock.advance(301)
        await settle()
        assert "silent" in talk.of("REPLY_END")[0].error, "now it is"


async def test_text_that_is_not_taken_stops_the_reading_too() -> None:
    async with Talk() as talk:
        await talk.stop_listening()
        arguments = {"type": "response.function_call_arguments.delta", "response_id": "r1", "item_id": "f1"}
        start, *_ = call("c1", "f1")
        pieces = [{**arguments, "delta": "1" * 10_000}] * 100
        more = [frame for number in range(20) for frame in (_numbered(start, number), *_pieces(pieces, number))]
        await talk.say(created(), *more)
        assert talk.line.waiting >= 500
        talk.listen()
        for _ in range(40):
            await settle()
        assert talk.line.waiting == 0


def _numbered(frame: Any, number: int) -> Any:
    return {**frame, "item": {**frame["item"], "id": f"f{number}", "call_id": f"c{number}"}}


def _pieces(frames: list[Any], number: int) -> list[Any]:
    return [{**frame, "item_id": f"f{number}"} for frame in frames]


async def test_audio_waits_for_a_socket_that_takes_none() -> None:
    async with Talk() as talk:
        talk.line.blocked.clear()
        await talk.session.send_audio(pcm(1000))
        sending = asyncio.create_task(talk.session.send_audio(pcm(3000)))
        await settle()
        assert not sending.done()
        talk.line.blocked.set()
        await asyncio.wait_for(sending, 5)


async def test_audio_that_is_sent_while_there_is_no_connection_is_kept() -> None:
    async with Talk() as talk:
        talk.server.open.clear()
        talk.line.hang_up()
        await settle()
        for number in range(20):
            await talk.session.send_audio(bytes([number, 0]) * 24_000)
        talk.server.open.set()
        await settle()
        assert len(talk.server.lines) == 2
        kept = [base64.b64decode(frame["audio"])[0] for frame in talk.line.named("input_audio_buffer.append")]
        assert kept == list(range(10, 20)), "the newest ten seconds"
        assert talk.of("SESSION")[-1].metadata == {"dropped_audio_ms": 10_000}


@pytest.mark.parametrize("steps", range(12))
async def test_a_cancelled_opening_leaves_nothing_open(steps: int) -> None:
    talk = Talk()
    opening = asyncio.ensure_future(talk.session.open())
    for _ in range(steps):
        await asyncio.sleep(0)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await talk.session.aclose()
    assert all(line.closed for line in talk.server.lines)
    await settle()
    assert len(asyncio.all_tasks()) == 1


async def test_tasks_that_begin_at_once_share_one_connection() -> None:
    talk = Talk()
    talk.listen()
    await asyncio.gather(talk.session.send_text("One"), talk.session.send_audio(b"\0\0"))
    assert len(talk.server.lines) == 1
    await talk.session.aclose()
    await settle()
    assert len(asyncio.all_tasks()) == 1


async def test_a_session_that_is_closed_while_it_opens_stays_closed() -> None:
    talk = Talk()
    talk.server.open.clear()
    opening = asyncio.ensure_future(talk.session.open())
    await settle()
    await talk.session.aclose()
    talk.server.open.set()
    await opening
    assert all(line.closed for line in talk.server.lines)
    with pytest.raises(InvalidRequestError, match="closed"):
        await talk.session.send_text("Hello?")
    await settle()
    assert len(asyncio.all_tasks()) == 1


async def test_closing_ends_the_iteration() -> None:
    talk = Talk()
    async with talk:
        await talk.say(created(), words("Hi"))
    assert talk.events[-1].kind == "ended"
    assert len(talk.of("REPLY_END")) == 1
    assert len(asyncio.all_tasks()) == 1


def _manual() -> Any:
    return OpenAIRealtimeModel.Parameters(turn_detection=TurnDetection(mode="manual"))


def _xai_text() -> Any:
    from modelport.realtime import XAIRealtimeModel

    return XAIRealtimeModel.Parameters(output="text")
