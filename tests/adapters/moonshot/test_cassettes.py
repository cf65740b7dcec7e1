"""Cassettes of Moonshot, played to the public model class."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import MoonshotCredential
from modelport.error import QuotaExceededError
from modelport.message import Base64Source, DataBlock, Msg, SystemMsg, TextBlock, UserMsg
from modelport.model import FinishReason, MoonshotChatModel
from modelport.tool import ToolChoice
from tests.adapters.openai_chat.playback import FERRY, PICTURE, TIDE, answered, calls, counts, text, thinking
from tests.cassettes import ask, played

STOP, CALLS = FinishReason.STOP, FinishReason.TOOL_CALLS


def model(name: str, *, stream: bool = False, **parameters: Any) -> MoonshotChatModel:  # Any: of the class
    given = MoonshotChatModel.Parameters(**parameters)
    return MoonshotChatModel(MoonshotCredential(api_key="sk-test-PlantedWord7"), name, given, stream, max_retries=0)


def user(text: str) -> Msg:
    return UserMsg(name="user", content=text)


async def test_text() -> None:
    with played("moonshot", "text", "moonshot"):
        answer = await ask(
            model("kimi-k2.6", thinking_enable=False, max_tokens=80),
            [SystemMsg(name="system", content="You are a potter."), user("What is in the kiln?")],
        )
    assert (text(answer), thinking(answer), calls(answer)) == ("Forty bowls and one experiment.", "", [])
    assert (counts(answer), answer.finish_reason) == ((22, 8, 0, 0), STOP)


async def test_a_stream_with_usage_in_its_choice() -> None:
    with played("moonshot", "stream", "moonshot"):
        answer = await ask(model("kimi-k2.6", thinking_enable=False, stream=True), [user("陶器は？")])
    assert (text(answer), thinking(answer), calls(answer)) == ("土と火の記憶です。", "", [])
    assert (counts(answer), answer.finish_reason) == ((8, 9, 0, 0), STOP)


async def test_streamed_thinking() -> None:
    with played("moonshot", "thinking_stream", "moonshot"):
        answer = await ask(model("kimi-k3", stream=True, reasoning_effort="low"), [user("Is 51 prime?")])
    assert (text(answer), thinking(answer), calls(answer)) == ("No, 3 × 17.", "51 is 3 × 17.", [])
    assert (counts(answer), answer.finish_reason) == ((13, 19, 8, 9), STOP)


async def test_a_tool_round_trip() -> None:
    with played("moonshot", "tool_round_trip", "moonshot"):
        asking = model("kimi-k2.6", stream=True, thinking_enable=True)
        question = user("When is high water in Hakata?")
        first = await ask(asking, [question], tools=[TIDE])
        answer = await ask(asking, [question, answered(first, "high 07:20, low 13:44")], tools=[TIDE])
    assert (text(first), thinking(first), first.finish_reason) == ("One moment.", "Ask the table.", CALLS)
    assert calls(first) == [("tide_table:0", "tide_table", '{"harbour": "Hakata"}')]
    assert (text(answer), thinking(answer), calls(answer)) == ("At 07:20.", "07:20.", [])
    assert (counts(answer), answer.finish_reason) == ((171, 13, 120, 0), STOP)
    assert answer.warnings == []


async def test_parallel_calls() -> None:
    with played("moonshot", "parallel_tools", "moonshot"):
        asking, wanted = model("kimi-k3"), [user("Tide and ferry for Beppu, please.")]
        answer = await ask(asking, wanted, tools=[TIDE, FERRY], tool_choice=ToolChoice("auto"))
    assert (text(answer), thinking(answer), calls(answer)) == (
        "",
        "Two calls.",
        [
            ("functions.tide_table:0", "tide_table", '{"harbour": "Beppu"}'),
            ("functions.ferry_times:1", "ferry_times", '{"line": "Beppu-Osaka"}'),
        ],
    )
    assert (counts(answer), answer.finish_reason) == ((180, 62, 0, 4), CALLS)
    assert answer.warnings == []


async def test_an_image() -> None:
    picture = DataBlock(source=Base64Source(data=PICTURE, media_type="image/png"))
    with played("moonshot", "image_in", "moonshot"):
        asking = model("kimi-k2.6", thinking_enable=False)
        answer = await ask(asking, [UserMsg(name="user", content=[TextBlock(text="Which glaze?"), picture])])
    assert (text(answer), thinking(answer), calls(answer)) == ("Yellow salt glaze.", "", [])
    assert (counts(answer), answer.finish_reason) == ((61, 6, 0, 0), STOP)


async def test_an_error() -> None:
    with (
        played("moonshot", "error", "moonshot"),
        pytest.raises(QuotaExceededError, match="token quota") as caught,
    ):
        await ask(model("kimi-k2.6", thinking_enable=False), [user("Hello?")])
    error = caught.value
    assert (error.status_code, error.code, error.retryable) == (429, "exceeded_current_quota_error", False)
    assert (error.request_id, len(error.attempts)) == ("7a11-authored-0429", 1)
