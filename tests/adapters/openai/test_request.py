"""OpenAI bodies, by what the caller set and what the model's card says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.credential import OpenAICredential
from modelport.error import AuthenticationError, InvalidRequestError
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel
from modelport.tool import ToolChoice
from tests.adapters.openai_chat.support import (
    CLOCK,
    WEATHER,
    Answer,
    Json,
    Provider,
    Scripted,
    asked,
    chunk,
    streamed,
    whole,
)

OPENAI = Provider("openai_chat", OpenAIChatModel, OpenAICredential(api_key="sk-test-PlantedWord7"))


@pytest.mark.parametrize(
    ("fields", "url", "headers"),
    [
        (
            {"api_key": "sk-test-PlantedWord7"},
            "https://api.openai.com/v1/chat/completions",
            {"authorization": "Bearer sk-test-PlantedWord7"},
        ),
        ({"base_url": "http://localhost:8000/v1/"}, "http://localhost:8000/v1/chat/completions", {}),
        (
            {"api_key": "sk-test-PlantedWord7", "organization": "org-1", "project": "proj-1"},
            "https://api.openai.com/v1/chat/completions",
            {
                "authorization": "Bearer sk-test-PlantedWord7",
                "openai-organization": "org-1",
                "openai-project": "proj-1",
            },
        ),
    ],
)
async def test_the_request_line_and_headers(fields: Json, url: str, headers: Json) -> None:
    transport = Scripted()
    await asked(OpenAIChatModel(OpenAICredential(**fields), "gpt-4o", transport=transport))
    (request,) = transport.requests
    assert (request.method, request.url) == ("POST", url)
    assert dict(request.headers) == {"content-type": "application/json", **headers}


async def test_openai_itself_needs_a_key() -> None:
    with pytest.raises(AuthenticationError, match="OPENAI_API_KEY"):
        await asked(OpenAIChatModel(OpenAICredential(), "gpt-4o", transport=Scripted()))


async def test_parameters() -> None:
    body, warnings = await OPENAI.sent("gpt-4o", max_tokens=9, temperature=0.5, top_p=0.9, stream=True)
    assert body == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_completion_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert warnings == []


@pytest.mark.parametrize(
    ("name", "chosen", "left", "settings"),
    [
        ("gpt-5", {"reasoning_effort": "low"}, {"reasoning_effort": "low"}, []),
        ("gpt-5", {"temperature": 0.5}, {}, [("dropped", "temperature")]),
        (
            "gpt-5.6",
            {"temperature": 0.5, "reasoning_effort": "none"},
            {"temperature": 0.5, "reasoning_effort": "none"},
            [],
        ),
        (
            "gpt-5.6",
            {"temperature": 0.5, "top_p": 0.5, "reasoning_effort": "high"},
            {"reasoning_effort": "high"},
            [("dropped", "temperature"), ("dropped", "top_p")],
        ),
        ("gpt-4o", {"reasoning_effort": "low"}, {}, [("dropped", "reasoning_effort")]),
        ("gpt-4o", {"thinking_enable": True}, {}, [("dropped", "thinking_enable")]),
        ("llama-local", {"thinking_enable": True}, {}, [("dropped", "thinking_enable")]),
        ("llama-local", {"temperature": 0.5}, {"temperature": 0.5}, []),
    ],
)
async def test_reasoning_and_sampling(name: str, chosen: Json, left: Json, settings: list[Any]) -> None:
    body, warnings = await OPENAI.sent(name, **chosen)
    assert {key: body[key] for key in body if key not in ("model", "messages")} == left
    assert warnings == settings


async def test_a_value_out_of_the_cards_range_is_not_sent() -> None:
    transport = Scripted()
    with pytest.raises(InvalidRequestError, match="reasoning_effort"):
        await asked(OPENAI.model("gpt-5", transport, reasoning_effort="max"))
    assert transport.requests == []


@pytest.mark.parametrize("choice", ["auto", "none", "required", "get_time"])
async def test_tool_choices(choice: str) -> None:
    call = {"tools": [WEATHER, CLOCK], "tool_choice": ToolChoice(choice)}
    body, warnings = await OPENAI.sent("gpt-4o", call=call, parallel_tool_calls=False)
    named = {"type": "function", "function": {"name": "get_time"}}
    assert body["tool_choice"] == (named if choice == "get_time" else choice)
    assert (body["tools"], body["parallel_tool_calls"], warnings) == ([WEATHER, CLOCK], False, [])


@pytest.mark.parametrize(("stream", "audio_format"), [(True, "pcm16"), (False, "wav")])
async def test_spoken_answers(stream: bool, audio_format: str) -> None:
    body, warnings = await OPENAI.sent("gpt-audio", voice="alloy", stream=stream)
    assert (body["modalities"], body["audio"]) == (["text", "audio"], {"voice": "alloy", "format": audio_format})
    assert warnings == []


async def test_fields_and_headers_of_the_caller() -> None:
    transport = Scripted()
    model = OPENAI.model("gpt-4o", transport, temperature=0.1)
    extra: Json = {
        "extra_headers": {"x-own": "1"},
        "extra_body": {"temperature": 0.9, "service_tier": "flex"},
        "seed": 7,
    }
    await asked(model, **extra)
    (request,) = transport.requests
    assert request.headers["x-own"] == "1"
    assert json.loads(request.body) == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "Hello"}],
        "temperature": 0.9,
        "service_tier": "flex",
        "seed": 7,
    }


async def test_a_server_that_answers_a_stream_whole() -> None:
    response = await asked(OPENAI.model("gpt-4o", Scripted(whole()), stream=True))
    assert (response.text, response.is_last) == ("Hi.", True)


async def test_a_server_that_streams_to_who_did_not_ask() -> None:
    response = await asked(OPENAI.model("gpt-4o", Scripted(streamed())))
    assert (response.text, response.is_last) == ("Hi.", True)


async def test_a_stream_without_a_content_type_that_says_so() -> None:
    answer = streamed(chunk({"content": "Hi"}), chunk(finish_reason="stop"))
    plain = Answer(answer.body, content_type="text/plain", chunk=3)
    assert (await asked(OPENAI.model("gpt-4o", Scripted(plain), stream=True))).text == "Hi"


async def test_the_question_stands_in_the_body_as_it_was_asked() -> None:
    text = 'línea\u2028two 🧪 "quoted" \\ end'
    body, _ = await OPENAI.sent("gpt-4o", [UserMsg(name="user", content=text)])
    assert body["messages"] == [{"role": "user", "content": text}]
