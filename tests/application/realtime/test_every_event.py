"""Every event that a server can send: read, or left alone for the reason that is given here.

The lists of events are those of the protocol sheets, and of the official SDKs where they are installed.
"""

from __future__ import annotations

import json
import typing
from typing import Any

import pytest

from modelport.message import ToolResultBlock, ToolResultState
from modelport.realtime import TurnDetection

from .support import (
    END,
    MODELS,
    TOOLS,
    Json,
    Talk,
    b64,
    content,
    created,
    live_call,
    live_sound,
    live_words,
    pcm,
    settle,
)

ITEM = {"item_id": "a1", "response_id": "r1", "output_index": 0, "content_index": 0}
CALL = {"id": "f1", "type": "function_call", "name": "look", "call_id": "c1", "arguments": "{}"}
USER = {"id": "u1", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
CONNECTION = "about the connection, which the session reads"
READ: dict[str, Json] = {
    "conversation.item.added": {"item": USER, "previous_item_id": None},
    "conversation.item.created": {"item": USER, "previous_item_id": None},
    "conversation.item.input_audio_transcription.completed": {"item_id": "u1", "transcript": "Hi"},
    "conversation.item.input_audio_transcription.delta": {"item_id": "u1", "delta": "Hi"},
    "conversation.item.input_audio_transcription.failed": {"item_id": "u1", "error": {"message": "no"}},
    "conversation.item.input_audio_transcription.updated": {"item_id": "u1", "transcript": "Hi"},
    "conversation.item.input_audio_transcription.text": {"item_id": "u1", "text": "H", "stash": "i"},
    "error": {"error": {"type": "invalid_request_error", "message": "no"}},
    "input_audio_buffer.committed": {"item_id": "u1", "previous_item_id": None},
    "input_audio_buffer.speech_started": {"item_id": "u1", "audio_start_ms": 1},
    "input_audio_buffer.speech_stopped": {"item_id": "u1", "audio_end_ms": 2},
    "response.created": {"response": {"id": "r1"}},
    "response.done": {"response": {"id": "r1", "status": "completed"}},
    "response.function_call_arguments.delta": {**ITEM, "delta": "{"},
    "response.function_call_arguments.done": {**ITEM, "call_id": "c1", "name": "look", "arguments": "{}"},
    "response.output_audio.delta": {**ITEM, "delta": b64(pcm(1))},
    "response.output_audio_transcript.delta": {**ITEM, "delta": "Hi"},
    "response.output_audio_transcript.done": {**ITEM, "transcript": "Hi"},
    "response.output_audio_transcript.text": {**ITEM, "text": "Hi"},
    "response.output_item.added": {"response_id": "r1", "item": CALL},
    "response.output_item.done": {"response_id": "r1", "item": CALL},
    "response.output_text.delta": {**ITEM, "delta": "Hi"},
    "response.output_text.done": {**ITEM, "text": "Hi"},
    "response.output_text.text": {**ITEM, "text": "Hi"},
    "response.audio.delta": {**ITEM, "delta": b64(pcm(1))},
    "response.audio_transcript.delta": {**ITEM, "delta": "Hi"},
    "response.audio_transcript.done": {**ITEM, "transcript": "Hi"},
    "response.audio_transcript.text": {**ITEM, "text": "Hi"},
    "response.text.delta": {**ITEM, "delta": "Hi"},
    "response.text.done": {**ITEM, "text": "Hi"},
    "response.text.text": {**ITEM, "text": "Hi"},
}
"""Events of OpenAI's protocol, with those of the beta, xAI and DashScope, that mean something for a conversation."""
_BROWSER = "of WebRTC and telephone calls, whose audio is not on this socket"
_SERVER_TOOLS = "of tools that the server runs, which sessions here do not ask for"
_CONFIRMS = "confirms what we sent; the history here is right already"
_AGAIN = "says nothing that another event does not say"
LEFT_ALONE: dict[str, str] = {
    "conversation.created": _AGAIN,
    "conversation.item.deleted": _CONFIRMS,
    "conversation.item.truncated": _CONFIRMS,
    "conversation.item.retrieved": "answers a question that is never asked",
    "conversation.item.done": _AGAIN,
    "conversation.item.input_audio_transcription.segment": "speakers of a transcription session",
    "conversation.item.ambient_audio_transcription.delta": "other people's speech, of Qwen-Audio",
    "input_audio_buffer.cleared": _CONFIRMS,
    "input_audio_buffer.dtmf_event_received": _BROWSER,
    "input_audio_buffer.timeout_triggered": "makes the item that it names no turn of the user's",
    "mcp_list_tools.completed": _SERVER_TOOLS,
    "mcp_list_tools.failed": _SERVER_TOOLS,
    "mcp_list_tools.in_progress": _SERVER_TOOLS,
    "output_audio_buffer.cleared": _BROWSER,
    "output_audio_buffer.started": _BROWSER,
    "output_audio_buffer.stopped": _BROWSER,
    "ping": "needs no answer",
    "rate_limits.updated": "a limit that is exceeded is an error event or a failed response",
    "response.content_part.added": _AGAIN,
    "response.content_part.done": _AGAIN,
    "response.mcp_call.completed": _SERVER_TOOLS,
    "response.mcp_call.failed": _SERVER_TOOLS,
    "response.mcp_call.in_progress": _SERVER_TOOLS,
    "response.mcp_call_arguments.delta": _SERVER_TOOLS,
    "response.mcp_call_arguments.done": _SERVER_TOOLS,
    "response.output_audio.done": _AGAIN,
    "response.audio.done": _AGAIN,
    "session.created": CONNECTION,
    "session.updated": CONNECTION,
    "session.finished": "the client closes",
    "voiceprint_audio_list.updated": "voices known to Qwen-Audio, which sessions here do not set",
}
"""Events without a meaning for the conversation, and why."""
LIVE_READ: dict[str, Json] = {
    "serverContent.modelTurn": live_sound(pcm(20)),
    "serverContent.modelTurn (text)": content(modelTurn={"parts": [{"text": "Hi"}]}),
    "serverContent.modelTurn (thought)": content(modelTurn={"parts": [{"text": "Hm", "thought": True}]}),
    "serverContent.inputTranscription": content(inputTranscription={"text": "Hi"}),
    "serverContent.outputTranscription": live_words("Hi"),
    "serverContent.interrupted": content(interrupted=True),
    "serverContent.turnCompleteReason": content(turnComplete=True, turnCompleteReason="RESPONSE_REJECTED"),
    "toolCall": live_call("c1"),
    "toolCallCancellation": {"toolCallCancellation": {"ids": ["c1"]}},
    "usageMetadata": {"usageMetadata": END["usageMetadata"]},
    "goAway": {"goAway": {"timeLeft": "50s"}},
    "sessionResumptionUpdate": {"sessionResumptionUpdate": {"newHandle": "h", "resumable": True}},
    "voiceActivity": {"voiceActivity": {"voiceActivityType": "ACTIVITY_START", "audioOffset": "1.2s"}},
}
LIVE_LEFT_ALONE: dict[str, tuple[Json, str]] = {
    "setupComplete": ({"setupComplete": {}}, CONNECTION),
    "serverContent.generationComplete": (content(generationComplete=True), "the turn ends by turnComplete"),
    "serverContent.turnComplete": (content(turnComplete=True), "ends an answer, of which there is none"),
    "serverContent.waitingForInput": (content(waitingForInput=True), _AGAIN),
    "serverContent.interactionStatus": (content(interactionStatus="IDLE"), "keeps a turn open with turnComplete"),
    "serverContent.interimInputTranscription": (content(interimInputTranscription={"text": "H"}), _AGAIN),
    "serverContent.groundingMetadata": (content(groundingMetadata={}), _SERVER_TOOLS),
    "serverContent.urlContextMetadata": (content(urlContextMetadata={}), _SERVER_TOOLS),
    "voiceActivityDetectionSignal": ({"voiceActivityDetectionSignal": {}}, _AGAIN),
}


def protocol(provider: str) -> Any:
    cls, credential, name = MODELS[provider]
    model = cls(credential, name)
    spoken = model.codec.new_protocol(model._setup("", (), (), None, {}))
    accepted = {"setupComplete": {}} if provider == "gemini" else {"type": "session.updated", "session": {"id": "s"}}
    spoken.receive(_text(accepted))
    return spoken


def _text(frame: Json) -> str:
    return json.dumps(frame)


@pytest.mark.parametrize("provider", ["openai", "xai", "dashscope"])
@pytest.mark.parametrize("kind", READ)
def test_an_event_that_means_something_is_read(provider: str, kind: str) -> None:
    assert protocol(provider).receive(_text({"type": kind, **READ[kind]}))


@pytest.mark.parametrize("provider", ["openai", "xai", "dashscope"])
@pytest.mark.parametrize("kind", LEFT_ALONE)
def test_an_event_that_means_nothing_is_left_alone(provider: str, kind: str) -> None:
    assert protocol(provider).receive(_text({"type": kind, "item_id": "x", "session": {}})) == []


@pytest.mark.parametrize("kind", LIVE_READ)
def test_a_part_of_a_live_frame_that_means_something_is_read(kind: str) -> None:
    assert protocol("gemini").receive(_text(LIVE_READ[kind]))


@pytest.mark.parametrize("kind", [kind for kind in LIVE_LEFT_ALONE if kind != "setupComplete"])
def test_a_part_of_a_live_frame_that_means_nothing_is_left_alone(kind: str) -> None:
    assert protocol("gemini").receive(_text(LIVE_LEFT_ALONE[kind][0])) == []


def test_the_lists_have_every_event_that_the_sdk_of_openai_knows() -> None:
    pytest.importorskip("openai", reason="install openai to compare with it")
    from openai.types.realtime.realtime_server_event import RealtimeServerEvent

    (union, *_) = typing.get_args(RealtimeServerEvent)
    names = {typing.get_args(event.model_fields["type"].annotation)[0] for event in typing.get_args(union)}
    assert names - READ.keys() - LEFT_ALONE.keys() == set()
    assert not READ.keys() & LEFT_ALONE.keys()


@pytest.mark.filterwarnings("ignore")  # the SDK's own
def test_the_lists_have_every_key_that_the_sdk_of_google_knows() -> None:
    genai = pytest.importorskip("google.genai", reason="install google-genai to compare with it")
    types = genai.types
    message = {_camel(name) for name in types.LiveServerMessage.model_fields} - {"serverContent"}
    inner = {f"serverContent.{_camel(name)}" for name in types.LiveServerContent.model_fields}
    assert message | inner == {kind.split(" ")[0] for kind in LIVE_READ} | LIVE_LEFT_ALONE.keys()


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


# -- what is particular to a generation of Gemini's models


async def test_the_newest_live_models_change_instructions_and_tools() -> None:
    async with Talk("gemini", name="gemini-3.8-live") as talk:
        assert talk.session.facts.updates
        await talk.session.update(instructions="Be long.", tools=TOOLS)
        await settle()
        update = talk.line.named("contextUpdate")[0]["contextUpdate"]
        assert update["systemInstruction"] == {"parts": [{"text": "Be long."}]}
        (declared,) = update["tools"]["tools"][0]["functionDeclarations"]
        assert (declared["name"], declared["behavior"]) == ("look", "BLOCKING")
        with pytest.raises(Exception, match="turn detection"):
            await talk.session.update(turn_detection=TurnDetection(mode="manual"))
        talk.line.hang_up(1006)
        await settle()
        setup = talk.line.sent[0]["setup"]
        assert setup["systemInstruction"] == {"parts": [{"text": "Be long."}]}, "and it stays after a reconnection"
        assert "realtimeInputConfig" not in setup, "what was refused is not remembered"


async def test_the_newest_live_models_are_given_the_past_as_the_set_up_says() -> None:
    from .test_history import CHAT

    async with Talk("gemini", name="gemini-3.8-live", history=CHAT) as talk:
        await settle()
        assert talk.line.sent[0]["setup"]["historyConfig"] == {"initialHistoryInClientContent": True}
        assert talk.line.named("clientContent")[0]["clientContent"]["turnComplete"] is True
        await talk.say(live_words("Yes?"), END)
        assert talk.session.history[-1].get_text_content() == "Yes?"
    async with Talk("gemini", name="gemini-3.8-live") as talk:
        await settle()
        assert "historyConfig" not in talk.line.sent[0]["setup"]


@pytest.mark.parametrize(("name", "answered"), [("gemini-3.8-live", True), ("gemini-3.1-flash-live-preview", False)])
async def test_calls_of_a_lost_connection_are_answered_where_a_resumed_session_waits_for_them(
    name: str, answered: bool
) -> None:
    async with Talk("gemini", name=name, tools=TOOLS) as talk:
        await talk.say({"sessionResumptionUpdate": {"newHandle": "h1", "resumable": True}}, live_call("c1", "c2"))
        done = ToolResultBlock(id="c1", name="look", output="fine", state=ToolResultState.SUCCESS)
        await talk.session.send_tool_result(done)
        talk.line.hang_up(1006)
        await settle()
        assert talk.line.sent[0]["setup"]["sessionResumption"] == {"handle": "h1"}
        responses = [frame["toolResponse"]["functionResponses"][0] for frame in talk.line.named("toolResponse")]
        assert [each["id"] for each in responses] == (["c2"] if answered else [])
        assert all("interrupted" in each["response"]["error"] for each in responses)


@pytest.mark.parametrize(
    ("reason", "finish", "error"),
    [
        ("GENERATED_AUDIO_SAFETY", "content_filter", None),
        ("PROHIBITED_INPUT_CONTENT", "content_filter", None),
        ("MALFORMED_FUNCTION_CALL", None, "MALFORMED_FUNCTION_CALL"),
        ("NEED_MORE_INPUT", "stop", None),
    ],
)
@pytest.mark.parametrize("said", [True, False])
async def test_a_live_turn_that_was_refused_ends_with_the_reason(
    reason: str, finish: str | None, error: str | None, said: bool
) -> None:
    async with Talk("gemini") as talk:
        await talk.session.send_text("Hello?")
        begun = [live_words("Well")] if said or reason == "NEED_MORE_INPUT" else []
        await talk.say(*begun, content(turnComplete=True, turnCompleteReason=reason))
        (end,) = talk.of("REPLY_END")
        assert end.finish_reason == finish
        assert (error or "") in str(end.error or "")
        assert (end.error is None) == (error is None)


async def test_a_timeout_makes_silence_no_turn_and_only_once() -> None:
    async with Talk() as talk:
        await talk.say({"type": "input_audio_buffer.timeout_triggered", "item_id": "u1"})
        await talk.say({"type": "input_audio_buffer.committed", "item_id": "u1", "previous_item_id": None}, created())
        assert not [message for message in talk.session.history if message.role == "user"]
