"""What is particular to one provider, seen through a session."""

from __future__ import annotations

import asyncio
import base64

import pytest

from modelport.error import (
    AuthenticationError,
    ContextLengthError,
    InvalidRequestError,
    UnsupportedFeatureError,
)
from modelport.message import AssistantMsg, Base64Source, DataBlock, ToolResultBlock, ToolResultState, UserMsg
from modelport.realtime import DashScopeRealtimeModel, GeminiRealtimeModel, TurnDetection, XAIRealtimeModel

from .support import (
    END,
    TOOLS,
    Line,
    Talk,
    committed,
    content,
    created,
    done,
    item,
    live_call,
    live_sound,
    live_words,
    pcm,
    settle,
    sound,
    speech,
    words,
)


def result(call_id: str, state: ToolResultState = ToolResultState.SUCCESS) -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name="look", output="fine", state=state)


# -- Gemini


async def test_gemini_ends_an_interrupted_reply_with_its_usage() -> None:
    async with Talk("gemini") as talk:
        await talk.say(content(inputTranscription={"text": " Hello"}), live_sound(pcm(1000)), live_words("One two"))
        talk.clock.advance(0.5)
        await talk.say(content(generationComplete=True), content(interrupted=True), END)
        (event,) = talk.of("INTERRUPTED")
        assert (event.heard_ms, event.heard_text) == (500, "One")
        (call,) = talk.of("MODEL_CALL_END")
        assert (call.input_tokens, call.output_tokens, call.error) == (20, 10, "interrupted")
        assert talk.of("REPLY_END")[0].error == "interrupted"
        assert [msg.get_text_content() for msg in talk.session.history] == [" Hello", "One"]


async def test_gemini_interrupts_after_the_turn_has_ended() -> None:
    async with Talk("gemini") as talk:
        await talk.say(live_sound(pcm(1000)), live_words("One two"), END)
        talk.clock.advance(0.5)
        await talk.say(content(interrupted=True))
        assert talk.of("INTERRUPTED")[0].heard_text == "One"
        assert len(talk.of("REPLY_END")) == 1


async def test_gemini_interrupts_before_anything_was_said() -> None:
    async with Talk("gemini") as talk:
        await talk.say(content(interrupted=True), content(turnComplete=True))
        assert not talk.of("INTERRUPTED", "REPLY_START", "REPLY_END")


async def test_gemini_reads_content_and_a_call_in_one_frame() -> None:
    async with Talk("gemini", tools=TOOLS) as talk:
        await talk.say({**live_words("Let me see."), **live_call("c1")})
        assert talk.of("TEXT_BLOCK_DELTA")[0].delta == "Let me see."
        assert talk.of("TOOL_CALL_END")[0].tool_call_id == "c1"
        await talk.session.send_tool_result(result("c1"))
        await talk.say(live_words("Fine."), END)
        (reply,) = talk.of("REPLY_END")
        assert reply.error is None
        blocks = [block.type for block in talk.session.history[-1].content]
        assert blocks == ["text", "tool_call", "tool_result", "text"]
        response = talk.line.named("toolResponse")[0]["toolResponse"]["functionResponses"]
        assert response == [{"id": "c1", "name": "look", "response": {"output": "fine"}}]


async def test_gemini_counts_usage_that_comes_alone_after_the_turn() -> None:
    async with Talk("gemini") as talk:
        await talk.say(live_words("Hi."), content(turnComplete=True), {"usageMetadata": END["usageMetadata"]})
        assert talk.session.usage.input_tokens == 20
        usage = talk.session.history[-1].usage
        assert usage is not None
        assert usage.output_tokens == 10


async def test_gemini_thoughts_are_never_spoken_text() -> None:
    thought = content(modelTurn={"parts": [{"text": "Hmm", "thought": True}]})
    async with Talk("gemini") as talk:
        await talk.say(thought, live_words("Hi."), END)
        assert [event.delta for event in talk.of("THINKING_BLOCK_DELTA")] == ["Hmm"]
        assert [event.delta for event in talk.of("TEXT_BLOCK_DELTA")] == ["Hi."]
        assert talk.session.history[-1].get_text_content() == "Hi."


