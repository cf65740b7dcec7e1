"""Faults that other clients of voice models have, each with the test that shows that sessions here have none of them.

1. Gemini: an interrupted reply never ends, and its tokens are lost
2. nothing tells the server, or the history, how much of a reply was heard
3. Gemini: content beside a call, and usage in a frame of its own, are lost
4. Gemini: thoughts come out as spoken words
5. xAI: each state of a transcript that grows becomes a turn
6. xAI: token counts are looked for where they never are
7. DashScope: a cancelled reply has no end
8. DashScope: replies in text are empty
9. DashScope: no typed text, no images, no farewell
10. a model's cards are missing from the package, so it cannot be built
11. every error event ends the reply; a cancel and the next request go out together
12. the reason of a close is lost
13. a session counts as ready too early, or its set-up is awaited without a limit
14. the queue of events grows without a bound
15. hosts are fixed; an interruption silently has no effect
16. cancelled calls, announced ends and handles are ignored; a reconnection waits for the user
17. connecting changes the parameters; a session cannot change; media and other sample rates are dropped or refused

The number is in the names of the tests.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from modelport.error import InvalidRequestError, ModelTimeoutError, UnsupportedFeatureError
from modelport.message import Base64Source, DataBlock, TextBlock, ToolResultBlock, ToolResultState
from modelport.realtime import DashScopeRealtimeModel, GeminiRealtimeModel, OpenAIRealtimeModel, TurnDetection

from .dialects import Dialect, dialects
from .support import (
    END,
    MODELS,
    TOOLS,
    Line,
    Talk,
    committed,
    content,
    created,
    done,
    live_call,
    live_sound,
    live_words,
    pcm,
    settle,
    sound,
    speech,
    words,
)

EACH = pytest.mark.parametrize("dialect", dialects(), ids=str)
TRUNCATING = pytest.mark.parametrize("dialect", dialects("openai", "beta", "xai"), ids=str)


def result(call_id: str, output: Any = "fine") -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name="look", output=output, state=ToolResultState.SUCCESS)


# -- 1


@pytest.mark.parametrize("generated", [True, False], ids=["generated whole", "while it is generated"])
async def test_01_an_interrupted_reply_of_gemini_ends_once_with_its_tokens(generated: bool) -> None:
    before = [content(generationComplete=True)] if generated else []
    async with Talk("gemini") as talk:
        await talk.say(live_sound(pcm(1000)), live_words("One two"), *before, content(interrupted=True), END)
        (call,) = talk.of("MODEL_CALL_END")
        assert (call.input_tokens, call.output_tokens) == (20, 10)
        (end,) = talk.of("REPLY_END")
        assert end.error == "interrupted"
        assert talk.session.usage.input_tokens == 20


# -- 2


@TRUNCATING
async def test_02_the_server_and_the_history_keep_what_was_heard(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "One two three four"))
        await talk.say(*dialect.sounds("r1", pcm(1000)))
        talk.session.played("a-r1", 500)
        await talk.say(*dialect.interrupts("u1"), *dialect.cancelled("r1"))
        (frame,) = talk.line.named("conversation.item.truncate")
        assert (frame["item_id"], frame["audio_end_ms"]) == ("a-r1", 500)
        message = talk.session.history[-1]
        assert (message.get_text_content(), message.error) == ("One two", "interrupted")


@pytest.mark.parametrize("dialect", dialects("dashscope", "gemini"), ids=str)
async def test_02_where_the_server_cannot_be_told_the_history_still_keeps_what_was_heard(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "One two three four"))
        await talk.say(*dialect.sounds("r1", pcm(1000)))
        talk.clock.advance(0.5)
        await talk.say(*dialect.interrupts("u1"), *dialect.cancelled("r1"))
        message = talk.session.history[-1]
        assert (message.get_text_content(), message.metadata["heard_ms"]) == ("One two", 500)
        assert not talk.session.facts.truncates


# -- 3


async def test_03_gemini_content_and_a_call_in_one_frame_are_both_read() -> None:
    async with Talk("gemini", tools=TOOLS) as talk:
        await talk.say({**live_words("Let me see."), **live_call("c1")})
        assert [event.delta for event in talk.of("TEXT_BLOCK_DELTA")] == ["Let me see."]
        assert [event.tool_call_id for event in talk.of("TOOL_CALL_END")] == ["c1"]


async def test_03_gemini_usage_in_a_frame_of_its_own_is_counted() -> None:
    async with Talk("gemini") as talk:
        await talk.say(live_words("Hi."), content(turnComplete=True), {"usageMetadata": END["usageMetadata"]})
        assert (talk.session.usage.input_tokens, talk.session.usage.output_tokens) == (20, 10)


# -- 4


async def test_04_gemini_thoughts_are_no_words() -> None:
    thought = {"text": "The user greets.", "thought": True}
    async with Talk("gemini") as talk:
        await talk.say(content(modelTurn={"parts": [thought]}), live_words("Hi."), END)
        assert "".join(event.delta for event in talk.of("TEXT_BLOCK_DELTA")) == "Hi."
        assert talk.session.history[-1].get_text_content() == "Hi."


# -- 5, 6


async def test_05_a_transcript_of_xai_that_grows_is_one_turn() -> None:
    kind = "conversation.item.input_audio_transcription.completed"
    async with Talk("xai") as talk:
        await talk.say(speech("u1"), committed("u1", None))
        for text, state in (("Hello?", "in_progress"), ("Hello, it", "in_progress"), ("Hello, it is me.", "completed")):
            await talk.say({"type": kind, "item_id": "u1", "transcript": text, "status": state})
        assert [(msg.role, msg.get_text_content()) for msg in talk.session.history] == [("user", "Hello, it is me.")]
        assert [event.is_final for event in talk.of("INPUT_TRANSCRIPT")] == [False, False, True]


async def test_06_tokens_of_xai_stand_beside_the_response() -> None:
    body = {"id": "r1", "status": "completed", "usage": {}}
    async with Talk("xai") as talk:
        await talk.say(created(), words("Hi"))
        await talk.say({"type": "response.done", "response": body, "usage": {"input_tokens": 7, "output_tokens": 3}})
        (call,) = talk.of("MODEL_CALL_END")
        assert (call.input_tokens, call.output_tokens) == (7, 3)


# -- 7, 8, 9


@pytest.mark.parametrize("ends", ["by its item", "never"])
async def test_07_a_cancelled_reply_of_dashscope_ends(ends: str) -> None:
    async with Talk("dashscope") as talk:
        await talk.say(created(), sound(pcm(20)))
        await talk.session.interrupt()
        if ends == "never":
            talk.clock.advance(5.1)
            await settle()
        else:
            await talk.say({"type": "response.output_item.done", "response_id": "r1", "item": {"id": "a1"}})
        (end,) = talk.of("REPLY_END")
        assert end.error == "interrupted"
        await talk.session.send_text("And now?")
        await settle()
        assert talk.line.kinds[-1] == "response.create", "the next reply is not held back"


async def test_08_dashscope_answers_in_text() -> None:
    parameters = DashScopeRealtimeModel.Parameters(output="text")
    async with Talk("dashscope", parameters=parameters) as talk:
        await talk.say(created(), {"type": "response.text.delta", "response_id": "r1", "item_id": "a1", "delta": "Hi"})
        await talk.say(done())
        assert talk.session.history[-1].get_text_content() == "Hi"


async def test_09_dashscope_takes_text_and_images_and_a_farewell() -> None:
    image = DataBlock(source=Base64Source(data=base64.b64encode(b"\xff\xd8\xff").decode(), media_type="image/jpeg"))
    async with Talk("dashscope") as talk:
        await talk.session.send_text("Hello?")
        await talk.session.send_audio(pcm(20, 16_000))
        await talk.session.send_image(image)
        await settle()
        assert talk.line.kinds[1:] == [
            "conversation.item.create",
            "response.create",
            "input_audio_buffer.append",
            "input_image_buffer.append",
        ]
        assert talk.line.sent[1]["item"]["content"] == [{"type": "input_text", "text": "Hello?"}]
    assert talk.line.kinds[-1] == "session.finish"


# -- 10


@pytest.mark.parametrize("provider", MODELS)
async def test_10_every_listed_model_can_be_built_and_connected(provider: str) -> None:
    _, credential, _ = MODELS[provider]
    cards = {card.name for card in credential.list_realtime_models()}
    assert cards
    built = {card.name for cls in credential.get_realtime_model_classes() for card in cls.list_models()}
    assert built == cards
    for name in cards:
        async with Talk(provider, name=name) as talk:
            await settle()
            assert talk.of("SESSION")[0].kind == "connected"
            assert talk.model.card.known


# -- 11


@pytest.mark.parametrize("dialect", dialects("openai", "beta", "xai", "dashscope"), ids=str)
async def test_11_a_refused_command_ends_no_reply(dialect: Dialect) -> None:
    refused = {"type": "invalid_request_error", "code": "response_cancel_not_active", "message": "nothing to cancel"}
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "Hi"), {"type": "error", "error": refused})
        await talk.say(*dialect.says("r1", " there."), *dialect.ends("r1"))
        assert [event.code for event in talk.of("SESSION_ERROR")] == ["response_cancel_not_active"]
        assert [event.error for event in talk.of("REPLY_END")] == [None]
        assert talk.session.history[-1].get_text_content() == "Hi there."


@pytest.mark.parametrize("dialect", dialects("openai", "beta", "xai", "dashscope"), ids=str)
async def test_11_a_request_waits_for_the_end_of_the_reply_that_it_follows(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "Hi"))
        await talk.session.interrupt()
        await talk.session.respond()
        await settle()
        assert talk.line.kinds[-1] == "response.cancel"
        await talk.say(*dialect.cancelled("r1"))
        assert talk.line.kinds.count("response.create") == 1


# -- 12


async def test_12_a_set_up_that_gemini_refuses_says_why() -> None:
    talk = Talk("gemini", greet=lambda line: line.hang_up(1007, "TEXT is not supported by the model"))
    with pytest.raises(InvalidRequestError, match="TEXT is not supported by the model"):
        await talk.session


@EACH
async def test_12_the_reason_of_a_close_is_an_events(dialect: Dialect) -> None:
    why = "Your session hit the maximum duration."
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "Hi"))
        talk.line.hang_up(1001, why)
        await settle()
        assert why in talk.of("SESSION")[-1].reason
    other = dialect.talk(reconnect=False)
    await other.session
    other.line.hang_up(1001, why)
    with pytest.raises(Exception, match=why):
        async for event in other.session:
            other.events.append(event)
    assert why in other.events[-1].reason
    await other.session.aclose()


# -- 13


def _greets_only(line: Line) -> None:
    line.say({"type": "session.created", "session": {"id": "s"}})


@EACH
async def test_13_a_session_is_ready_once_its_set_up_is_accepted(dialect: Dialect) -> None:
    talk = dialect.talk(greet=_greets_only if not dialect.live else lambda line: None)
    talk.listen()
    await settle()
    assert not talk.events
    assert len(talk.line.sent) == 1, "nothing but the set-up is sent before it is accepted"
    dialect.greets(talk.line)
    await settle()
    assert [event.kind for event in talk.of("SESSION")] == ["connected"]
    await talk.session.aclose()


@EACH
async def test_13_the_acceptance_is_awaited_within_the_clocks(dialect: Dialect) -> None:
    talk = dialect.talk(greet=_greets_only if not dialect.live else lambda line: None)
    opening = asyncio.ensure_future(talk.session.open())
    for _ in range(4):
        await settle()
        talk.clock.advance(700)
    await settle()
    with pytest.raises(ModelTimeoutError):
        await opening
    assert all(line.closed for line in talk.server.lines)


# -- 14


@EACH
async def test_14_events_that_are_not_taken_stop_the_reading(dialect: Dialect) -> None:
    second = dialect.sounds("r1", pcm(1000))
    async with dialect.talk() as talk:
        await talk.stop_listening()
        await talk.say(*dialect.begins("r1"), *(frame for _ in range(200) for frame in second))
        assert 60 <= talk.line.waiting <= 90, "some two minutes are taken, and the rest waits on the socket"
        talk.listen()
        for _ in range(20):
            await settle()
        assert len(talk.of("DATA_BLOCK_DELTA")) == 200


# -- 15


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize(
    ("base", "wire"), [("http://127.0.0.1:9/x", "ws://127.0.0.1:9/x"), ("https://h.test/x", "wss://h.test/x")]
)
def test_15_sessions_go_where_the_credential_says(provider: str, base: str, wire: str) -> None:
    cls, credential, name = MODELS[provider]
    model = cls(type(credential)(api_key="k-PlantedWord7", base_url=base), name)
    assert model.codec.handshake(model._setup("", (), (), None, {})).url.startswith(wire)


@EACH
async def test_15_an_interrupted_reply_is_not_delivered_on(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "One"), *dialect.sounds("r1", pcm(100)))
        await talk.session.interrupt()
        await talk.say(*dialect.says("r1", " two"), *dialect.sounds("r1", pcm(100)), *dialect.cancelled("r1"))
        assert len(talk.of("DATA_BLOCK_DELTA")) == len(talk.of("INTERRUPTED")) == 1
        assert [event.error for event in talk.of("REPLY_END")] == ["interrupted"]
        assert talk.session.facts.cancels == ("response.cancel" in talk.line.kinds)


async def test_15_with_manual_turns_an_interruption_stops_gemini() -> None:
    parameters = GeminiRealtimeModel.Parameters(turn_detection=TurnDetection(mode="manual"))
    async with Talk("gemini", parameters=parameters) as talk:
        assert talk.session.facts.cancels
        await talk.say(live_words("One"))
        await talk.session.interrupt()
        await settle()
        assert talk.line.sent[-1] == {"realtimeInput": {"activityStart": {}}}


# -- 16


async def test_16_cancelled_calls_are_not_answered() -> None:
    async with Talk("gemini", tools=TOOLS) as talk:
        await talk.say(live_call("c1"), {"toolCallCancellation": {"ids": ["c1"]}})
        await talk.session.send_tool_result(result("c1"))
        await settle()
        assert [event.ids for event in talk.of("TOOL_CALLS_CANCELLED")] == [["c1"]]
        assert not talk.line.named("toolResponse")


async def test_16_an_announced_end_and_a_handle_are_used() -> None:
    async with Talk("gemini") as talk:
        await talk.say({"sessionResumptionUpdate": {"newHandle": "h1", "resumable": True}})
        await talk.say({"goAway": {"timeLeft": "50s"}})
        assert len(talk.server.lines) == 2
        assert talk.line.sent[0]["setup"]["sessionResumption"] == {"handle": "h1"}


@EACH
async def test_16_a_lost_connection_is_replaced_without_waiting_for_the_user(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        talk.line.hang_up(1006)
        await settle()
        assert len(talk.server.lines) == 2
        assert talk.of("SESSION")[-1].kind == "reconnected"


# -- 17


@pytest.mark.parametrize("provider", MODELS)
async def test_17_connecting_changes_no_parameters(provider: str) -> None:
    talk = Talk(provider)
    before = talk.model.parameters.model_dump()
    await talk.model.connect(turn_detection=TurnDetection(mode="manual")).aclose()
    async with talk:
        assert talk.model.parameters.model_dump() == before
        assert not talk.model.parameters.turn_detection.manual


async def test_17_instructions_and_tools_can_change() -> None:
    async with Talk() as talk:
        await talk.session.update(instructions="Be long.", tools=TOOLS)
        await settle()
        session = talk.line.sent[-1]["session"]
        assert (session["instructions"], session["tools"][0]["name"]) == ("Be long.", "look")
    async with Talk("gemini") as talk:
        with pytest.raises(UnsupportedFeatureError, match="change a session"):
            await talk.session.update(instructions="Be long.")


@EACH
async def test_17_media_in_a_result_are_announced(dialect: Dialect) -> None:
    image = DataBlock(source=Base64Source(data="iVBORw0KGgo=", media_type="image/png"))
    async with dialect.talk(tools=TOOLS) as talk:
        await talk.say(*dialect.begins("r1"), *dialect.calls("r1", "c1"), *dialect.ends("r1", calling=True))
        await talk.session.send_tool_result(result("c1", [TextBlock(text="a sketch:"), image]))
        await settle()
        sent = str(talk.line.sent)
        assert "a sketch:" in sent
        assert "image/png" in sent


async def test_17_other_sample_rates_are_resampled() -> None:
    async with Talk(parameters=OpenAIRealtimeModel.Parameters(input_sample_rate=8000)) as talk:
        await talk.session.send_audio(pcm(100, 8000))
        await settle()
        (frame,) = talk.line.named("input_audio_buffer.append")
        assert 4700 <= len(base64.b64decode(frame["audio"])) <= 4800
