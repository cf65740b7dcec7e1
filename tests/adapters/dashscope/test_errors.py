"""DashScope's error answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dashscope.profile import DASHSCOPE_CHAT
from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.credential import DashScopeCredential
from modelport.error import (
    AuthenticationError,
    ContentFilterError,
    InvalidRequestError,
    ModelError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from modelport.model import DashScopeChatModel
from tests.adapters.openai_chat.support import Answer, Provider, Scripted, asked

PROVIDER = Provider("dashscope", DashScopeChatModel, DashScopeCredential(api_key="sk-very-secret-PlantedWord7"))


def mapped(status: int, body: Any) -> ModelError:  # Any: JSON, or bytes
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return OpenAIChatCodec(DASHSCOPE_CHAT).map_error(status, {}, data)


async def raised(answer: Answer, *, stream: bool = False) -> ModelError:
    """The error of a call that is answered so."""
    with pytest.raises(ModelError) as caught:
        await asked(PROVIDER.model("qwen-plus", Scripted(answer), stream=stream))
    return caught.value


def compatible(message: str = "m", code: str | None = None, kind: str = "x") -> Any:  # Any: JSON
    error = {"message": message, "type": kind, "param": None, "code": code}
    return {"error": error, "id": "chatcmpl-1", "request_id": "r-1"}


def native(code: str) -> Any:  # Any: JSON
    return {"code": code, "message": "m", "request_id": "r-1"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (400, compatible(code="invalid_parameter_error"), InvalidRequestError, False),
        (400, compatible(code="data_inspection_failed"), ContentFilterError, False),
        (400, compatible("<400> InternalError.Algo.DataInspectionFailed: Input"), ContentFilterError, False),
        (400, compatible("<400> InternalError.Algo.InvalidParameter: x"), InvalidRequestError, False),
        (400, native("DataInspectionFailed"), ContentFilterError, False),
        (400, native("Arrearage"), QuotaExceededError, False),
        (400, native("InvalidParameter.DataInspection"), InvalidRequestError, False),
        (401, compatible(kind="invalid_request_error"), AuthenticationError, False),
        (401, native("InvalidApiKey"), AuthenticationError, False),
        (403, native("Model.AccessDenied"), PermissionDeniedError, False),
        (403, native("AllocationQuota.FreeTierOnly"), QuotaExceededError, False),
        (404, compatible(code="model_not_found"), NotFoundError, False),
        (429, compatible(code="limit_burst_rate", kind="limit_burst_rate"), RateLimitError, True),
        (429, native("Throttling.AllocationQuota"), RateLimitError, True),
        (429, native("PrepaidBillOverdue"), QuotaExceededError, False),
        (500, native("InternalError.Algo"), ServerError, True),
        (503, native("ModelUnavailable"), OverloadedError, True),
        (504, native("ResponseTimeout"), ServerError, True),
    ],
)
def test_errors(status: int, body: Any, kind: type[ModelError], retryable: bool) -> None:
    found = mapped(status, body)
    assert (type(found), found.retryable, found.request_id) == (kind, retryable, "r-1")


def test_the_native_code_is_the_more_precise_one() -> None:
    found = mapped(
        400, compatible("<400> InternalError.Algo.InvalidParameter: 'x' is wrong", "invalid_parameter_error")
    )
    assert found.code == "InternalError.Algo.InvalidParameter"


@pytest.mark.parametrize(
    "body",
    [
        b'id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"DataInspectionFailed","message":"m","request_id":"r-1"}\n\n',
        b'data: {"error":{"message":"m","code":"data_inspection_failed"},"request_id":"r-1"}\n\n',
    ],
)  # fmt: skip
async def test_errors_of_requests_for_a_stream_may_be_events(body: bytes) -> None:
    found = await raised(Answer(body, 400, "text/event-stream"), stream=True)
    assert (type(found), found.message, found.request_id) == (ContentFilterError, "m", "r-1")


async def test_errors_may_be_plain_words() -> None:
    found = await raised(Answer(b"upstream connect error", 503, "text/plain"), stream=True)
    assert (type(found), found.message) == (OverloadedError, "upstream connect error")


async def test_the_key_is_not_repeated() -> None:
    body = {"error": {"message": "the key sk-very-secret-PlantedWord7 is wrong", "type": "x", "code": None}}
    error = await raised(Answer(json.dumps(body).encode(), 401))
    assert "sk-very-secret-PlantedWord7" not in f"{error} {error.body} {error!r}"
    assert error.provider == "dashscope"
