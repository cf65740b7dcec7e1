"""Messages to Moonshot: media inline only, ids as they came, reasoning never missing beside calls."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import MoonshotCredential
from modelport.domain.message.blocks import ProviderData
from modelport.error import UnsupportedFeatureError
from modelport.formatter import MoonshotChatFormatter, MoonshotMultiAgentFormatter
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
from modelport.model import MoonshotChatModel
from modelport.ports.codec.rendering import RenderContext
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

MOONSHOT = Provider("moonshot", MoonshotChatModel, MoonshotCredential(api_key="sk-test-PlantedWord7"))
NAMES = [card.name for card in MoonshotChatModel.list_models()]


def media(media_type: str, url: str | None = None) -> DataBlock:
    source = URLSource(url=url, media_type=media_type) if url else Base64Source(data=PIXEL, media_type=media_type)
    return DataBlock(id="pic", source=source)


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (media("image/png"), {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}),
        (media("video/mp4"), {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{PIXEL}"}}),
        (media("image/png", "ms://file-7"), {"type": "image_url", "image_url": {"url": "ms://file-7"}}),
        (media("video/mp4", "ms://file-8"), {"type": "video_url", "video_url": {"url": "ms://file-8"}}),
    ],
)
async def test_media(block: DataBlock, part: Json) -> None:
    body, warnings = await MOONSHOT.sent("kimi-k2.6", [UserMsg(name="user", content=[block])])
    assert (body["messages"][0]["content"], warnings) == ([part], [])


@pytest.mark.parametrize("kind", ["image/png", "video/mp4"])
def test_remote_media_are_fetched_and_inlined(kind: str) -> None:
    block = media(kind, "https://x.example/a")
    formatter = MoonshotChatFormatter()
    assert formatter.needs_download(block)
    fetched = {"https://x.example/a": Base64Source(data=PIXEL, media_type=kind)}
    rendered = formatter.render([UserMsg(name="user", content=[block])], RenderContext(media=fetched))
    (part,) = rendered.messages[0]["content"]
    assert part[part["type"]] == {"url": f"data:{kind};base64,{PIXEL}"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("kimi-k2.6", "audio/wav"),
        ("kimi-k2.6", "application/pdf"),
        ("kimi-k2.5", "video/mp4"),
        ("moonshot-v1-8k", "image/png"),
    ],
)
async def test_media_that_the_model_does_not_take_are_announced(name: str, kind: str) -> None:
    body, warnings = await MOONSHOT.sent(name, [UserMsg(name="user", content=[TextBlock(text="See"), media(kind)])])
    assert kind in body["messages"][0]["content"]
    assert warnings == [("changed", "data")]


async def test_results_are_strings_and_their_media_follow() -> None:
    blocks: list[Any] = [
        ToolCallBlock(id="a", name="f", input="{}"),
        ToolResultBlock(id="a", name="f", output=[TextBlock(text="Here"), media("image/png")]),
    ]
    body, _ = await MOONSHOT.sent("kimi-k2.6", [AssistantMsg(name="assistant", content=blocks)])
    assert [message["role"] for message in body["messages"]] == ["assistant", "tool", "user"]
    assert "pic" in body["messages"][1]["content"]


async def test_ids_go_back_as_they_came() -> None:
    blocks: list[Any] = [
        ToolCallBlock(id="functions.get_weather:0", name="get_weather", input="{}"),
        ToolResultBlock(id="functions.get_weather:0", name="get_weather", output="dry"),
    ]
    body, _ = await MOONSHOT.sent("kimi-k3", [AssistantMsg(name="assistant", content=blocks)])
    assert body["messages"][0]["tool_calls"][0]["id"] == "functions.get_weather:0"
    assert body["messages"][1]["tool_call_id"] == "functions.get_weather:0"


async def test_an_id_that_recurs_in_a_later_turn_is_told_apart() -> None:
    def turn(output: str) -> Msg:
        blocks: list[Any] = [
            ToolCallBlock(id="search:0", name="search", input="{}"),
            ToolResultBlock(id="search:0", name="search", output=output),
        ]
        return AssistantMsg(name="assistant", content=blocks)

    body, _ = await MOONSHOT.sent("kimi-k3", [turn("one"), turn("two")])
    results = [(each["tool_call_id"], each["content"]) for each in body["messages"] if each["role"] == "tool"]
    assert [content for _, content in results] == ["one", "two"]
    assert len({call_id for call_id, _ in results}) == 2


REASONED = streamed(
    chunk({"reasoning_content": "Look "}),
    chunk({"reasoning_content": "it up."}),
    chunk({"tool_calls": [{"id": "get_weather:0", "function": {"name": "get_weather", "arguments": "{}"}}]}),
    chunk(finish_reason="tool_calls"),
)


@pytest.mark.parametrize(
    ("name", "chosen", "thinking"),
    [
        ("kimi-k3", {}, None),
        ("kimi-k2.7-code", {}, None),
        ("kimi-k2.6", {"thinking_enable": True}, {"type": "enabled", "keep": "all"}),
        ("kimi-k2.6", {}, {"type": "enabled", "keep": "all"}),
        ("kimi-k2.6", {"thinking_enable": False}, {"type": "disabled"}),
        ("kimi-k2.5", {"thinking_enable": True}, {"type": "enabled"}),
        ("kimi-unheard-of", {}, None),
    ],
)
async def test_reasoning_goes_back(name: str, chosen: Json, thinking: Json | None) -> None:
    question = UserMsg(name="user", content="Rain?")
    model = MOONSHOT.model(name, Scripted(REASONED), stream=True, **chosen)
    asking = answered(await asked(model, [question], tools=[WEATHER]), "dry")
    body, warnings = await MOONSHOT.sent(name, [question, asking], {"tools": [WEATHER]}, **chosen)
    assert body["messages"][1] == {
        "role": "assistant",
        "content": None,
        "reasoning_content": "Look it up.",
        "tool_calls": [
            {"id": "get_weather:0", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
        ],
    }
    assert (body.get("thinking"), warnings) == (thinking, [])


async def test_reasoning_of_others_is_never_sent_and_never_missing() -> None:
    foreign = ThinkingBlock(thinking="secret", provider_data=ProviderData(provider="deepseek"))
    blocks: list[Any] = [
        foreign,
        ToolCallBlock(id="a", name="f", input="{}"),
        ToolResultBlock(id="a", name="f", output="x"),
        TextBlock(text="So."),
    ]
    body, warnings = await MOONSHOT.sent("kimi-k3", [AssistantMsg(name="assistant", content=blocks)])
    assert body["messages"][0]["reasoning_content"].strip()
    assert "reasoning_content" not in body["messages"][2]
    assert "secret" not in str(body)
    assert warnings == [("dropped", "thinking")]


async def test_models_that_never_think_get_no_reasoning() -> None:
    blocks: list[Any] = [ToolCallBlock(id="a", name="f", input="{}"), ToolResultBlock(id="a", name="f", output="x")]
    body, _ = await MOONSHOT.sent("moonshot-v1-8k", [AssistantMsg(name="assistant", content=blocks)])
    assert "reasoning_content" not in body["messages"][0]


@pytest.mark.parametrize("choice", [None, "required", "get_weather"])
@pytest.mark.parametrize("chosen", [{}, {"thinking_enable": True}, {"reasoning_effort": "max"}], ids=str)
@pytest.mark.parametrize("name", NAMES)
async def test_every_model_is_sent_a_legal_body(name: str, chosen: Json, choice: str | None) -> None:
    call: dict[str, Any] = {"tools": [WEATHER], "tool_choice": ToolChoice(choice) if choice else None}
    if choice and MOONSHOT.refuses_force(name, "thinking_enable", "reasoning_effort", **chosen):
        with pytest.raises(UnsupportedFeatureError):
            await MOONSHOT.sent(name, foreign_history(), call, **chosen)
        return
    body, _ = await MOONSHOT.sent(name, foreign_history(), call, temperature=0.3, **chosen)
    assert "secret" not in str(body)


async def test_several_agents_share_one_history() -> None:
    msgs = [UserMsg(name="Ann", content="Hi Bob."), AssistantMsg(name="Bob", content="Hi Ann.")]
    body, _ = await MOONSHOT.sent("kimi-k3", msgs, formatter=MoonshotMultiAgentFormatter())
    (message,) = body["messages"]
    assert message["role"] == "user"
    assert "Ann: Hi Bob.\nBob: Hi Ann." in message["content"]
