"""Volcengine Ark: combinations of thinking that the service takes, what goes back to it, and its errors.

Facts: docs/protocols/volcengine.md#request, docs/protocols/volcengine.md#errors.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.credential import VolcengineCredential
from modelport.error import (
    ContentFilterError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
)
from modelport.message import Msg, ThinkingBlock, UserMsg
from modelport.model import ChatResponse, VolcengineChatModel
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.cassettes import ask

Json = dict[str, Any]  # Any: JSON
SEED = "doubao-seed-2-1-turbo-260628"
FINE = {"role": "assistant", "content": "144"}


def body(message: Json, finish: str = "stop", **choice: Any) -> ScriptedAnswer:
    return ScriptedAnswer.json({"id": "1", "choices": [{"finish_reason": finish, "message": message, **choice}]})


async def call(
    answer: ScriptedAnswer, name: str = SEED, messages: list[Msg] | None = None, stream: bool = False, **parameters: Any
) -> tuple[ChatResponse, Json]:
    """The answer, and the body of the request."""
    async with ScriptedServer([answer]) as server:
        given = VolcengineChatModel.Parameters(**parameters)
        credential = VolcengineCredential(api_key="k-PlantedWord7", base_url=server.base_url)
        model = VolcengineChatModel(credential, name, given, stream=stream, max_retries=0)
        return await ask(model, messages or [UserMsg("user", "Hi")]), server.requests[-1].json()


@pytest.mark.parametrize("name", [SEED, "ep-20260901-abcde"])
@pytest.mark.parametrize("enable", [None, True, False])
@pytest.mark.parametrize("effort", [None, "minimal", "low", "medium", "high"])
async def test_no_combination_that_the_service_refuses(name: str, enable: bool | None, effort: str | None) -> None:
    given: Json = {"thinking_enable": enable, "reasoning_effort": effort}
    answer, request = await call(body(FINE), name, **{key: value for key, value in given.items() if value is not None})
    switch, sent = (request.get("thinking") or {}).get("type"), request.get("reasoning_effort")
    assert not (switch == "disabled" and sent not in (None, "minimal"))
    assert not (switch == "enabled" and sent == "minimal")
    assert switch != "auto"
    if enable is False:
        assert switch == "disabled"
    dropped = [warning.setting for warning in answer.warnings if warning.kind == "dropped"]
    assert ("reasoning_effort" in dropped) == (effort is not None and sent is None)


async def test_one_limit_of_tokens_which_counts_reasoning() -> None:
    _, request = await call(body(FINE), max_tokens=500)
    assert request["max_completion_tokens"] == 500 and "max_tokens" not in request


async def test_encrypted_reasoning_goes_back_unchanged() -> None:
    events = [
        {"delta": {"role": "assistant", "content": "", "reasoning_content": "12 x 12"}},
        {"delta": {"role": "assistant", "content": "", "encrypted_content": "ZW5jcnlwdGVk"}},
        {"delta": {"role": "assistant", "content": "144"}, "finish_reason": "stop"},
    ]
    data = "".join(f"data: {json.dumps({'id': '1', 'choices': [event]})}\n\n" for event in events) + "data: [DONE]\n\n"
    first, _ = await call(ScriptedAnswer(200, {"content-type": "text/event-stream"}, [data.encode()]), stream=True)
    assert (first.metadata or {})["encrypted_content"] == "ZW5jcnlwdGVk"
    messages = [UserMsg("user", "Hi"), Msg(name="bot", role="assistant", content=first.content), UserMsg("user", "So?")]
    _, request = await call(body(FINE), messages=messages)
    sent = request["messages"][1]
    assert (sent["encrypted_content"], sent["reasoning_content"]) == ("ZW5jcnlwdGVk", "12 x 12")


async def test_encrypted_reasoning_without_text_is_kept_too() -> None:
    first, _ = await call(body({**FINE, "encrypted_content": "ZW5j"}))
    assert [block.redacted for block in first.content if isinstance(block, ThinkingBlock)] == [True]
    messages = [UserMsg("user", "Hi"), Msg(name="bot", role="assistant", content=first.content), UserMsg("user", "So?")]
    assert (await call(body(FINE), messages=messages))[1]["messages"][1]["encrypted_content"] == "ZW5j"


async def test_a_filtered_answer_says_so() -> None:
    answer, _ = await call(body({"role": "assistant", "content": ""}, "content_filter", moderation_hit_type="violence"))
    assert answer.finish_reason == "content_filter"
    assert (answer.metadata or {})["moderation_hit_type"] == "violence"


@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable"),
    [
        (400, "InvalidParameter", InvalidRequestError, False),
        (400, "InvalidEndpoint.ClosedEndpoint", InvalidRequestError, False),
        (400, "InputTextSensitiveContentDetected", ContentFilterError, False),
        (403, "AccountOverdueError", QuotaExceededError, False),
        (403, "AccessDenied", PermissionDeniedError, False),
        (404, "ModelNotOpen", NotFoundError, False),
        (404, "InvalidEndpointOrModel.NotFound", NotFoundError, False),
        (429, "RateLimitExceeded.EndpointRPMExceeded", RateLimitError, True),
        (429, "ModelAccountTpmRateLimitExceeded", RateLimitError, True),
        (429, "ServerOverloaded", OverloadedError, True),
        (429, "SetLimitExceeded", QuotaExceededError, False),
    ],
)
async def test_codes(status: int, code: str, kind: type[ModelError], retryable: bool) -> None:
    error = {"error": {"code": code, "message": "no. Request id: 0217", "param": "", "type": "T"}}
    with pytest.raises(kind) as caught:
        await call(ScriptedAnswer.json(error, status))
    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.code, caught.value.retryable) == (status, code, retryable)
