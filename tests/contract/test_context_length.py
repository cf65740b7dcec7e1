"""A prompt that is too long is a `ContextLengthError` everywhere, and structured output does not send it again.

Facts: docs/protocols/transport.md#error-words.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from modelport.adapters.wire.words.error_words import is_context_length
from modelport.error import ContextLengthError, ModelError, RateLimitError
from modelport.model import ChatStream
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.contract.samples import SAMPLES, Sample, question

Json = dict[str, Any]  # Any: a provider's JSON


class Verdict(BaseModel):
    fits: bool


_LLAMA = {
    "code": 400,
    "message": "the request exceeds the available context size, try increasing it",
    "type": "exceed_context_size_error",
    "n_prompt_tokens": 5000,
    "n_ctx": 4096,
}
BODIES: list[tuple[str, int, Json]] = [
    ("openai 413", 413, {"error": {"message": "Request too large for the context window of this model"}}),
    (
        "anthropic 413",
        413,
        {"type": "error", "error": {"type": "request_too_large", "message": "too large: over the 200k context window"}},
    ),
    ("openai", 400, {"error": {"message": "Your input is large", "code": "context_length_exceeded"}}),
    ("responses", 400, {"error": {"message": "Your input exceeds the context window of this model", "code": None}}),
    (
        "vllm",
        400,
        {
            "error": {
                "message": "This model's maximum context length is 4096 tokens. However, you requested 5000",
                "type": "BadRequestError",
                "code": 400,
            }
        },
    ),
    (
        "vllm old",
        400,
        {
            "object": "error",
            "message": "The decoder prompt (length 5000) is longer than the maximum model length of 4096",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
    (
        "vllm new",
        400,
        {
            "error": {
                "message": "You passed 5000 input tokens. However, the model's context length is only 4096 tokens",
                "type": "BadRequestError",
            }
        },
    ),
    (
        "sglang",
        400,
        {
            "object": "error",
            "message": "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
            "code": 400,
        },
    ),
    (
        "sglang total",
        400,
        {
            "object": "error",
            "message": "Requested token count exceeds the model's maximum context length of 4096 tokens",
            "code": 400,
        },
    ),
    ("llama.cpp", 400, {"error": _LLAMA}),
    (
        "llama.cpp late",
        500,
        {"error": {"code": 500, "message": "Context size has been exceeded.", "type": "server_error"}},
    ),
    (
        "deepseek",
        400,
        {
            "error": {
                "message": "This model's maximum context length is 1048576 tokens",
                "code": "invalid_request_error",
            }
        },
    ),
    (
        "moonshot",
        400,
        {
            "error": {
                "message": "Invalid request: Your request exceeded model token limit: 262144",
                "type": "invalid_request_error",
            }
        },
    ),
    (
        "dashscope",
        400,
        {
            "error": {
                "message": "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 98304]",
                "code": "invalid_parameter_error",
            }
        },
    ),
    (
        "anthropic",
        400,
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"},
        },
    ),
    (
        "gemini",
        400,
        {
            "error": {
                "code": 400,
                "status": "INVALID_ARGUMENT",
                "message": "The input token count (2000000) exceeds the maximum number of tokens allowed",
            }
        },
    ),
    ("xai", 400, {"code": "invalid-argument", "error": "This model's maximum prompt length is 131072"}),
    ("ollama", 400, {"error": "the input length exceeds the context length"}),
    ("ollama 500", 500, {"error": "prompt too long; exceeded max context length by 30 tokens"}),
    (
        "openrouter",
        400,
        {
            "error": {
                "code": 400,
                "message": "Provider returned error",
                "metadata": {
                    "raw": '{"error":{"message":"Input is too long for requested model."}}',
                    "provider_name": "Bedrock",
                },
            }
        },
    ),
    (
        "litellm",
        400,
        {"error": {"message": "litellm.ContextWindowExceededError: too much", "type": None, "code": "400"}},
    ),
    (
        "mistral",
        400,
        {
            "object": "error",
            "message": "Prompt contains 40000 tokens and 0 draft tokens, too large for model "
            "with 32768 maximum context length",
            "code": "3051",
        },
    ),
    ("groq", 400, {"error": {"message": "Please reduce the length of the messages or completion.", "code": "x"}}),
    ("tgi", 422, {"error": "Input validation error: `inputs` must have less than 1024 tokens. Given: 2000"}),
    (
        "lm studio",
        400,
        {
            "error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is "
            "loaded with context length of only 4096 tokens"
        },
    ),
    ("github", 413, {"error": {"code": "tokens_limit_reached", "message": "Request body too large for the model"}}),
    (
        "minimax",
        400,
        {
            "type": "error",
            "error": {"type": "bad_request_error", "message": "invalid params, context window exceeds limit (2013)"},
        },
    ),
]


@pytest.mark.parametrize(("status", "body"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES])
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
async def test_every_servers_words_on_every_provider(sample: Sample, status: int, body: Json) -> None:
    async with ScriptedServer(lambda _: ScriptedAnswer.json(body, status)) as server:
        with pytest.raises(ContextLengthError) as caught:
            await sample.model(server.base_url, retry_delay=0)(question())
        assert len(server.requests) == 1 and not caught.value.retryable
    assert caught.value.status_code == status


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
async def test_inside_an_answer_with_status_200(sample: Sample) -> None:
    value = {"error": _LLAMA}
    async with ScriptedServer(lambda _: ScriptedAnswer.json(value)) as server:
        with pytest.raises(ContextLengthError):
            given = await sample.model(server.base_url, retry_delay=0)(question())
            assert isinstance(given, ChatStream)
            async for _ in given:
                pass
        assert len(server.requests) == 1


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
async def test_structured_output_does_not_send_it_again(sample: Sample) -> None:
    body = BODIES[2][2]
    async with ScriptedServer(lambda _: ScriptedAnswer.json(body, 400)) as server:
        with pytest.raises(ContextLengthError):
            await sample.model(server.base_url, retry_delay=0).generate_structured_output(question(), Verdict)
        assert len(server.requests) == 1


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
async def test_too_many_tokens_per_minute_is_another_error(sample: Sample) -> None:
    message = "Request too large on tokens per min (TPM): Limit 30000, Requested 40000. The input must be reduced"
    body = {"error": {"message": message, "type": "tokens", "code": "rate_limit_exceeded"}}
    async with ScriptedServer(lambda _: ScriptedAnswer.json(body, 429)) as server:
        with pytest.raises(ModelError) as caught:
            await sample.model(server.base_url, max_retries=0)(question())
    assert type(caught.value) is RateLimitError


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens must be at least 1",
        "Invalid value for context",
        "The length of the tool name exceeds the maximum of 64",
        "Unsupported parameter: max_tokens",
        "Too many images in the request",
        "Rate limit reached: too many tokens per minute",
    ],
)
def test_other_refusals_are_no_context_length(message: str) -> None:
    assert not is_context_length(message)
