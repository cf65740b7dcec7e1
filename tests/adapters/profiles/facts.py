"""What is known of each provider that is data, line by line: requests as they must leave, and answers as they come.

Facts: docs/protocols/openai-shaped-providers.md#providers, docs/protocols/openai-shaped-providers.md#thinking,
docs/protocols/openai-shaped-providers.md#tools-structured-output-usage-stream-end,
docs/protocols/openai-shaped-providers.md#errors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["PROVIDERS", "Facts", "Json"]

Json = dict[str, Any]  # Any: JSON
_TEMPLATE_ON: Json = {"chat_template_kwargs": {"enable_thinking": True}}
_TEMPLATE_OFF: Json = {"chat_template_kwargs": {"enable_thinking": False}}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One provider. A switch that is `None` does not exist: asking for it is a warning."""

    url: str
    key: str
    header: tuple[str, str] = ("authorization", "Bearer k-1")
    cap: str = "max_completion_tokens"
    on: Json | None = None
    off: Json | None = None
    effort: Json | None = field(default_factory=lambda: {"reasoning_effort": "high"})
    no_effort: Json = field(default_factory=lambda: {"reasoning_effort": "none"})
    always: Json = field(default_factory=dict)
    """Fields of every body."""
    forced: bool = True
    none: bool = True
    """Whether the tool choice `none` is sent; else the tools are left out."""
    tools: bool = True
    schema: bool = True
    """Whether a JSON Schema is sent as `response_format`."""
    shown: bool = False
    """Whether the prompt repeats that schema, which the model does not see."""
    tags: bool = True
    """Whether `<think>` at the head of the text is thinking."""
    place: str = "reasoning_content"
    """Where reasoning comes back."""
    done: bool = True
    """Whether a stream ends with `[DONE]`."""
    usage: str = "last"
    """Where the usage of a stream stands: `last` (without choices), `finish`, `twice` or `every` (growing)."""
    error: Json = field(
        default_factory=lambda: {"error": {"message": "wrong", "type": "t", "param": None, "code": None}}
    )
    """The body of a refusal."""
    codes: tuple[tuple[int, Json, str], ...] = ()
    """Statuses and bodies, and the error that they mean."""


