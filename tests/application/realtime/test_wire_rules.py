"""The rules of the four wires side by side: what each command sends to each provider, and what is never sent.

One test is one rule; the other rules of a session are in `test_session`, `test_history` and `test_fault_list`.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from modelport.error import AuthenticationError, InvalidRequestError, PermissionDeniedError, UnsupportedFeatureError
from modelport.message import Base64Source, DataBlock, ToolResultBlock, ToolResultState
from modelport.realtime import RealtimeModelBase, TurnDetection

from .dialects import Dialect, dialects
from .support import END, MODELS, TOOLS, Json, Talk, b64, content, done, pcm, settle

EACH = pytest.mark.parametrize("dialect", dialects(), ids=str)
OPENAI_LIKE = pytest.mark.parametrize("dialect", dialects("openai", "beta", "xai", "dashscope"), ids=str)


def manual(dialect: Dialect) -> Talk:
    cls = MODELS[dialect.provider][0]
    options = {"wire": "beta"} if dialect.name == "beta" else {}
    return dialect.talk(parameters=cls.Parameters(turn_detection=TurnDetection(mode="manual"), **options))


def result(call_id: str) -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name="look", output="fine", state=ToolResultState.SUCCESS)


def kinds(talk: Talk) -> list[str]:
    """What was sent after the set-up; parts of Gemini's input by their own names."""
    inner = [next(iter(frame["realtimeInput"])) if "realtimeInput" in frame else None for frame in talk.line.sent]
    return [part or kind for part, kind in zip(inner, talk.line.kinds, strict=True)][1:]


RATES = {"openai": 24_000, "beta": 24_000, "xai": 24_000, "dashscope": 16_000, "gemini": 16_000}


@EACH
async def test_audio_goes_out_at_the_rate_of_the_wire(dialect: Dialect) -> None:
    speech = pcm(20, RATES[dialect.name])
    async with dialect.talk() as talk:
        await talk.session.send_audio(speech)
        await settle()
        (frame,) = talk.line.sent[1:]
        if dialect.live:
            assert frame == {"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": b64(speech)}}}
        else:
            assert frame == {"type": "input_audio_buffer.append", "audio": b64(speech)}


ASKS = ["conversation.item.create", "response.create"]
TYPED = {"openai": ASKS, "beta": ASKS, "xai": ASKS, "dashscope": ASKS, "gemini": ["clientContent"]}


@EACH
async def test_text_is_an_item_and_a_request_or_a_turn(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.session.send_text("Hello?")
        await settle()
        assert kinds(talk) == TYPED[dialect.name]
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "Hi."), *dialect.ends("r1"))
        await talk.session.send_text("And now?")
        await settle()
        later = ["text"] if dialect.live else TYPED[dialect.name]  # newer models take it in the stream of input
        assert kinds(talk) == [*TYPED[dialect.name], *later]


async def test_older_live_models_take_text_as_turns_only() -> None:
    async with Talk("gemini", name="gemini-2.5-flash-native-audio-latest", card_checks="off") as talk:
        for number in range(2):
            await talk.session.send_text("Hello?")
            await talk.say(content(outputTranscription={"text": f"Hi {number}"}), END)
        assert kinds(talk) == ["clientContent", "clientContent"]


@EACH
async def test_an_image_goes_where_the_wire_has_it(dialect: Dialect) -> None:
    jpeg = base64.b64encode(b"\xff\xd8\xff").decode()
    image = DataBlock(source=Base64Source(data=jpeg, media_type="image/jpeg"))
    async with dialect.talk() as talk:
        if not talk.session.facts.image_input:
            with pytest.raises(UnsupportedFeatureError, match="take images"):
                await talk.session.send_image(image)
            assert dialect.name == "xai"
            return
        await talk.session.send_audio(pcm(20, 16_000))
        await talk.session.send_image(image)
        await settle()
        frame = talk.line.sent[-1]
        if dialect.live:
            (part,) = frame["clientContent"]["turns"][0]["parts"]
            assert part == {"inlineData": {"mimeType": "image/jpeg", "data": jpeg}}
        elif dialect.name == "dashscope":
            assert frame == {"type": "input_image_buffer.append", "image": jpeg}
        else:
            (part,) = frame["item"]["content"]
            assert part == {"type": "input_image", "image_url": f"data:image/jpeg;base64,{jpeg}"}


COMMIT = ["input_audio_buffer.append", "input_audio_buffer.commit"]
COMMITS = {
    "openai": [*COMMIT, "response.create"],
    "beta": [*COMMIT, "response.create"],
    "dashscope": [*COMMIT, "response.create"],
    "xai": COMMIT,
    "gemini": ["activityStart", "audio", "activityEnd"],
}


@EACH
async def test_push_to_talk_ends_a_turn_and_asks_where_it_has_to(dialect: Dialect) -> None:
    async with manual(dialect) as talk:
        await talk.session.send_audio(pcm(20, 16_000))
        await talk.session.commit_audio()
        await settle()
        assert kinds(talk) == COMMITS[dialect.name]


