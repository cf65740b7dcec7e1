"""Messages to DashScope: media as URLs or data URIs, reasoning only where it is preserved."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import DashScopeCredential
from modelport.domain.message.blocks import ProviderData
from modelport.error import UnsupportedFeatureError
from modelport.formatter import DashScopeChatFormatter, DashScopeMultiAgentFormatter
from modelport.message import AssistantMsg, Base64Source, DataBlock, Msg, TextBlock, ThinkingBlock, URLSource, UserMsg
from modelport.model import DashScopeChatModel
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

DASHSCOPE = Provider("dashscope", DashScopeChatModel, DashScopeCredential(api_key="sk-test-PlantedWord7"))
NAMES = [card.name for card in DashScopeChatModel.list_models()]


def media(media_type: str, url: str | None = None) -> DataBlock:
    source = URLSource(url=url, media_type=media_type) if url else Base64Source(data=PIXEL, media_type=media_type)
    return DataBlock(source=source)


@pytest.mark.parametrize(
    ("name", "block", "part"),
    [
        (
            "qwen3-omni-flash",
            media("audio/mpeg"),
            {"type": "input_audio", "input_audio": {"data": f"data:;base64,{PIXEL}", "format": "mp3"}},
        ),
        (
            "qwen3-omni-flash",
            media("audio/wav", "https://x.example/a.wav"),
            {"type": "input_audio", "input_audio": {"data": "https://x.example/a.wav", "format": "wav"}},
        ),
        (
            "qwen3.6-plus",
            media("video/mp4"),
            {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{PIXEL}"}},
        ),
        (
            "qwen3.6-plus",
            media("video/mp4", "https://x.example/a.mp4"),
            {"type": "video_url", "video_url": {"url": "https://x.example/a.mp4"}},
        ),
        (
            "qwen-vl-max",
            media("image/png", "https://x.example/a.png"),
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        ),
    ],
)
async def test_media(name: str, block: DataBlock, part: Json) -> None:
    body, warnings = await DASHSCOPE.sent(name, [UserMsg(name="user", content=[TextBlock(text="See"), block])])
    assert body["messages"][0]["content"] == [{"type": "text", "text": "See"}, part]
    assert warnings == []
    assert not DashScopeChatFormatter().needs_download(block)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("qwen-plus", "image/png"),
        ("qwen-vl-max", "audio/wav"),
        ("qwen3.6-plus", "application/pdf"),
    ],
)
async def test_media_that_the_model_does_not_take_are_announced(name: str, kind: str) -> None:
    body, warnings = await DASHSCOPE.sent(name, [UserMsg(name="user", content=[TextBlock(text="See"), media(kind)])])
    assert kind in body["messages"][0]["content"]
    assert warnings == [("changed", "data")]


async def test_speakers_are_not_named() -> None:
    body, _ = await DASHSCOPE.sent("qwen-plus", [UserMsg(name="Ann", content="Hi")])
    assert body["messages"] == [{"role": "user", "content": "Hi"}]


REASONED = streamed(
    chunk({"role": "assistant", "content": None, "reasoning_content": "Look "}),
    chunk({"reasoning_content": "it up."}),
    chunk({"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "get_weather", "arguments": "{}"}}]}),
    chunk(finish_reason="tool_calls"),
)


async def conversation(name: str) -> list[Msg]:
    """A question that the model answered with reasoning and a call."""
    question = UserMsg(name="user", content="Rain?")
    answer = await asked(DASHSCOPE.model(name, Scripted(REASONED), stream=True), [question], tools=[WEATHER])
    return [question, answered(answer, "dry")]


@pytest.mark.parametrize("thinking", [True, False])
async def test_reasoning_returns_to_models_that_preserve_it(thinking: bool) -> None:
    msgs = await conversation("qwen3.8-max")
    body, warnings = await DASHSCOPE.sent("qwen3.8-max", msgs, {"tools": [WEATHER]}, thinking_enable=thinking)
    assert body["messages"][1] == {
        "role": "assistant",
        "content": "",
        "reasoning_content": "Look it up.",
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}],
    }
    assert (body["preserve_thinking"], warnings) == (True, [])


@pytest.mark.parametrize("name", ["qwen-plus", "qwen3.5-plus", "qwen-unheard-of"])
async def test_reasoning_goes_nowhere_else(name: str) -> None:
    body, warnings = await DASHSCOPE.sent(name, await conversation(name), {"tools": [WEATHER]})
    assert "reasoning_content" not in body["messages"][1]
    assert "preserve_thinking" not in body
    assert warnings == [("dropped", "thinking")]


async def test_nothing_is_preserved_where_nothing_was_thought() -> None:
    foreign = ThinkingBlock(thinking="secret", provider_data=ProviderData(provider="deepseek"))
    msgs = [
        UserMsg(name="user", content="Hi"),
        AssistantMsg(name="a", content=[foreign, TextBlock(text="Yes?")]),
        UserMsg(name="user", content="Ah"),
    ]
    body, warnings = await DASHSCOPE.sent("qwen3.8-max", msgs, thinking_enable=True)
    assert "preserve_thinking" not in body
    assert "secret" not in str(body)
    assert warnings == [("dropped", "thinking")]


async def test_spoken_answers_go_back_as_their_words() -> None:
    facts = {"id": "audio_1", "expires_at": 4_000_000_000}
    sound = DataBlock(
        source=Base64Source(data=PIXEL, media_type="audio/wav"),
        provider_data=ProviderData(provider="dashscope", data={"audio": facts}),
    )
    words = TextBlock(text="Hi.", provider_data=ProviderData(provider="dashscope", data={"transcript": True}))
    msgs = [AssistantMsg(name="a", content=[sound, words]), UserMsg(name="user", content="More")]
    body, warnings = await DASHSCOPE.sent("qwen3-omni-flash", msgs)
    assert body["messages"][0] == {"role": "assistant", "content": "Hi."}
    assert warnings == []


@pytest.mark.parametrize("choice", [None, "required", "get_weather"])
@pytest.mark.parametrize("chosen", [{}, {"thinking_enable": True}, {"thinking_enable": False}], ids=str)
@pytest.mark.parametrize("name", NAMES)
async def test_every_model_is_sent_a_legal_body(name: str, chosen: Json, choice: str | None) -> None:
    call: dict[str, Any] = {"tools": [WEATHER], "tool_choice": ToolChoice(choice) if choice else None}
    if choice and DASHSCOPE.refuses_force(name, "thinking_enable", "reasoning_effort", **chosen):
        with pytest.raises(UnsupportedFeatureError):
            await DASHSCOPE.sent(name, foreign_history(), call, **chosen)
        return
    body, _ = await DASHSCOPE.sent(name, foreign_history(), call, **chosen)
    assert "secret" not in str(body)


async def test_several_agents_share_one_history() -> None:
    msgs = [UserMsg(name="Ann", content="Hi Bob."), AssistantMsg(name="Bob", content="Hi Ann.")]
    body, _ = await DASHSCOPE.sent("qwen-plus", msgs, formatter=DashScopeMultiAgentFormatter())
    (message,) = body["messages"]
    assert message["role"] == "user"
    assert "Ann: Hi Bob.\nBob: Hi Ann." in message["content"]
