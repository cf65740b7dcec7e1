"""Messages to OpenAI: own refusals and spoken answers are sent back, reasoning is not."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from modelport.credential import OpenAICredential
from modelport.formatter import OpenAIChatFormatter, OpenAIMultiAgentFormatter
from modelport.message import AssistantMsg, Base64Source, DataBlock, TextBlock, URLSource, UserMsg
from modelport.model import OpenAIChatModel
from modelport.tool import ToolChoice
from tests.adapters.openai_chat.playback import answered
from tests.adapters.openai_chat.support import (
    PIXEL,
    WEATHER,
    Json,
    Provider,
    Scripted,
    asked,
    chunk,
    foreign_history,
    streamed,
)

OPENAI = Provider("openai_chat", OpenAIChatModel, OpenAICredential(api_key="sk-test-PlantedWord7"))
NAMES = [card.name for card in OpenAIChatModel.list_models()]


async def test_a_refusal_goes_back_as_one() -> None:
    refused = streamed(chunk({"refusal": "I'd rather not."}), chunk(finish_reason="stop"))
    question = UserMsg(name="user", content="Well?")
    answer = await asked(OPENAI.model("gpt-4o", Scripted(refused), stream=True), [question])
    body, _ = await OPENAI.sent("gpt-4o", [question, answered(answer, "")])
    assert body["messages"][1] == {"role": "assistant", "content": None, "refusal": "I'd rather not."}


@pytest.mark.parametrize(
    ("expires", "message"),
    [
        (4_000_000_000, {"role": "assistant", "content": None, "audio": {"id": "audio_1"}}),
        (1_000_000_000, {"role": "assistant", "content": "Hi."}),
    ],
    ids=["kept", "expired"],
)
async def test_spoken_turns_are_named_while_they_are_kept(expires: int, message: Json) -> None:
    data = base64.b64encode(b"\x01\x00").decode()
    spoken = streamed(
        chunk({"audio": {"id": "audio_1", "transcript": "Hi."}}),
        chunk({"audio": {"data": data}}),
        chunk({"audio": {"expires_at": expires}}),
        chunk(finish_reason="stop"),
    )
    question = UserMsg(name="user", content="Well?")
    answer = await asked(OPENAI.model("gpt-audio", Scripted(spoken), stream=True, voice="alloy"), [question])
    body, _ = await OPENAI.sent("gpt-audio", [question, answered(answer, "")])
    assert body["messages"][1] == message


async def test_ids_have_at_most_forty_characters() -> None:
    called = streamed(
        chunk({"tool_calls": [{"index": 0, "id": "i" * 90, "function": {"name": "get_weather", "arguments": "{}"}}]}),
        chunk(finish_reason="tool_calls"),
    )
    question = UserMsg(name="user", content="Rain?")
    answer = await asked(OPENAI.model("gpt-4o", Scripted(called), stream=True), [question], tools=[WEATHER])
    body, _ = await OPENAI.sent("gpt-4o", [question, answered(answer, "dry")])
    call_id = body["messages"][1]["tool_calls"][0]["id"]
    assert (body["messages"][2]["tool_call_id"], len(call_id) <= 40) == (call_id, True)


@pytest.mark.parametrize(
    ("source", "fetched"),
    [
        (URLSource(url="https://x.example/a.png", media_type="image/png"), False),
        (URLSource(url="https://x.example/a.wav", media_type="audio/wav"), True),
        (URLSource(url="https://x.example/a.pdf", media_type="application/pdf"), True),
        (URLSource(url="https://x.example/a.mp4", media_type="video/mp4"), False),
        (URLSource(url="file:///tmp/a.png", media_type="image/png"), True),
        (Base64Source(data=PIXEL, media_type="image/png"), False),
    ],
)
def test_which_media_we_fetch(source: Any, fetched: bool) -> None:
    assert OpenAIChatFormatter().needs_download(DataBlock(source=source)) is fetched


@pytest.mark.parametrize("choice", [None, "required", "get_weather"])
@pytest.mark.parametrize("name", NAMES)
async def test_every_model_is_sent_a_legal_body(name: str, choice: str | None) -> None:
    call: dict[str, Any] = {"tools": [WEATHER], "tool_choice": ToolChoice(choice) if choice else None}
    body, warnings = await OPENAI.sent(name, foreign_history(), call, temperature=0.3)
    assert "secret" not in str(body)
    assert ("dropped", "thinking") in warnings


async def test_several_agents_share_one_history() -> None:
    msgs = [
        UserMsg(name="Ann", content=[TextBlock(text="Hi Bob.")]),
        AssistantMsg(name="Bob", content="Hi Ann."),
    ]
    body, _ = await OPENAI.sent("gpt-4o", msgs, formatter=OpenAIMultiAgentFormatter())
    (message,) = body["messages"]
    assert message["role"] == "user"
    assert "Ann: Hi Bob.\nBob: Hi Ann." in message["content"]