_NUMBERED: Json = {"error": {"code": 400, "message": "wrong", "type": "invalid_request_error"}}
PROVIDERS: dict[str, Facts] = {
    "azure": Facts(
        url="https://r.openai.azure.com/openai/v1",
        key="AZURE_OPENAI_API_KEY",
        header=("api-key", "k-1"),
        tags=False,
        error={"error": {"code": "Invalid input", "status": 422, "message": "wrong", "details": [{"msg": "wrong"}]}},
        codes=(
            (401, {"error": {"code": "401", "message": "no"}}, "AuthenticationError"),
            (429, {"error": {"code": "RateLimitReached", "message": "no", "details": "no"}}, "RateLimitError"),
            (400, {"error": {"code": "content_filter", "message": "no", "innererror": {}}}, "ContentFilterError"),
            (404, {"error": {"code": "DeploymentNotFound", "message": "no"}}, "NotFoundError"),
        ),
    ),
    "bedrock": Facts(
        url="https://bedrock-mantle.us-east-1.api.aws/v1", key="AWS_BEARER_TOKEN_BEDROCK", tags=False, place="reasoning"
    ),
    "cerebras": Facts(
        url="https://api.cerebras.ai/v1",
        key="CEREBRAS_API_KEY",
        tags=False,
        place="reasoning",
        done=False,
        usage="finish",
        error={"message": "wrong", "type": "invalid_request_error", "param": "x", "code": "wrong_api_format"},
    ),
    "fireworks": Facts(
        url="https://api.fireworks.ai/inference/v1",
        key="FIREWORKS_API_KEY",
        cap="max_tokens",
        always={"context_length_exceeded_behavior": "error"},
        usage="finish",
    ),
    "github": Facts(url="https://models.github.ai/inference", key="GITHUB_TOKEN", tags=False),
    "groq": Facts(
        url="https://api.groq.com/openai/v1",
        key="GROQ_API_KEY",
        on={"reasoning_effort": "default"},
        off={"reasoning_effort": "none"},
        place="reasoning",
        usage="twice",
        codes=(
            (
                400,
                {"error": {"message": "no", "type": "e", "code": "tool_use_failed", "failed_generation": "<f"}},
                "InvalidRequestError",
            ),
        ),
    ),
    "huggingface": Facts(
        url="https://router.huggingface.co/v1",
        key="HF_TOKEN",
        place="reasoning",
        usage="twice",
        error={"error": "wrong"},
    ),
    "llamacpp": Facts(
        url="http://localhost:8080/v1",
        key="LLAMA_API_KEY",
        cap="max_tokens",
        on=_TEMPLATE_ON,
        off=_TEMPLATE_OFF,
        effort=None,
        no_effort=_TEMPLATE_OFF,
        error=_NUMBERED,
        codes=(
            (
                400,
                {"error": {"code": 400, "message": "too long", "type": "exceed_context_size_error", "n_ctx": 4096}},
                "ContextLengthError",
            ),
            (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "OverloadedError"),
        ),
    ),
    "lmstudio": Facts(
        url="http://localhost:1234/v1",
        key="LM_API_TOKEN",
        cap="max_tokens",
        forced=False,
        none=False,
        place="reasoning",
        error={"error": "wrong"},
    ),
    "mistral": Facts(
        url="https://api.mistral.ai/v1",
        key="MISTRAL_API_KEY",
        cap="max_tokens",
        on={"reasoning_effort": "high"},
        off={"reasoning_effort": "none"},
        none=False,
        tags=False,
        place="parts",
        usage="finish",
        error={"object": "error", "message": "wrong", "type": "invalid_request_error", "param": None, "code": "1500"},
        codes=(
            (401, {"detail": "Invalid API Key"}, "AuthenticationError"),
            (422, {"detail": [{"loc": ["body"], "msg": "no", "type": "missing"}]}, "InvalidRequestError"),
        ),
    ),
    "openrouter": Facts(
        url="https://openrouter.ai/api/v1",
        key="OPENROUTER_API_KEY",
        on={"reasoning": {"enabled": True}},
        off={"reasoning": {"enabled": False}},
        effort={"reasoning": {"enabled": True, "effort": "high"}},
        no_effort={"reasoning": {"enabled": False}},
        tags=False,
        place="details",
        usage="finish",
        error={"error": {"code": 400, "message": "wrong", "metadata": {"raw": "wrong"}}, "user_id": "u"},
        codes=(
            (402, {"error": {"code": 402, "message": "no credit"}}, "QuotaExceededError"),
            (404, {"error": {"code": 404, "message": "No endpoints found that support tool use"}}, "NotFoundError"),
            (401, {"error": {"code": 401, "message": "Missing Authentication header"}}, "AuthenticationError"),
        ),
    ),
    "perplexity": Facts(
        url="https://api.perplexity.ai",
        key="PERPLEXITY_API_KEY",
        cap="max_tokens",
        tools=False,
        forced=False,
        none=False,
        place="tags",
        done=False,
        usage="every",
        error={"error": {"message": "wrong", "type": "invalid_message", "code": 400}},
        codes=((401, {"_": "<html><body>401 Authorization Required</body></html>"}, "AuthenticationError"),),
    ),
    "sglang": Facts(
        url="http://localhost:30000/v1",
        key="SGLANG_API_KEY",
        cap="max_tokens",
        on=_TEMPLATE_ON,
        off=_TEMPLATE_OFF,
        effort={**_TEMPLATE_ON, "reasoning_effort": "high"},
        no_effort=_TEMPLATE_OFF,
    ),
    "siliconflow": Facts(
        url="https://api.siliconflow.cn/v1",
        key="SILICONFLOW_API_KEY",
        cap="max_tokens",
        on={"enable_thinking": True},
        off={"enable_thinking": False},
        effort={"enable_thinking": True, "reasoning_effort": "high"},
        no_effort={"enable_thinking": False},
        forced=False,
        none=False,
        schema=False,
        tags=False,
        usage="every",
    ),
    "together": Facts(
        url="https://api.together.xyz/v1",
        key="TOGETHER_API_KEY",
        cap="max_tokens",
        on={"reasoning": {"enabled": True}},
        off={"reasoning": {"enabled": False}},
        effort={"reasoning": {"enabled": True}, "reasoning_effort": "high"},
        no_effort={"reasoning": {"enabled": False}},
        place="reasoning",
        usage="finish",
    ),
    "vllm": Facts(
        shown=True,
        url="http://localhost:8000/v1",
        key="VLLM_API_KEY",
        cap="max_tokens",
        on=_TEMPLATE_ON,
        off=_TEMPLATE_OFF,
        effort={**_TEMPLATE_ON, "reasoning_effort": "high"},
        no_effort=_TEMPLATE_OFF,
        place="reasoning",
        error={"object": "error", "message": "wrong", "type": "BadRequestError", "param": None, "code": 400},
        codes=(
            (
                400,
                {"error": {"message": "no", "type": "BadRequestError", "param": None, "code": 400}},
                "InvalidRequestError",
            ),
        ),
    ),
    "zai": Facts(
        url="https://api.z.ai/api/paas/v4",
        key="ZAI_API_KEY",
        cap="max_tokens",
        on={"thinking": {"type": "enabled"}},
        off={"thinking": {"type": "disabled"}},
        effort={"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
        no_effort={"thinking": {"type": "disabled"}},
        forced=False,
        none=False,
        schema=False,
        tags=False,
        usage="finish",
        error={"error": {"code": "1214", "message": "wrong"}},
        codes=(
            (429, {"error": {"code": "1113", "message": "no"}}, "QuotaExceededError"),
            (400, {"error": {"code": "1261", "message": "no"}}, "ContextLengthError"),
            (429, {"error": {"code": "1302", "message": "no"}}, "RateLimitError"),
            (429, {"error": {"code": "1305", "message": "no"}}, "RateLimitError"),
            (400, {"error": {"code": "1301", "message": "no"}}, "ContentFilterError"),
        ),
    ),
}
