"""xAI (Grok): its profile of the Responses dialect, its parameters, formatters and model.

Facts: docs/protocols/xai.md#responses, docs/protocols/xai.md#errors, docs/protocols/xai.md#quirks,
docs/protocols/xai.md#models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict, Field

from ...application.chat.model import AnswerT_co
from ...application.model.described import Described
from ...application.model.parameters import EFFORT, ParallelToolCalls, Temperature, TopP
from ...domain.errors import AuthenticationError, ContentFilterError, ContextLengthError, QuotaExceededError
from ...domain.message.responses import ModelWarning
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_responses.formatter import DialectResponseFormatter
from ..dialects.openai_responses.model import DialectResponseModel
from ..dialects.openai_responses.profile import OpenAIResponsesProfile, ResponsesMedia

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse

__all__ = ["XAI_RESPONSES", "XAIChatFormatter", "XAIChatModel", "XAIChatParameters", "XAIMultiAgentFormatter"]


class XAIChatParameters(Described):
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
    reasoning_effort: Annotated[Literal["none", "low", "medium", "high", "xhigh"] | None, EFFORT] = None
    temperature: Temperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True


def _effort(request: ChatRequest) -> tuple[dict[str, Any], list[ModelWarning]]:  # Any: the provider's JSON
    """`reasoning_effort` alone controls thinking: `none` switches it off, and it outranks `thinking_enable`."""
    values = request.parameters
    effort, thinking = values.get("reasoning_effort"), values.get("thinking_enable")
    switched = "thinking_enable" in request.chosen and thinking is not None
    if effort is not None:
        warnings = []
        if switched and thinking is (effort == "none"):
            message = f"reasoning_effort {effort!r} contradicts it, and was sent"
            warnings.append(ModelWarning("changed", "thinking_enable", message))
        return {"effort": effort}, warnings
    return ({"effort": "none"} if switched and not thinking else {}), []


XAI_RESPONSES = OpenAIResponsesProfile(
    provider="xai",
    reasoning=_effort,
    reasoning_keys=frozenset({"type", "id", "status", "summary", "encrypted_content"}),
    counts_tokens=False,
    strict_tools=None,
    strict_subset=False,
    allowed_tools=False,
    media=ResponsesMedia(
        image_types=frozenset({"image/jpeg", "image/png"}), inline_documents=False, documents_in_tool_results=False
    ),
    phrases={
        "incorrect api key": AuthenticationError,
        "maximum prompt length": ContextLengthError,
        "used all available credits": QuotaExceededError,
        "safety_check": ContentFilterError,
    },
)


class XAIChatFormatter(DialectResponseFormatter):
    """Each message as input items in its native role."""

    profile = XAI_RESPONSES


class XAIMultiAgentFormatter(XAIChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True


class XAIChatModel(DialectResponseModel[AnswerT_co]):
    """Grok models, over xAI's Responses endpoint, the only one that takes reasoning back between turns."""

    Parameters: TypeAlias = XAIChatParameters
    parameters: XAIChatParameters
    type = "xai_chat"
    profile = XAI_RESPONSES
    formatter_class = XAIChatFormatter

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: XAIChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: XAIChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: XAIChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: XAIChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: XAIChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: XAIChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: XAIChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: XAIChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    def _setting_rules(self) -> SettingRules | None:
        from .settings import XAI_SETTINGS

        return XAI_SETTINGS