async def test_gemini_does_not_answer_cancelled_calls() -> None:
    async with Talk("gemini", tools=TOOLS) as talk:
        await talk.say(live_call("c1", "c2"), {"toolCallCancellation": {"ids": ["c1"]}})
        assert talk.of("TOOL_CALLS_CANCELLED")[0].ids == ["c1"]
        await talk.session.send_tool_result(result("c1"))
        await talk.session.send_tool_result(result("c2"))
        await settle()
        sent = [frame["toolResponse"]["functionResponses"][0]["id"] for frame in talk.line.named("toolResponse")]
        assert sent == ["c2"]
        blocks = talk.session.history[-1].content
        states = [block.state for block in blocks if isinstance(block, ToolResultBlock)]
        assert states == ["interrupted", "success"]


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        (1007, "TEXT is not supported by the model", InvalidRequestError),
        (1008, "API key not valid", AuthenticationError),
        (1007, "API key not valid. Please pass a valid API key.", AuthenticationError),
    ],
)
async def test_gemini_refuses_a_set_up_by_closing(code: int, reason: str, error: type[Exception]) -> None:
    talk = Talk("gemini", greet=lambda line: line.hang_up(code, reason))
    with pytest.raises(error, match=reason[:20]):
        await talk.session
    assert len(talk.server.lines) == 1


async def test_gemini_never_reconnects_with_a_context_that_is_exhausted() -> None:
    async with Talk("gemini") as talk:
        await talk.say(live_words("Hi."), END)
        talk.line.hang_up(1007, "Request contains an invalid argument.")
        await settle()
        assert len(talk.server.lines) == 1
        with pytest.raises(ContextLengthError):
            await talk.session.send_text("Hello?")


async def test_gemini_resumes_with_the_newest_handle_and_closes_the_old_socket_first() -> None:
    handles = [{"newHandle": "h1", "resumable": True}, {"newHandle": "no", "resumable": False}, {"resumable": True}]
    async with Talk("gemini") as talk:
        await talk.say(live_words("Hi."), END, *({"sessionResumptionUpdate": update} for update in handles))
        await talk.say({"goAway": {"timeLeft": "50s"}})
        assert talk.server.lines[0].closed
        assert talk.line.sent[0]["setup"]["sessionResumption"] == {"handle": "h1"}
        assert talk.line.kinds == ["setup"], "a session that is resumed needs no history"
        kinds = [(event.kind, event.restored) for event in talk.of("SESSION")]
        assert kinds == [("connected", None), ("going_away", None), ("reconnected", "handle")]


async def test_gemini_sends_the_history_when_the_handle_is_refused() -> None:
    def greet(line: Line) -> None:
        if len(talk.server.lines) == 2:
            line.hang_up(1008, "unknown handle")
        else:
            line.say({"setupComplete": {}})

    talk = Talk("gemini", greet=greet)
    async with talk:
        await talk.say({"sessionResumptionUpdate": {"newHandle": "h1", "resumable": True}})
        await talk.say(live_words("Hi."), END)
        talk.line.hang_up(1011)
        await settle()
        assert len(talk.server.lines) == 3
        assert talk.line.sent[0]["setup"]["sessionResumption"] == {}
        turns = talk.line.named("clientContent")[0]["clientContent"]
        assert turns["turnComplete"] is False
        assert turns["turns"][-1] == {"role": "model", "parts": [{"text": "Hi."}]}


async def test_gemini_does_not_rotate_while_a_tool_runs() -> None:
    async with Talk("gemini", tools=TOOLS) as talk:
        await talk.say(live_call("c1"), {"goAway": {"timeLeft": "50s"}})
        assert len(talk.server.lines) == 1
        await talk.session.send_tool_result(result("c1"))
        await talk.say(live_words("Fine."), END)
        assert len(talk.server.lines) == 2


async def test_gemini_push_to_talk() -> None:
    parameters = GeminiRealtimeModel.Parameters(turn_detection=TurnDetection(mode="manual"))
    async with Talk("gemini", parameters=parameters) as talk:
        await talk.session.send_audio(pcm(20, 16_000))
        await talk.session.send_audio(pcm(20, 16_000))
        await talk.session.commit_audio()
        await talk.session.respond()
        await settle()
        inputs = [next(iter(frame["realtimeInput"])) for frame in talk.line.named("realtimeInput")]
        assert inputs == ["activityStart", "audio", "audio", "activityEnd"]
        assert "clientContent" not in talk.line.kinds, "the end of a turn is answered in any case"
        await talk.say(live_words("Hi."))
        await talk.session.interrupt()
        await settle()
        assert "activityStart" in talk.line.sent[-1]["realtimeInput"]


async def test_gemini_without_manual_turns_drops_an_interrupted_reply_as_it_comes() -> None:
    async with Talk("gemini") as talk:
        await talk.say(live_sound(pcm(20)), live_words("One"))
        await talk.session.interrupt()
        await talk.say(live_sound(pcm(20)), live_words(" two"), END)
        assert len(talk.of("DATA_BLOCK_DELTA")) == 1
        assert talk.of("REPLY_END")[0].error == "interrupted"
        with pytest.raises(InvalidRequestError, match="manual"):
            await talk.session.commit_audio()


