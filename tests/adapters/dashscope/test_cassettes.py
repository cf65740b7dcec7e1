"""Cassettes of DashScope's compatible mode, played to the public model class."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from modelport.credential import DashScopeCredential
from modelport.domain.message.wav import streaming_header
from modelport.error import ContentFilterError
from modelport.message import Base64Source, DataBlock, Msg, SystemMsg, TextBlock, URLSource, UserMsg
from modelport.model import DashScopeChatModel, FinishReason
from modelport.tool import ToolChoice
from tests.adapters.openai_chat.playback import FERRY, TIDE, answered, calls, counts, text, thinking
from tests.cassettes import ask, played

STOP, CALLS = FinishReason.STOP, FinishReason.TOOL_CALLS


def model(name: str, *, stream: bool = False, **parameters: Any) -> DashScopeChatModel:  # Any: of the class
    given = DashScopeChatModel.Parameters(**parameters)
    return DashScopeChatModel(DashScopeCredential(api_key="sk-test-PlantedWord7"), name, given, stream, max_retries=0)


def user(text: str) -> Msg:
    return UserMsg(name="user", content=text)


async def test_text() -> None:
    with played("dashscope", "text", "dashscope"):
        answer = await ask(
            model("qwen-plus", thinking_enable=False, max_tokens=120, temperature=0.7, top_k=20),
            [SystemMsg(name="system", content="You are a tea merchant."), user("What sells best?")],
        )
    assert (text(answer), thinking(answer), calls(answer)) == ("In winter, black tea from Qimen.", "", [])
    assert (counts(answer), answer.finish_reason) == ((27, 10, 0, 0), STOP)


async def test_a_stream() -> None:
    with played("dashscope", "stream", "dashscope"):
        answer = await ask(model("qwen3-vl-plus", thinking_enable=False, stream=True), [user("用一句话介绍龙井。")])
    assert (text(answer), thinking(answer), calls(answer)) == ("龙井是杭州的绿茶。", "", [])
    assert (counts(answer), answer.finish_reason) == ((14, 8, 0, 0), STOP)


@pytest.mark.parametrize("stream", [True, False])
async def test_thinking_is_always_streamed_by_models_that_only_stream(stream: bool) -> None:
    with played("dashscope", "thinking_stream", "dashscope"):
        asking = model("qwen3-32b", stream=stream, thinking_enable=True, thinking_budget=256)
        answer = await ask(asking, [user("Is 91 prime?")])
    assert (text(answer), thinking(answer), calls(answer)) == ("No: 7 × 13.", "91 = 7 × 13.", [])
    assert (counts(answer), answer.finish_reason) == ((15, 21, 0, 11), STOP)


async def test_a_tool_round_trip() -> None:
    with played("dashscope", "tool_round_trip", "dashscope"):
        asking = model("qwen3.8-max", stream=True, thinking_enable=True)
        question = user("When is high water in Ningbo?")
        first = await ask(asking, [question], tools=[TIDE])
        answer = await ask(asking, [question, answered(first, "high 09:15, low 15:40")], tools=[TIDE])
    assert (text(first), thinking(first), first.finish_reason) == ("", "I need the table.", CALLS)
    assert calls(first) == [("call_9c1e77", "tide_table", '{"harbour": "Ningbo"}')]
    assert (text(answer), thinking(answer), calls(answer)) == ("At 09:15.", "It says 09:15.", [])
    assert (counts(answer), answer.finish_reason) == ((214, 18, 128, 8), STOP)
    assert answer.warnings == []


async def test_parallel_calls() -> None:
    with played("dashscope", "parallel_tools", "dashscope"):
        answer = await ask(
            model("qwen-plus", thinking_enable=False, stream=True),
            [user("Tide and ferry for Zhoushan, please.")],
            tools=[TIDE, FERRY],
            tool_choice=ToolChoice("required"),
        )
    assert (text(answer), thinking(answer), calls(answer)) == (
        "",
        "",
        [
            ("call_71a0", "tide_table", '{"harbour": "Zhoushan"}'),
            ("call_71a1", "ferry_times", '{"line": "Zhoushan-Putuo"}'),
        ],
    )
    assert (counts(answer), answer.finish_reason) == ((190, 40, 0, 0), CALLS)


async def test_an_image() -> None:
    picture = DataBlock(source=URLSource(url="https://tea.example/cup.jpg", media_type="image/jpeg"))
    with played("dashscope", "image_in", "dashscope"):
        asking = model("qwen-vl-max")
        answer = await ask(asking, [UserMsg(name="user", content=[TextBlock(text="What is in the cup?"), picture])])
    assert (text(answer), thinking(answer), calls(answer)) == ("Green tea, two leaves.", "", [])
    assert (counts(answer), answer.finish_reason) == ((1254, 7, 0, 0), STOP)


async def test_an_error() -> None:
    with (
        played("dashscope", "error", "dashscope"),
        pytest.raises(ContentFilterError, match="inappropriate") as caught,
    ):
        await ask(model("qwen-plus", thinking_enable=False), [user("…")])
    error = caught.value
    assert (error.status_code, error.code, error.retryable) == (400, "InternalError.Algo.DataInspectionFailed", False)
    assert (error.request_id, len(error.attempts)) == ("5f0c1e22-authored-0008", 1)


async def test_speech_in_and_out() -> None:
    sound = DataBlock(source=Base64Source(data="UklGRg==", media_type="audio/wav"))
    with played("dashscope", "audio_out", "dashscope"):
        asking = model("qwen3-omni-flash", thinking_enable=False, voice="Cherry")
        answer = await ask(asking, [UserMsg(name="user", content=[TextBlock(text="Say it back."), sound])])
    assert (text(answer), counts(answer)[:2], answer.finish_reason) == ("Ni hao.", (44, 30), STOP)
    (spoken,) = (block for block in answer.content if isinstance(block, DataBlock))
    assert isinstance(spoken.source, Base64Source)
    wav = base64.b64decode(spoken.source.data)
    assert wav == streaming_header(24_000, size=6) + b"\x01\x00\x02\x00\x03\x00"
