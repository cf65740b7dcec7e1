"""Cassettes of OpenAI, played to the public model class."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import OpenAICredential
from modelport.error import AuthenticationError
from modelport.message import Base64Source, DataBlock, Msg, SystemMsg, TextBlock, UserMsg
from modelport.model import FinishReason, OpenAIChatModel
from modelport.tool import ToolChoice
from tests.adapters.openai_chat.playback import FERRY, PICTURE, TIDE, answered, calls, counts, text, thinking
from tests.cassettes import ask, played

STOP, CALLS = FinishReason.STOP, FinishReason.TOOL_CALLS


def model(name: str, *, stream: bool = False, **parameters: Any) -> OpenAIChatModel:  # Any: theirs
    given = OpenAIChatModel.Parameters(**parameters)
    return OpenAIChatModel(OpenAICredential(api_key="sk-test-PlantedWord7"), name, given, stream, max_retries=0)


def user(text: str) -> Msg:
    return UserMsg(name="user", content=text)


async def test_text() -> None:
    with played("openai", "text", "openai_chat"):
        answer = await ask(
            model("gpt-4.1", max_tokens=200, temperature=0.2),
            [SystemMsg(name="system", content="You keep a lighthouse."), user("Who is there at night?")],
        )
    assert (text(answer), thinking(answer), calls(answer)) == ("Only me, the lamp and the gulls.", "", [])
    assert (counts(answer), answer.finish_reason) == ((24, 9, 0, 0), STOP)


async def test_a_stream() -> None:
    with played("openai", "stream", "openai_chat"):
        answer = await ask(model("gpt-4o", stream=True), [user("Count the bells.")])
    assert (text(answer), thinking(answer), calls(answer)) == ("One, two – and three 🔔.", "", [])
    assert (counts(answer), answer.finish_reason) == ((11, 9, 0, 0), STOP)


async def test_hidden_reasoning() -> None:
    with played("openai", "thinking_stream", "openai_chat"):
        answer = await ask(model("gpt-5.6", stream=True, reasoning_effort="low"), [user("How many knots is 10 m/s?")])
    assert (text(answer), thinking(answer), calls(answer)) == ("About 19.4 knots.", "", [])
    assert (counts(answer), answer.finish_reason) == ((16, 77, 0, 64), STOP)


async def test_a_tool_round_trip() -> None:
    with played("openai", "tool_round_trip", "openai_chat"):
        asking = model("gpt-4.1", stream=True)
        question = user("When is high water in Dover?")
        first = await ask(asking, [question], tools=[TIDE])
        answer = await ask(asking, [question, answered(first, "high 11:42, low 18:05")], tools=[TIDE])
    assert (text(first), thinking(first), first.finish_reason) == ("", "", CALLS)
    assert calls(first) == [("call_tide0001", "tide_table", '{"harbour":"Dover"}')]
    assert (text(answer), thinking(answer), calls(answer)) == ("High water is at 11:42.", "", [])
    assert (counts(answer), answer.finish_reason) == ((91, 9, 64, 0), STOP)
    assert [warning.kind for warning in answer.warnings] == ["deprecated"]


async def test_parallel_calls() -> None:
    with played("openai", "parallel_tools", "openai_chat"):
        answer = await ask(
            model("gpt-4.1"),
            [user("Tide and ferry for Oban, please.")],
            tools=[TIDE, FERRY],
            tool_choice=ToolChoice("required"),
        )
    assert (text(answer), thinking(answer), calls(answer)) == (
        "",
        "",
        [("call_par_a", "tide_table", '{"harbour":"Oban"}'), ("call_par_b", "ferry_times", '{"line":"Oban-Mull"}')],
    )
    assert (counts(answer), answer.finish_reason) == ((83, 41, 0, 0), CALLS)


async def test_an_image() -> None:
    picture = DataBlock(source=Base64Source(data=PICTURE, media_type="image/png"))
    with played("openai", "image_in", "openai_chat"):
        asking = model("gpt-4o")
        answer = await ask(asking, [UserMsg(name="user", content=[TextBlock(text="Which flag is this?"), picture])])
    assert (text(answer), thinking(answer), calls(answer)) == ("A plain yellow one: quarantine.", "", [])
    assert (counts(answer), answer.finish_reason) == ((270, 8, 0, 0), STOP)


async def test_an_error() -> None:
    with (
        played("openai", "error", "openai_chat"),
        pytest.raises(AuthenticationError, match="Incorrect API key") as caught,
    ):
        await ask(model("gpt-4.1"), [user("Hello?")])
    error = caught.value
    assert (error.status_code, error.code, error.retryable) == (401, "invalid_api_key", False)
    assert (error.request_id, len(error.attempts)) == ("req_authored_0401", 1)
