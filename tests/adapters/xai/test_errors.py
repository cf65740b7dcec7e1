"""xAI's errors: three shapes, prose for codes, and a wrong key that is a 400."""

from __future__ import annotations

import pytest

from modelport.credential import XAICredential
from modelport.error import (
    AuthenticationError,
    ContentFilterError,
    ContextLengthError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
)
from modelport.model import ChatResponse, XAIChatModel
from tests.adapters.openai_responses.wire import HELLO, Json, Scripted, events_of, message, sse

KEY = "xai-secret-0123456789-PlantedWord7"


async def failure(transport: Scripted, *, stream: bool = False) -> ModelError:
    credential = XAICredential(api_key=KEY)
    model = XAIChatModel(credential, "grok-4.3", stream=stream, max_retries=0, transport=transport)
    with pytest.raises(ModelError) as caught:
        answer = await model(HELLO)
        if not isinstance(answer, ChatResponse):
            async for _ in answer:
                pass
    assert KEY not in f"{caught.value} {caught.value.body}"
    return caught.value


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (400, {"code": "invalid-argument", "error": f"Incorrect API key provided: {KEY}"}, AuthenticationError),
        (400, {"code": "Client specified an invalid argument", "error": "Bad top_p"}, InvalidRequestError),
        (400, {"error": "This model's maximum prompt length is 131072 but got 140000"}, ContextLengthError),
        (401, {"error": {"message": "No", "type": "x", "param": None, "code": None}}, AuthenticationError),
        (403, {"code": "The caller does not have permission", "error": "Blocked"}, PermissionDeniedError),
        (403, {"code": "x", "error": "Content violates usage guidelines: SAFETY_CHECK_TYPE_BIO"}, ContentFilterError),
        (404, {"code": "Some requested entity was not found", "error": "No such model"}, NotFoundError),
        (422, {"error": "Failed to deserialize"}, InvalidRequestError),
        (429, {"code": "Some resource has been exhausted", "error": "Slow down"}, RateLimitError),
        (500, {"error": "Oops"}, ServerError),
    ],
)
async def test_errors_with_a_status(status: int, answer: Json, expected: type[ModelError]) -> None:
    error = await failure(Scripted.whole(answer, status))
    assert type(error) is expected and error.status_code == status
    assert error.retryable == (expected in (RateLimitError, ServerError))


BUSY: Json = {"code": "The service is currently unavailable", "error": "Try again"}


async def test_errors_inside_a_successful_answer() -> None:
    error = await failure(Scripted.whole(BUSY))
    assert type(error) is ServerError and error.retryable and error.message == "Try again"
    error = await failure(Scripted(sse(events_of([message("Half")])[:5]), sse([BUSY])), stream=True)
    assert type(error) is ServerError and error.partial is not None and error.partial.text == "Half"
    key = {"code": "invalid-argument", "error": "Incorrect API key provided"}
    assert type(await failure(Scripted(sse([key])), stream=True)) is AuthenticationError


async def test_a_deferred_answer_is_none() -> None:
    assert type(await failure(Scripted.whole({"request_id": "x"}, 202))) is ResponseDecodeError
