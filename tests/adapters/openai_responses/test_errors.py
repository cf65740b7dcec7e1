"""Errors of Responses: with a status, inside a stream, and inside a successful body."""

from __future__ import annotations

import pytest

from modelport.credential import OpenAICredential
from modelport.error import (
    AuthenticationError,
    ContentFilterError,
    ContextLengthError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    OverloadedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from modelport.model import ChatResponse, OpenAIResponseModel
from tests.adapters.openai_responses.wire import HELLO, Json, Scripted, events_of, message, response, sse

KEY = "sk-secret-0123456789-PlantedWord7"


async def failure(transport: Scripted, *, stream: bool = False) -> ModelError:
    credential = OpenAICredential(api_key=KEY)
    model = OpenAIResponseModel(credential, "gpt-5.6", stream=stream, max_retries=0, transport=transport)
    with pytest.raises(ModelError) as caught:
        answer = await model(HELLO)
        if not isinstance(answer, ChatResponse):
            async for _ in answer:
                pass
    assert KEY not in f"{caught.value} {caught.value.body}"
    return caught.value


def body(message: str, code: str | None = None, kind: str = "invalid_request_error") -> Json:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (400, body("The model 'x' does not exist.", "model_not_found"), InvalidRequestError),
        (400, body("Too long", "context_length_exceeded"), ContextLengthError),
        (401, body(f"Incorrect API key provided: {KEY}", "invalid_api_key"), AuthenticationError),
        (404, body("Previous response with id 'resp_1' not found."), NotFoundError),
        (429, body("Slow down", "rate_limit_exceeded"), RateLimitError),
        (429, body("No money", "insufficient_quota", "insufficient_quota"), QuotaExceededError),
        (500, body("Oops", None, "server_error"), ServerError),
        (503, body("Busy", None, "server_error"), OverloadedError),
    ],
)
async def test_errors_with_a_status(status: int, answer: Json, expected: type[ModelError]) -> None:
    error = await failure(Scripted.whole(answer, status))
    assert type(error) is expected
    assert (error.status_code, error.code) == (status, answer["error"]["code"] or answer["error"]["type"])
    assert error.retryable == (expected in (RateLimitError, ServerError, OverloadedError))


NESTED: Json = {"type": "error", "error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "No"}}
FLAT: Json = {"type": "error", "code": "insufficient_quota", "message": "No", "param": None}


def failed(code: str, text: str) -> Json:
    return {"type": "response.failed", "response": response([], "failed", error={"code": code, "message": text})}


@pytest.mark.parametrize("event", [NESTED, FLAT, failed("insufficient_quota", "No")])
async def test_used_up_quota_inside_a_stream(event: Json) -> None:
    opening = events_of([message("Half an answer")])[:8]
    transport = Scripted(sse([*opening, event, failed("server_error", "the same failure again")]))
    error = await failure(transport, stream=True)
    assert type(error) is QuotaExceededError and not error.retryable
    assert (error.message, error.code, error.status_code) == ("No", "insufficient_quota", None)
    assert error.partial is not None and error.partial.text == "Half an answer"


@pytest.mark.parametrize(
    ("event", "expected", "retryable"),
    [
        (failed("server_error", "x"), ServerError, True),
        (failed("rate_limit_exceeded", "x"), RateLimitError, True),
        (failed("invalid_prompt", "x"), ContentFilterError, False),
        (failed("bio_policy", "x"), ContentFilterError, False),
        (failed("invalid_image_url", "x"), InvalidRequestError, False),
        ({"type": "response.failed", "response": response([], "failed")}, ServerError, True),
        ({"error": {"message": "x", "type": "invalid_request_error"}}, InvalidRequestError, False),
        ({"type": "error", "code": None, "message": "x", "param": None}, ServerError, True),
    ],
)
async def test_failures_inside_a_stream(event: Json, expected: type[ModelError], retryable: bool) -> None:
    error = await failure(Scripted(sse([event])), stream=True)
    assert (type(error), error.retryable) == (expected, retryable)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (response([], "failed", error={"code": "rate_limit_exceeded", "message": "x"}), RateLimitError),
        (body("x", "insufficient_quota"), QuotaExceededError),
    ],
)
async def test_failures_in_a_successful_body(answer: Json, expected: type[ModelError]) -> None:
    assert type(await failure(Scripted.whole(answer))) is expected


async def test_a_failed_stream_is_sent_again_before_its_content() -> None:
    transport = Scripted(sse([failed("server_error", "x")]))
    credential = OpenAICredential(api_key=KEY)
    model = OpenAIResponseModel(credential, "gpt-5.6", max_retries=2, retry_delay=0.0, transport=transport)
    answer = await model(HELLO)
    assert not isinstance(answer, ChatResponse)
    with pytest.raises(ServerError):
        async for _ in answer:
            pass
    assert len(transport.requests) == 3