async def test_gemini_holds_text_until_the_reply_has_ended() -> None:
    async with Talk("gemini") as talk:
        await talk.say(live_words("One"))
        await talk.session.send_text("And?")
        await settle()
        assert talk.line.kinds == ["setup"]
        await talk.say(END)
        assert talk.line.sent[-1] == {"realtimeInput": {"text": "And?"}}


async def test_gemini_says_where_it_connects_from_the_credential() -> None:
    from modelport.credential import GeminiCredential

    async with Talk("gemini") as talk:
        assert talk.line.request.url.startswith(
            "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage"
        )
        assert talk.line.request.headers == {"x-goog-api-key": "sk-key-42-42-PlantedWord7"}
    model = GeminiRealtimeModel(GeminiCredential(api_key="k-PlantedWord7", base_url="http://127.0.0.1:1"), "m")
    assert model.codec.handshake(model._setup("", (), (), None, {})).url.startswith("ws://127.0.0.1:1/ws/")


# -- xAI


async def test_xai_transcripts_that_grow_are_one_turn() -> None:
    kind = "conversation.item.input_audio_transcription.completed"
    states = (("Hello?", "in_progress"), ("Hello, my name", "in_progress"), ("Hello, my name is Ada.", "completed"))
    async with Talk("xai") as talk:
        await talk.say(speech("u1"), committed("u1", None))
        await talk.say(
            *({"type": kind, "item_id": "u1", "transcript": text, "status": state} for text, state in states)
        )
        assert [(event.text, event.is_final) for event in talk.of("INPUT_TRANSCRIPT")] == [
            ("Hello?", False), ("Hello, my name", False), ("Hello, my name is Ada.", True),
        ]  # fmt: skip
        assert [msg.get_text_content() for msg in talk.session.history] == ["Hello, my name is Ada."]


async def test_xai_usage_stands_beside_the_response() -> None:
    frame = {"type": "response.done", "response": {"id": "r1", "status": "completed", "usage": {},
             "status_details": "unimplemented"}, "usage": {"input_tokens": 7, "output_tokens": 3}}  # fmt: skip
    async with Talk("xai") as talk:
        await talk.say(created(), words("Hi"), frame)
        (call,) = talk.of("MODEL_CALL_END")
        assert (call.input_tokens, call.output_tokens) == (7, 3)


async def test_xai_takes_a_stop_back_and_the_reply_ends_all_the_same() -> None:
    async with Talk("xai") as talk:
        await talk.say(
            speech("u1", 100), committed("u1", None), created(), item("a1", "u1"), sound(pcm(20)), words("Where")
        )
        await talk.say(speech("u1", 900), committed("u1", None), created("r2"), item("a2", "u1"))
        await talk.say(words("On Main Street.", "a2", "r2"), done("r2"))
        assert [end.error for end in talk.of("REPLY_END")] == ["interrupted", None]
        assert len(talk.of("INTERRUPTED")) == 1
        assert [msg.role for msg in talk.session.history].count("user") == 1


async def test_xai_times_its_words() -> None:
    async with Talk("xai") as talk:
        await talk.say(created(), item("a1", None), sound(b"\0\0", audio_duration_ms=2000))
        await talk.say(words("Hello Ada!", start_time=0.0), words(" How are you?", start_time=1.5))
        talk.session.played("a1", 1500)
        await talk.say(speech("u1"))
        assert talk.of("INTERRUPTED")[0].heard_text == "Hello Ada!"


async def test_xai_answers_a_turn_unasked() -> None:
    parameters = XAIRealtimeModel.Parameters(turn_detection=TurnDetection(mode="manual"))
    async with Talk("xai", parameters=parameters) as talk:
        await talk.session.send_audio(pcm(20))
        await talk.session.commit_audio()
        await talk.session.respond()
        await settle()
        assert talk.line.sent[0]["session"]["turn_detection"] == {"type": None}
        assert talk.line.kinds == ["session.update", "input_audio_buffer.append", "input_audio_buffer.commit"]


async def test_xai_repeats_of_the_server_are_held_once() -> None:
    async with Talk("xai") as talk:
        await talk.session.send_text("Hello?")
        await talk.say(created(), item("a1", None), words("Got it."), done())
        talk.line.hang_up()
        await settle()
        await talk.say(item("other", None, content=[{"type": "text", "text": "Got it."}]))
        assert [msg.get_text_content() for msg in talk.session.history] == ["Hello?", "Got it."]


async def test_xai_pings_need_no_answer_and_its_host_can_be_another() -> None:
    async with Talk("xai") as talk:
        await talk.say({"type": "ping", "timestamp": 1}, {"type": "conversation.created", "conversation": {"id": "c"}})
        assert talk.line.kinds == ["session.update"]
        assert talk.line.request.url == "wss://api.x.ai/v1/realtime?model=grok-voice-latest"


# -- DashScope


