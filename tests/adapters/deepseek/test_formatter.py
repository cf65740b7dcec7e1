"""Messages to DeepSeek: strings where there is only text, and reasoning back on every turn."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import DeepSeekCredential
from modelport.domain.message.blocks import ProviderData
from modelport.error import UnsupportedFeatureError
from modelport.formatter import DeepSeekChatFormatter, DeepSeekMultiAgentFormatter
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    Msg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    URLSource,
    UserMsg,
)
from modelport.model import DeepSeekChatModel
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

CREDENTIAL = DeepSeekCredential(api_key="sk-test-PlantedWord7")
DEEPSEEK = Provider("deepseek", DeepSeekChatModel, CREDENTIAL, disputed={"deepseek-flash": "part-type-model"})
NAMES = [card.name for card in DeepSeekChatModel.list_models()]
SEEING = "deepseek-v4-flash-vision-exp"


def image(url: str | None = None) -> DataBlock:
    kind = "image/png"
    return DataBlock(
        id="pic", source=URLSource(url=url, media_type=kind) if url else Base64Source(data=PIXEL, media_type=kind)
    )


async def test_text_is_a_string() -> None:
    blocks = [TextBlock(text="One"), TextBlock(text="two")]
    body, _ = await DEEPSEEK.sent("deepseek-v4-pro", [UserMsg(name="user", content=blocks)])
    assert body["messages"] == [{"role": "user", "content": "One\ntwo"}]


@pytest.mark.parametrize(
    ("block", "url"),
    [(image(), f"data:image/png;base64,{PIXEL}"), (image("https://x.example/a.png"), "https://x.example/a.png")],
)
async def test_images_go_to_models_that_see(block: DataBlock, url: str) -> None:
    msgs = [UserMsg(name="user", content=[TextBlock(text="See"), block])]
    body, warnings = await DEEPSEEK.sent(SEEING, msgs)
    assert body["messages"][0]["content"][1] == {"type": "image_url", "image_url": {"url": url}}
    assert warnings == []
    body, warnings = await DEEPSEEK.sent("deepseek-v4-pro", msgs)
    assert "image/png" in body["messages"][0]["content"]
    assert warnings == [("changed", "data")]


def test_urls_that_are_too_long_are_fetched() -> None:
    formatter = DeepSeekChatFormatter()
    assert not formatter.needs_download(image("https://x.example/" + "a" * 8000))
    assert formatter.needs_download(image("https://x.example/" + "a" * 8192))


async def test_images_of_a_tool_stand_in_its_result() -> None:
    blocks: list[Any] = [
        ToolCallBlock(id="a", name="f", input="{}"),
        ToolResultBlock(id="a", name="f", output=[TextBlock(text="Here"), image()]),
    ]
    msgs = [AssistantMsg(name="assistant", content=blocks)]
    body, _ = await DEEPSEEK.sent(SEEING, msgs)
    assert [message["role"] for message in body["messages"]] == ["assistant", "tool"]
    assert [part["type"] for part in body["messages"][1]["content"]] == ["text", "image_url"]
    body, warnings = await DEEPSEEK.sent("deepseek-v4-pro", msgs)
    assert isinstance(body["messages"][1]["content"], str)
    assert warnings == [("changed", "data")]


REASONED = streamed(
    chunk({"role": "assistant", "content": None, "reasoning_content": "Look "}),
    chunk({"reasoning_content": "it up."}),
    chunk({"tool_calls": [{"index": 0, "id": "call_00_x", "function": {"name": "get_weather", "arguments": "{}"}}]}),
    chunk({"content": ""}, finish_reason="tool_calls"),
)
SAID = streamed(chunk({"reasoning_content": "Easy."}), chunk({"content": "Dry."}), chunk(finish_reason="stop"))


@pytest.mark.parametrize("thinking", [True, False])
async def test_reasoning_goes_back_on_every_turn(thinking: bool) -> None:
    model = DEEPSEEK.model("deepseek-v4-pro", Scripted(REASONED, SAID), stream=True, thinking_enable=True)
    question = UserMsg(name="user", content="Rain?")
    asking = answered(await asked(model, [question], tools=[WEATHER]), "dry")
    telling = answered(await asked(model, [question, asking], tools=[WEATHER]), "")
    msgs: list[Msg] = [question, asking, telling, UserMsg(name="user", content="Sure?")]
    body, warnings = await DEEPSEEK.sent("deepseek-v4-pro", msgs, {"tools": [WEATHER]}, thinking_enable=thinking)
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "Look it up.",
            "tool_calls": [
                {"id": "call_00_x", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_00_x", "content": "dry"},
        {"role": "assistant", "content": "Dry.", "reasoning_content": "Easy."},
        {"role": "user", "content": "Sure?"},
    ]
    assert warnings == []


async def test_reasoning_of_others_is_an_empty_string_beside_calls() -> None:
    foreign = ThinkingBlock(thinking="secret", provider_data=ProviderData(provider="moonshot"))
    blocks: list[Any] = [
        foreign,
        ToolCallBlock(id="functions.f:0", name="f", input="{}"),
        ToolResultBlock(id="functions.f:0", name="f", output="x"),
        TextBlock(text="So."),
    ]
    body, warnings = await DEEPSEEK.sent("deepseek-v4-pro", [AssistantMsg(name="assistant", content=blocks)])
    assert body["messages"][0]["reasoning_content"] == ""
    assert "reasoning_content" not in body["messages"][2]
    assert "secret" not in str(body)
    assert warnings == [("dropped", "thinking")]


@pytest.mark.parametrize("choice", [None, "required", "get_weather"])
@pytest.mark.parametrize("chosen", [{}, {"thinking_enable": True}, {"reasoning_effort": "max"}], ids=str)
@pytest.mark.parametrize("name", NAMES)
async def test_every_model_is_sent_a_legal_body(name: str, chosen: Json, choice: str | None) -> None:
    call: dict[str, Any] = {"tools": [WEATHER], "tool_choice": ToolChoice(choice) if choice else None}
    if choice and DEEPSEEK.refuses_force(name, "thinking_enable", "reasoning_effort", **chosen):
        with pytest.raises(UnsupportedFeatureError):
            await DEEPSEEK.sent(name, foreign_history(), call, **chosen)
        return
    body, _ = await DEEPSEEK.sent(name, foreign_history(), call, **chosen)
    assert "secret" not in str(body)


async def test_several_agents_share_one_history() -> None:
    msgs = [UserMsg(name="Ann", content="Hi Bob."), AssistantMsg(name="Bob", content="Hi Ann.")]
    body, _ = await DEEPSEEK.sent("deepseek-v4-pro", msgs, formatter=DeepSeekMultiAgentFormatter())
    (message,) = body["messages"]
    assert message["role"] == "user"
    assert "Ann: Hi Bob.\nBob: Hi Ann." in message["content"]
