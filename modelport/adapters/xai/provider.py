"""xAI's profile of the Responses dialect.

Facts: docs/protocols/xai.md#responses, docs/protocols/xai.md#errors, docs/protocols/xai.md#quirks.

xAI's chat model.

xAI's credential.

xAI's formatters.

What callers may set on Grok models.

Facts: docs/protocols/xai.md#models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import BaseModel, ConfigDict, Field

from ...application.model.credential import KeyedCredential
from ...application.model.formatter import FormatterBase
from ...application.model.parameters import ParallelToolCalls, Temperature, TopP
from ...domain.errors import AuthenticationError, ContentFilterError, ContextLengthError, QuotaExceededError
from ...domain.message.responses import ModelWarning
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_responses.formatter import DialectResponseFormatter
from ..dialects.openai_responses.model import DialectResponseModel
from ..dialects.openai_responses.profile import OpenAIResponsesProfile, ResponsesMedia

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = [
    "XAI_RESPONSES",
    "XAIChatFormatter",
    "XAIChatModel",
    "XAIChatParameters",
    "XAICredential",
    "XAIMultiAgentFormatter",
]


def grok_effort(request: ChatRequest) -> tuple[dict[str, Any], list[ModelWarning]]:  # Any: the provider's JSON
    """An effort is all that controls thinking: `none` is the switch, and what was said of the effort outranks it."""
    values = request.parameters
    effort, thinking = values.get("reasoning_effort"), values.get("thinking_enable")
    switched = "thinking_enable" in request.chosen and thinking is not None
    if effort is not None:
        warnings = []
        if switched and thinking is (effort == "none"):
            message = f"reasoning_effort {effort!r} says otherwise, and was sent"
            warnings.append(ModelWarning("changed", "thinking_enable", message))
        return {"effort": effort}, warnings
    return ({"effort": "none"} if switched and not thinking else {}), []


XAI_RESPONSES = OpenAIResponsesProfile(
    provider="xai",
    reasoning=grok_effort,
    reasoning_keys=frozenset({"type", "id", "status", "summary", "encrypted_content"}),
    counts_tokens=False,
    strict_tools=None,
    allowed_tools=False,
    refusal_parts=False,
    media=ResponsesMedia(inline_documents=False, documents_in_tool_results=False),
    phrases={
        "incorrect api key": AuthenticationError,
        "maximum prompt length": ContextLengthError,
        "used all available credits": QuotaExceededError,
        "safety_check": ContentFilterError,
    },
)


class XAICredential(KeyedCredential):
    """Key and base URL. Facts: docs/protocols/xai.md#models."""

    model_config = ConfigDict(title="xAI API")
    provider: ClassVar[str] = "xai"
    key_variable: ClassVar[str] = "XAI_API_KEY"

    type: Literal["xai_credential"] = "xai_credential"
    base_url: str = Field(default="https://api.x.ai/v1", title="Base URL")

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """Grok over Responses."""

        return XAIChatModel


class XAIChatFormatter(DialectResponseFormatter):
    """Each message as input items in its native role."""

    profile: ClassVar[OpenAIResponsesProfile] = XAI_RESPONSES


class XAIMultiAgentFormatter(XAIChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True


class XAIChatParameters(BaseModel):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: int | None = Field(
        default=None,
        gt=0,
        title="Max tokens",
        description="The most tokens of answer; reasoning is not counted.",
    )
    thinking_enable: bool = Field(
        default=False,
        title="Thinking",
        description="Whether the model thinks before it answers, where that can be chosen.",
    )
    reasoning_effort: Literal["none", "low", "medium", "high", "xhigh"] | None = Field(
        default=None,
        title="Reasoning effort",
        description="How much the model thinks; not every model takes every value.",
    )
    temperature: Temperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True


class XAIChatModel(DialectResponseModel):
    """Grok models, over xAI's Responses endpoint: the only one that lets them keep their thoughts between turns."""

    Parameters = XAIChatParameters
    type = "xai_chat"
    profile: ClassVar[OpenAIResponsesProfile] = XAI_RESPONSES
    formatter_class: ClassVar[Type[FormatterBase]] = XAIChatFormatter