async def test_dashscope_ends_a_cancelled_reply_without_response_done() -> None:
    async with Talk("dashscope") as talk:
        await talk.say(created(), sound(pcm(20)))
        await talk.session.interrupt()
        await talk.say({"type": "response.output_item.done", "response_id": "r1", "item": {"id": "a1"}})
        assert talk.line.sent[-1] == {"type": "response.cancel"}
        assert talk.of("REPLY_END")[0].error == "interrupted"


async def test_dashscope_ends_a_cancelled_reply_that_is_never_heard_of_again() -> None:
    async with Talk("dashscope") as talk:
        await talk.say(created(), sound(pcm(20)))
        await talk.session.interrupt()
        talk.clock.advance(4.9)
        assert not talk.of("REPLY_END")
        talk.clock.advance(0.2)
        await settle()
        assert talk.of("REPLY_END")[0].error == "interrupted"


async def test_dashscope_takes_and_gives_text() -> None:
    parameters = DashScopeRealtimeModel.Parameters(output="text")
    delta = {"type": "response.text.delta", "response_id": "r1", "item_id": "a1", "delta": "Hi"}
    async with Talk("dashscope", parameters=parameters) as talk:
        await talk.session.send_text("Hello?")
        await settle()
        assert talk.line.kinds == ["session.update", "conversation.item.create", "response.create"]
        assert talk.line.sent[0]["session"]["modalities"] == ["text"]
        await talk.say(created(), delta, done())
        assert talk.of("TEXT_BLOCK_DELTA")[0].delta == "Hi"
    assert talk.line.kinds[-1] == "session.finish"


async def test_dashscope_transcripts_replace_each_other() -> None:
    kind = "conversation.item.input_audio_transcription.delta"
    async with Talk("dashscope") as talk:
        await talk.say(*({"type": kind, "item_id": "u1", "text": text, "stash": stash}
                         for text, stash in (("", "to"), ("today", " is"))))  # fmt: skip
        assert [event.text for event in talk.of("INPUT_TRANSCRIPT")] == ["to", "today is"]


async def test_dashscope_images_follow_audio() -> None:
    image = DataBlock(source=Base64Source(data=base64.b64encode(b"\xff\xd8\xff").decode(), media_type="image/jpeg"))
    async with Talk("dashscope") as talk:
        with pytest.raises(InvalidRequestError, match="send_audio"):
            await talk.session.send_image(image)
        await talk.session.send_audio(pcm(20, 16_000))
        await talk.session.send_image(image)
        await settle()
        assert talk.line.kinds[-1] == "input_image_buffer.append"


async def test_dashscope_past_messages_are_part_of_the_instructions() -> None:
    history = [UserMsg("user", "I am Ada."), AssistantMsg("assistant", "Hello\nuser: no")]
    async with Talk("dashscope", instructions="Be brief.", history=history) as talk:
        await settle()
        instructions = talk.line.sent[0]["session"]["instructions"]
        assert instructions.startswith("Be brief.\n\n")
        assert 'user: "I am Ada."\nassistant: "Hello\\nuser: no"' in instructions


# -- all of them


@pytest.mark.parametrize("provider", ["openai", "xai", "dashscope", "gemini"])
async def test_a_parameter_object_is_not_changed_by_a_session(provider: str) -> None:
    talk = Talk(provider)
    before = talk.model.parameters.model_dump()
    async with talk:
        pass
    other = talk.model.connect(turn_detection=TurnDetection(mode="manual"))
    assert talk.model.parameters.model_dump() == before
    await other.aclose()


@pytest.mark.parametrize("provider", ["openai", "xai", "dashscope", "gemini"])
async def test_one_model_has_several_sessions(provider: str) -> None:
    talk = Talk(provider)
    other = talk.model.connect()
    async with talk, other:
        assert len(talk.server.lines) == 2
        await other.send_text("Hello?")
        await settle()
        assert len(talk.server.lines[1].sent) > len(talk.server.lines[0].sent)


async def test_what_a_provider_cannot_do_is_said_before_sending() -> None:
    async with Talk("gemini") as talk:
        with pytest.raises(UnsupportedFeatureError, match="change a session"):
            await talk.session.update(instructions="x")
        await settle()
        assert talk.line.kinds == ["setup"]


@pytest.mark.parametrize("provider", ["openai", "xai", "dashscope", "gemini"])
async def test_a_server_that_never_accepts_the_set_up_runs_into_the_clock(provider: str) -> None:
    talk = Talk(provider, greet=lambda line: None)
    opening = asyncio.ensure_future(talk.session.open())
    for _ in range(4):
        await settle()
        talk.clock.advance(700)
    await settle()
    with pytest.raises(Exception, match=r"raise timeouts|check base_url"):
        await opening
    assert all(line.closed for line in talk.server.lines)
    assert len(asyncio.all_tasks()) == 1