@EACH
async def test_audio_of_a_turn_can_be_forgotten_where_the_server_can(dialect: Dialect) -> None:
    async with manual(dialect) as talk:
        await talk.session.send_audio(pcm(20, 16_000))
        if dialect.live:
            with pytest.raises(UnsupportedFeatureError, match="cannot forget"):
                await talk.session.clear_audio()
            return
        await talk.session.clear_audio()
        await settle()
        assert kinds(talk)[-1] == "input_audio_buffer.clear"


@OPENAI_LIKE
async def test_a_reply_is_never_asked_for_while_one_is_active(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "Hi"))
        await talk.session.respond()
        await talk.session.send_text("And?")
        await settle()
        assert "response.create" not in kinds(talk)
        await talk.say(*dialect.ends("r1"))
        assert kinds(talk).count("response.create") == 1


CANCELS = {
    "openai": ["response.cancel", "conversation.item.truncate"],
    "beta": ["response.cancel", "conversation.item.truncate"],
    "xai": ["response.cancel", "conversation.item.truncate"],
    "dashscope": ["response.cancel"],
    "gemini": [],
}


@EACH
async def test_an_interruption_by_the_application(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "One two"), *dialect.sounds("r1", pcm(100)))
        await talk.session.interrupt(played_ms=50)
        await talk.say(*dialect.cancelled("r1"))
        assert kinds(talk) == CANCELS[dialect.name]


@EACH
async def test_an_interruption_by_the_user_is_not_cancelled_by_the_client(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "One two"), *dialect.sounds("r1", pcm(100)))
        talk.clock.advance(0.05)
        await talk.say(*dialect.interrupts("u1"), *dialect.cancelled("r1"))
        assert kinds(talk) == CANCELS[dialect.name][1:], "it is only cut where the server can be told"
        assert len(talk.of("INTERRUPTED")) == 1


RESULTS = ["conversation.item.create", "conversation.item.create", "response.create"]
FOLLOWS = {
    "openai": RESULTS,
    "beta": RESULTS,
    "xai": RESULTS,
    "dashscope": RESULTS,
    "gemini": ["toolResponse", "toolResponse"],
}


@EACH
async def test_results_of_tools_and_one_request_after_all_of_them(dialect: Dialect) -> None:
    async with dialect.talk(tools=TOOLS) as talk:
        await talk.say(*dialect.begins("r1"), *dialect.calls("r1", "c1"), *dialect.calls("r1", "c2"))
        await talk.session.send_tool_result(result("c1"))
        await settle()
        assert kinds(talk) == FOLLOWS[dialect.name][:1]
        await talk.say(*dialect.ends("r1", calling=True))
        await talk.session.send_tool_result(result("c2"))
        await settle()
        assert kinds(talk) == FOLLOWS[dialect.name]


@OPENAI_LIKE
async def test_nothing_follows_results_after_an_interruption(dialect: Dialect) -> None:
    async with dialect.talk(tools=TOOLS) as talk:
        await talk.say(*dialect.begins("r1"), *dialect.calls("r1", "c1"), *dialect.ends("r1", calling=True))
        await talk.session.interrupt()
        await talk.session.send_tool_result(result("c1"))
        await settle()
        assert "response.create" not in kinds(talk)
        assert [event.error for event in talk.of("REPLY_END")] == ["interrupted"]


SCOPES = {"openai": "context", "beta": "context", "dashscope": "context", "gemini": "context", "xai": "turn"}


