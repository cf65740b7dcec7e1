"""Cassettes of DeepSeek, played to the public model class."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import DeepSeekCredential
from modelport.error import QuotaExceededError
from modelport.message import Base64Source, DataBlock, Msg, SystemMsg, TextBlock, UserMsg
from modelport.model import DeepSeekChatModel, FinishReason
from modelport.tool import ToolChoice
from tests.adapters.openai_chat.playback import FERRY, PICTURE, TIDE, answered, calls, counts, text, thinking
from tests.cassettes import ask, played

STOP, CALLS = FinishReason.STOP, FinishReason.TOOL_CALLS


def model(name: str, *, stream: bool = False, **parameters: Any) -> DeepSeekChatModel:  # Any: of the class
    given = DeepSeekChatModel.Parameters(**parameters)
    return DeepSeekChatModel(DeepSeekCredential(api_key="sk-test-PlantedWord7"), name, given, stream, max_retries=0)


def user(text: str) -> Msg:
    return UserMsg(name="user", content=text)


async def test_text() -> None:
    with played("deepseek", "text", "deepseek"):
        answer = await ask(
            model("deepseek-v4-flash", thinking_enable=False, max_tokens=90, temperature=0.4),
            [SystemMsg(name="system", content="You are a miner."), user("What did you find?")],
        )
    assert (text(answer), thinking(answer), calls(answer)) == ("Tin, and a very old boot.", "", [])
    assert (counts(answer), answer.finish_reason) == ((20, 9, 0, 0), STOP)


async def test_a_stream_with_keep_alives() -> None:
    with played("deepseek", "stream", "deepseek"):
        answer = await ask(model("deepseek-v4-flash", thinking_enable=False, stream=True), [user("Name two ores.")])
    assert (text(answer), thinking(answer), calls(answer)) == ("Galena und Blende ⛏.", "", [])
    assert (counts(answer), answer.finish_reason) == ((9, 8, 0, 0), STOP)


async def test_streamed_thinking() -> None:
    with played("deepseek", "thinking_stream", "deepseek"):
        answer = await ask(
            model("deepseek-v4-pro", stream=True, thinking_enable=True, reasoning_effort="low"),
            [user("Is 57 prime?")],
        )
    assert (text(answer), thinking(answer), calls(answer)) == ("No, 3 times 19.", "57 = 3·19.", [])
    assert (counts(answer), answer.finish_reason) == ((12, 17, 0, 8), STOP)


async def test_a_tool_round_trip() -> None:
    with played("deepseek", "tool_round_trip", "deepseek"):
        asking = model("deepseek-v4-pro", stream=True, thinking_enable=True)
        question = user("When is high water in Emden?")
        first = await ask(asking, [question], tools=[TIDE])
        answer = await ask(asking, [question, answered(first, "high 04:31, low 10:58")], tools=[TIDE])
    assert (text(first), thinking(first), first.finish_reason) == ("", "The table knows.", CALLS)
    assert calls(first) == [("call_00_emden", "tide_table", '{"harbour": "Emden"}')]
    assert (text(answer), thinking(answer), calls(answer)) == ("At 04:31.", "04:31.", [])
    assert (counts(answer), answer.finish_reason) == ((205, 12, 128, 4), STOP)
    assert answer.warnings == []


async def test_parallel_calls() -> None:
    with played("deepseek", "parallel_tools", "deepseek"):
        answer = await ask(
            model("deepseek-v4-flash", thinking_enable=False),
            [user("Tide and ferry for Norden, please.")],
            tools=[TIDE, FERRY],
            tool_choice=ToolChoice("required"),
        )
    assert (text(answer), thinking(answer), calls(answer)) == (
        "",
        "",
        [
            ("call_00_a", "tide_table", '{"harbour": "Norden"}'),
            ("call_01_b", "ferry_times", '{"line": "Norddeich-Juist"}'),
        ],
    )
    assert (counts(answer), answer.finish_reason) == ((230, 66, 128, 0), CALLS)


async def test_an_image() -> None:
    picture = DataBlock(source=Base64Source(data=PICTURE, media_type="image/png"))
    with played("deepseek", "image_in", "deepseek"):
        asking = model("deepseek-v4-flash-vision-exp", thinking_enable=False)
        answer = await ask(asking, [UserMsg(name="user", content=[TextBlock(text="Which mineral?"), picture])])
    assert (text(answer), thinking(answer), calls(answer)) == ("Sulphur, by the colour.", "", [])
    assert (counts(answer), answer.finish_reason) == ((88, 7, 0, 0), STOP)


async def test_an_error() -> None:
    with (
        played("deepseek", "error", "deepseek"),
        pytest.raises(QuotaExceededError, match="Insufficient Balance") as caught,
    ):
        await ask(model("deepseek-v4-flash", thinking_enable=False), [user("Hello?")])
    error = caught.value
    assert (error.status_code, error.code, error.retryable) == (402, "invalid_request_error", False)
    assert (error.request_id, len(error.attempts)) == ("c0ffee00authored0402", 1)
