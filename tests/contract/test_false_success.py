"""Failures that arrive as answers with status 200: the mapped error with the server's words, never an empty success.

Facts: docs/protocols/transport.md#error-words, docs/protocols/openai-shaped-providers.md#errors,
docs/protocols/minimax.md#errors.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.error import (
    AuthenticationError,
    ContentFilterError,
    ContextLengthError,
    ModelError,
    NotFoundError,
    OverloadedError,
    QuotaExceededError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.model import ChatStream
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.contract.samples import ANTHROPIC, GEMINI, OLLAMA, OPENAI_RESPONSES, SAMPLES, XAI, Sample, question

RESPONSES = [OPENAI_RESPONSES, XAI]
CHAT_COMPLETIONS = [sample for sample in SAMPLES if b'"choices"' in sample.opening[-1]]
Json = dict[str, Any]  # Any: a provider's JSON

EXPLAINED: list[tuple[Json, type[ModelError], str]] = [
    ({"detail": "Not authenticated"}, AuthenticationError, "Not authenticated"),
    ({"detail": [{"loc": ["body"], "msg": "field required"}]}, ServerError, "field required"),
    ({"message": "Unauthorized"}, AuthenticationError, "Unauthorized"),
    (
        {"error_code": 17, "error_msg": "Open api daily request limit reached"},
        QuotaExceededError,
        "daily request limit",
    ),
    ({"success": False, "errors": [{"code": 7003, "message": "No route for that URI"}]}, NotFoundError, "No route"),
    ({"error": "model is overloaded"}, OverloadedError, "overloaded"),
    ({"error": {"message": "wrong", "code": "401"}}, AuthenticationError, "wrong"),
    ({"error": {"message": "wrong", "code": 429}}, RateLimitError, "wrong"),
    ({"title": "Forbidden", "status": 403, "detail": "Invalid API key"}, ModelError, "Invalid API key"),
    (
        {
            "error": {
                "message": "Provider returned error",
                "code": 400,
                "metadata": {"raw": "maximum context length is 4096"},
            }
        },
        ContextLengthError,
        "4096",
    ),
]
BASE_RESP = [
    (1002, "rate limit", RateLimitError),
    (1004, "login fail", AuthenticationError),
    (1008, "insufficient balance", QuotaExceededError),
    (1013, "internal", ServerError),
    (1027, "output refused", ContentFilterError),
    (1039, "too many tokens", ContextLengthError),
    (2049, "invalid key", AuthenticationError),
    (9999, "something else", ServerError),
]


async def fail(sample: Sample, answer: ScriptedAnswer, *, stream: bool = True) -> ModelError:
    async with ScriptedServer(lambda _: answer) as server:
        with pytest.raises(ModelError) as caught:
            given = await sample.model(server.base_url, stream=stream, max_retries=0)(question())
            assert isinstance(given, ChatStream)
            async for _ in given:
                pass
        assert len(server.requests) == 1
    return caught.value


def event(sample: Sample, value: Json) -> bytes:
    text = json.dumps(value).encode()
    return b"data: " + text + b"\n\n" if "event-stream" in sample.content_type else text + b"\n"


@pytest.mark.parametrize(("value", "cls", "words"), EXPLAINED)
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
async def test_an_explanation_in_place_of_an_answer(
    sample: Sample, value: Json, cls: type[ModelError], words: str
) -> None:
    for answer, stream in (
        (sample.stream(event(sample, value)), True),
        (ScriptedAnswer.json(value), True),
        (ScriptedAnswer.json(value), False),
    ):
        error = await fail(sample, answer, stream=stream)
        assert isinstance(error, cls) and words in error.message


@pytest.mark.parametrize(("code", "words", "cls"), BASE_RESP)
@pytest.mark.parametrize("sample", CHAT_COMPLETIONS[:2], ids=str)
async def test_minimax_envelopes(sample: Sample, code: int, words: str, cls: type[ModelError]) -> None:
    value = {"id": "x", "object": "", "choices": None, "base_resp": {"status_code": code, "status_msg": words}}
    for answer in (sample.stream(event(sample, value), b"data: [DONE]\n\n"), ScriptedAnswer.json(value)):
        error = await fail(sample, answer)
        assert type(error) is cls and words in error.message
    late = await fail(sample, sample.stream(*sample.opening, event(sample, value), b"data: [DONE]\n\n"))
    assert type(late) is cls and late.partial is not None and late.partial.text == "Hello world"


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
async def test_an_answer_of_another_kind_is_quoted(sample: Sample) -> None:
    value = {"response": "Hello from elsewhere"}
    error = await fail(sample, ScriptedAnswer.json(value))
    assert isinstance(error, ResponseDecodeError)
    assert "base_url" in error.message and "Hello from elsewhere" in error.message
    assert error.body is not None and "Hello from elsewhere" in error.body


@pytest.mark.parametrize("sample", RESPONSES, ids=str)
async def test_a_response_that_was_cancelled_at_the_provider(sample: Sample) -> None:
    whole = {**sample.body, "status": "cancelled", "output": []}
    for status in ({}, {"status": "cancelled"}):
        last = {"type": "response.cancelled", "response": {"id": "r", **status}}
        error = await fail(sample, sample.stream(*sample.opening, event(sample, last)))
        assert isinstance(error, ServerError) and "cancelled" in error.message and not error.retryable
        assert error.partial is not None and error.partial.text == "Hello world"
    for stream in (True, False):
        assert "cancelled" in (await fail(sample, ScriptedAnswer.json(whole), stream=stream)).message


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "value", [{"candidates": []}, {"candidates": None, "modelVersion": "x"}, {"promptFeedback": {"safetyRatings": []}}]
)
async def test_gemini_without_candidates(value: Json, stream: bool) -> None:
    error = await fail(GEMINI, ScriptedAnswer.json(value), stream=stream)
    assert isinstance(error, ResponseDecodeError) and "candidates" in error.message


@pytest.mark.parametrize("sample", CHAT_COMPLETIONS, ids=str)
async def test_an_error_in_a_choice(sample: Sample) -> None:
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
    choice["error"] = {"code": 502, "message": "Provider disconnected"}
    error = await fail(
        sample, sample.stream(*sample.opening, event(sample, {"choices": [choice]}), b"data: [DONE]\n\n")
    )
    assert isinstance(error, ServerError) and "Provider disconnected" in error.message
    assert error.partial is not None and error.partial.text == "Hello world"
    body = {
        "choices": [{"index": 0, "message": {"content": "Half"}, "finish_reason": "stop", "error": choice["error"]}]
    }
    assert "Provider disconnected" in (await fail(sample, ScriptedAnswer.json(body), stream=False)).message


@pytest.mark.parametrize("sample", CHAT_COMPLETIONS, ids=str)
async def test_groqs_explanation_of_its_finish_reason(sample: Sample) -> None:
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}], "x_groq": {"error": "over capacity now"}}
    error = await fail(sample, sample.stream(*sample.opening, event(sample, last), b"data: [DONE]\n\n"))
    assert isinstance(error, OverloadedError) and "over capacity now" in error.message


@pytest.mark.parametrize(
    "events",
    [[], [{"choices": []}], [{"response": "Hello"}], [{"usage": {"prompt_tokens": 3}}], [{"id": "x", "choices": None}]],
)
@pytest.mark.parametrize("sample", CHAT_COMPLETIONS, ids=str)
async def test_a_stream_that_never_had_a_choice(sample: Sample, events: list[Json]) -> None:
    pieces = [event(sample, value) for value in events]
    error = await fail(sample, sample.stream(*pieces, b"data: [DONE]\n\n"))
    assert "base_url" in error.message


MORE: list[Json] = [{}, {"response": {}}]
ENDS: list[tuple[Sample, list[Json]]] = [
    (OLLAMA, [{"done": True}]),
    (OLLAMA, [{"model": "m", "done": False}, {"model": "m", "done": True, "done_reason": "stop"}]),
    (ANTHROPIC, [{"type": "message_stop"}]),
    (ANTHROPIC, [{"type": "ping"}, {"type": "message_stop"}]),
    *[(sample, [{"type": "response.completed", **more}]) for sample in RESPONSES for more in MORE],
]


@pytest.mark.parametrize(("sample", "events"), ENDS)
async def test_the_end_alone_is_no_answer(sample: Sample, events: list[Json]) -> None:
    error = await fail(sample, sample.stream(*(event(sample, value) for value in events)))
    assert isinstance(error, StreamTruncatedError) and "base_url" in error.message


EMPTY: list[tuple[Sample, list[Json]]] = [
    (OLLAMA, [{"message": {"role": "assistant", "content": ""}, "done": True}]),
    (ANTHROPIC, [{"type": "message_start", "message": {"id": "m", "content": []}}, {"type": "message_stop"}]),
    (ANTHROPIC, [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}]),
    *[(sample, [{"type": "response.completed", "response": {"id": "r", "output": []}}]) for sample in RESPONSES],
]


@pytest.mark.parametrize(("sample", "events"), EMPTY)
async def test_an_empty_message_is_one(sample: Sample, events: list[Json]) -> None:
    async with ScriptedServer([sample.stream(*(event(sample, value) for value in events))]) as server:
        given = await sample.model(server.base_url, max_retries=0)(question())
        assert isinstance(given, ChatStream)
        assert [response async for response in given][-1].content == []


LLAMA_CPP = {"code": 400, "message": "the request exceeds the available context size", "type": "invalid_request_error"}


@pytest.mark.parametrize("cut", [1, 3, 7, 8, 9, 1000])
@pytest.mark.parametrize("sample", CHAT_COMPLETIONS, ids=str)
async def test_the_error_field_of_old_llama_cpp(sample: Sample, cut: int) -> None:
    sent = b"error: " + json.dumps(LLAMA_CPP).encode() + b"\n\n"
    error = await fail(sample, sample.stream(sent[:cut], sent[cut:], b"data: [DONE]\n\n"))
    assert isinstance(error, ContextLengthError)
    late = await fail(sample, sample.stream(*sample.opening, sent, b"data: [DONE]\n\n"))
    assert isinstance(late, ContextLengthError) and late.partial is not None and late.partial.text == "Hello world"


@pytest.mark.parametrize("label", ["text/event-stream", "application/json", "text/plain"])
async def test_an_error_in_words_is_still_quoted(label: str) -> None:
    error = await fail(CHAT_COMPLETIONS[0], ScriptedAnswer(200, {"content-type": label}, [b"error: upstream is away"]))
    assert "upstream is away" in error.message