@EACH
async def test_tokens_are_normalised_and_the_providers_are_kept(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        await talk.say(*dialect.begins("r1"), *dialect.says("r1", "Hi"), *dialect.ends("r1"))
        (call,) = talk.of("MODEL_CALL_END")
        assert (call.input_tokens, call.output_tokens) == ((20, 10) if dialect.live else (10, 5))
        assert call.metadata["raw"]
        assert call.finish_reason == "stop"
        assert talk.session.facts.usage_scope == SCOPES[dialect.name]


async def test_a_translation_counts_the_whole_session() -> None:
    parameters = MODELS["dashscope"][0].Parameters(translation={"language": "en"})
    name = "qwen3.5-livetranslate-flash-realtime"
    async with Talk("dashscope", name=name, parameters=parameters, card_checks="off") as talk:
        assert talk.session.facts.usage_scope == "session"
        for number, total in (("r1", 169), ("r2", 436)):
            usage = {"input_tokens": total, "output_tokens": 1}
            await talk.say({"type": "response.created", "response": {"id": number}}, done(number, usage=usage))
        assert talk.session.usage.input_tokens == 436


DURATIONS = {"openai": 3600, "beta": 3600, "dashscope": 7200, "xai": 7200}


@pytest.mark.parametrize("dialect", dialects(*DURATIONS), ids=str)
async def test_a_connection_is_replaced_before_its_known_end(dialect: Dialect) -> None:
    async with dialect.talk() as talk:
        talk.clock.advance(DURATIONS[dialect.name] - 70)
        await settle()
        assert len(talk.server.lines) == 1
        talk.clock.advance(20)
        await settle()
        assert [line.closed for line in talk.server.lines] == [True, False]


async def test_the_servers_own_time_of_its_end_counts() -> None:
    async with Talk() as talk:
        expires = talk.clock.wall() + 600
        ready = {"type": "session.updated", "session": {"id": "s", "expires_at": expires}}
        talk.server.greet = lambda line: line.say({"type": "session.created", "session": {}}, ready)
        talk.line.hang_up(1006)
        await settle()
        talk.clock.advance(550)
        await settle()
        assert len(talk.server.lines) == 3


@EACH
async def test_a_new_connection_is_given_the_past_as_the_wire_takes_it(dialect: Dialect) -> None:
    async with dialect.talk(instructions="Be brief.", tools=TOOLS) as talk:
        await talk.say(*dialect.heard("u1", "Look."), *dialect.begins("r1", "u1"), *dialect.calls("r1", "c1"))
        await talk.say(*dialect.ends("r1", calling=True))
        await talk.session.send_tool_result(result("c1"))
        await talk.say(*dialect.begins("r2"), *dialect.says("r2", "It is fine."), *dialect.ends("r2"))
        talk.line.hang_up(1006)
        await settle()
        sent: list[Json] = talk.line.sent
        if dialect.live:
            (frame,) = talk.line.named("clientContent")
            assert [turn["role"] for turn in frame["clientContent"]["turns"]] == ["user", "model", "user", "model"]
            return
        if dialect.name == "dashscope":
            past = sent[0]["session"]["instructions"]
            assert past.startswith("Be brief.")
            assert 'tool: "fine"' in past
            assert len(sent) == 1, "a result without its call would be refused"
            return
        items = [frame["item"] for frame in talk.line.named("conversation.item.create")]
        assert [item.get("role", item["type"]) for item in items] == [
            "user", "function_call", "function_call_output", "assistant",
        ]  # fmt: skip


FATAL = [("insufficient_quota", Exception), ("invalid_api_key", AuthenticationError),
         ("account_deactivated", PermissionDeniedError)]  # fmt: skip


@OPENAI_LIKE
@pytest.mark.parametrize(("code", "error"), FATAL)
async def test_no_new_connection_after_errors_that_last(dialect: Dialect, code: str, error: Any) -> None:
    async with dialect.talk() as talk:
        await talk.say({"type": "error", "error": {"type": "x", "code": code, "message": "no"}})
        assert len(talk.server.lines) == 1
        assert talk.of("SESSION")[-1].kind == "ended"
        with pytest.raises(error):
            await talk.session.send_text("Hello?")


@EACH
def test_one_model_serves_several_event_loops(dialect: Dialect) -> None:
    talk = dialect.talk()

    async def converse() -> str | None:
        session = talk.model.connect()
        async with session:
            talk.line.say(*dialect.begins("r1"), *dialect.says("r1", "Hi."), *dialect.ends("r1"))
            async for event in session:
                if event.type == "REPLY_END":
                    break
        return session.history[-1].get_text_content()

    for _ in range(2):
        talk.server.open = asyncio.Event()
        talk.server.open.set()
        assert asyncio.run(converse()) == "Hi."


@EACH
async def test_the_model_passes_the_calls_of_agentscope_on_to_its_last_session(dialect: Dialect) -> None:
    talk = manual(dialect)
    model: RealtimeModelBase = talk.model
    with pytest.raises(InvalidRequestError, match="connect"):
        await type(model)(model.credential, model.model).push_audio(b"\0\0")
    async with talk:
        await model.push_audio(pcm(20, 16_000))
        await model.commit_turn()
        await settle()
        assert kinds(talk) == [kind for kind in COMMITS[dialect.name] if kind != "response.create"]
        await model.request_response()
        await talk.say(*dialect.begins("r1"), *dialect.calls("r1", "c1"), *dialect.ends("r1", calling=True))
        await model.push_tool_result(result("c1"))
        await model.cancel_response()
        await settle()
        await model.close()
        assert talk.line.closed


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://dashscope.aliyuncs.com/compatible-mode/v1", "wss://dashscope.aliyuncs.com/api-ws/v1/realtime?model="),
        ("http://127.0.0.1:1/compatible-mode/v1", "ws://127.0.0.1:1/api-ws/v1/realtime?model="),
    ],
)
def test_dashscopes_address_is_made_of_that_for_chat(base: str, url: str) -> None:
    cls, credential, name = MODELS["dashscope"]
    model = cls(type(credential)(api_key="k", base_url=base), name)
    assert model.codec.handshake(model._setup("", (), (), None, {})).url.startswith(url)
