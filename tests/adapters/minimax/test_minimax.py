"""MiniMax: what is sent, how reasoning is read and sent back, and failures with HTTP 200.

Facts: docs/protocols/minimax.md#request-of-the-openai-shape, docs/protocols/minimax.md#errors.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from modelport.credential import MiniMaxCredential
from modelport.error import (
    AuthenticationError,
    ContentFilterError,
    InvalidRequestError,
    ModelError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    UnsupportedFeatureError,
)
from modelport.message import Msg, SystemMsg, ThinkingBlock, ToolCallBlock, ToolResultBlock, UserMsg
from modelport.model import ChatResponse, MiniMaxChatModel
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from modelport.tool import ToolChoice
from tests.cassettes import ask

Json = dict[str, Any]  # Any: JSON
TOOL: Json = {"type": "function", "function": {"name": "look", "description": "d", "parameters": {"type": "object"}}}
DETAIL: Json = {
    "type": "reasoning.text",
    "id": "reasoning-text-1",
    "format": "MiniMax-response-v1",
    "index": 0,
    "text": "Hm.",
}


def body(message: Json, **fields: Any) -> ScriptedAnswer:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    return ScriptedAnswer.json({"id": "1", "choices": [choice], "base_resp": {"status_code": 0}, **fields})


def stream(*deltas: Json) -> ScriptedAnswer:
    zeros = {"total_tokens": 0, "total_characters": 0}
    spoken = ({"index": 0, "delta": {"role": "", **delta}} for delta in deltas)
    events: list[Json] = [{"id": "1", "choices": [each], "usage": zeros} for each in spoken]
    events.append({"id": "1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None})
    events.append({"id": "1", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}})
    data = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    return ScriptedAnswer(200, {"content-type": "text/event-stream"}, [data.encode()])


async def call(
    *answers: ScriptedAnswer,
    name: str = "MiniMax-M3",
    messages: list[Msg] | None = None,
    options: Json | None = None,
    streams: bool = False,
    **parameters: Any,
) -> tuple[ChatResponse, Json]:
    """The answer, and the body of the last request."""
    async with ScriptedServer([*answers]) as server:
        credential = MiniMaxCredential(api_key="k-PlantedWord7", base_url=server.base_url)
        given = MiniMaxChatModel.Parameters(**parameters)
        model = MiniMaxChatModel(credential, name, given, stream=streams, max_retries=0)
        answer = await ask(model, messages or [UserMsg("user", "Hi")], **(options or {}))
        return answer, server.requests[-1].json()


@pytest.mark.parametrize(
    ("name", "parameters", "sent"),
    [
        ("MiniMax-M3", {}, None),
        ("MiniMax-M3", {"thinking_enable": True}, {"type": "adaptive"}),
        ("MiniMax-M3", {"thinking_enable": False}, {"type": "disabled"}),
        ("MiniMax-M2.7", {"thinking_enable": False}, None),
    ],
)
async def test_thinking_can_be_switched_where_the_model_can(name: str, parameters: Json, sent: Json | None) -> None:
    _, request = await call(body({"content": "Hi"}), name=name, **parameters)
    assert request.get("thinking") == sent
    assert request["reasoning_split"] is True


async def test_a_temperature_of_zero_is_what_the_service_accepts_next_to_it() -> None:
    answer, request = await call(body({"content": "Hi"}), temperature=0.0, max_tokens=50)
    assert (request["temperature"], request["max_completion_tokens"]) == (0.01, 50)
    assert [warning.setting for warning in answer.warnings] == ["temperature"]


async def test_a_call_cannot_be_forced_and_nothing_pretends_that_it_can() -> None:
    with pytest.raises(UnsupportedFeatureError):
        await call(body({}), options={"tools": [TOOL], "tool_choice": ToolChoice("required")})


async def test_an_object_is_asked_for_by_a_free_tool() -> None:
    def answer(request: RecordedRequest) -> ScriptedAnswer:
        name = request.json()["tools"][0]["function"]["name"]
        called = {"index": 0, "id": "c1", "type": "function", "function": {"name": name, "arguments": '{"n": 3}'}}
        return body({"content": "", "tool_calls": [called]})

    async with ScriptedServer(answer) as server:
        credential = MiniMaxCredential(api_key="k-PlantedWord7", base_url=server.base_url)
        model = MiniMaxChatModel(credential, "MiniMax-M3", stream=False, max_retries=0)
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        found = await model.generate_structured_output([UserMsg("user", "Three?")], schema)
        sent = server.requests[0].json()
    assert (found.content, found.strategy) == ({"n": 3}, "auto_tool")
    assert "response_format" not in sent and sent.get("tool_choice") in (None, "auto")


async def test_reasoning_that_comes_twice_counts_once_and_goes_back_as_it_came() -> None:
    first, _ = await call(
        stream({"reasoning_content": "Hm.", "reasoning_details": [DETAIL]}, {"content": "Hi"}), streams=True
    )
    assert [block.thinking for block in first.content if isinstance(block, ThinkingBlock)] == ["Hm."]
    assert first.usage is not None and (first.usage.input_tokens, first.usage.output_tokens) == (7, 5)
    again = [
        UserMsg("user", "Hi"),
        Msg(name="assistant", role="assistant", content=first.content),
        UserMsg("user", "And?"),
    ]
    _, request = await call(body({"content": "Yes"}), messages=again)
    assert request["messages"][1] == {"role": "assistant", "content": "Hi", "reasoning_details": [DETAIL]}


async def test_reasoning_in_tags_is_read_and_goes_back_in_tags_with_the_call() -> None:
    called = {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    message = {"content": "<think>\nI look.\n</think>\n", "name": "MiniMax AI", "tool_calls": [called]}
    first, _ = await call(body(message), options={"tools": [TOOL], "reasoning_split": False})
    assert (first.text, [b.id for b in first.content if isinstance(b, ToolCallBlock)]) == ("", ["c1"])
    result = ToolResultBlock(id="c1", name="look", output="a door")
    turn = Msg(name="bot", role="assistant", content=[*first.content, result])
    _, request = await call(body({"content": "A door."}), messages=[UserMsg("user", "Hi"), turn])
    assert request["messages"][1]["content"].startswith("<think>\nI look.\n</think>")
    assert request["messages"][1]["tool_calls"][0]["id"] == "c1"


async def test_text_that_grows_is_said_once() -> None:
    answer, _ = await call(stream({"content": "One"}, {"content": "One and"}, {"content": "One and two"}), streams=True)
    assert answer.text == "One and two"


async def test_several_instructions_are_one() -> None:
    messages = [SystemMsg("s", "A."), UserMsg("user", "Hi"), SystemMsg("s", "B.")]
    _, request = await call(body({"content": "Hi"}), messages=messages)
    assert [(each["role"], each["content"]) for each in request["messages"]] == [("system", "A.\nB."), ("user", "Hi")]


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (2061, PermissionDeniedError),
        (1008, QuotaExceededError),
        (1002, RateLimitError),
        (1004, AuthenticationError),
        (1026, ContentFilterError),
        (2013, InvalidRequestError),
    ],
)
async def test_a_failure_with_http_200_is_an_error(code: int, kind: type[ModelError], streams: bool) -> None:
    envelope = {"id": "", "choices": None, "base_resp": {"status_code": code, "status_msg": "no, for a reason"}}
    answer = ScriptedAnswer.json(envelope)
    if streams:
        data = f"data: {json.dumps(envelope)}\n\n".encode()
        answer = ScriptedAnswer(200, {"content-type": "text/event-stream"}, [data])
    with pytest.raises(kind, match="no, for a reason") as caught:
        await call(answer, streams=streams)
    assert caught.value.code == str(code)


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "invalid params, tool result's tool id(c1) not found (2013)", InvalidRequestError),
        (400, "input new_sensitive (1026)", ContentFilterError),
        (429, "insufficient balance (1008)", QuotaExceededError),
        (401, "login fail (1004)", AuthenticationError),
    ],
)
async def test_the_code_at_the_end_of_a_message_decides(status: int, said: str, kind: type[ModelError]) -> None:
    error = {"type": "error", "error": {"type": "bad_request_error", "message": said}, "request_id": "r1"}
    with pytest.raises(kind) as caught:
        await call(ScriptedAnswer.json(error, status))
    assert (caught.value.status_code, caught.value.request_id) == (status, "r1")


def test_the_base_url_of_the_other_shape_is_refused_with_a_way_out() -> None:
    with pytest.raises(ValidationError, match="ends in /v1"):
        MiniMaxCredential(api_key="k-PlantedWord7", base_url="https://api.minimax.io/anthropic")
