"""xAI (Grok): its parameters and chat model.

Facts: docs/protocols/xai.md#responses, docs/protocols/xai.md#errors, docs/protocols/xai.md#quirks,
docs/protocols/xai.md#models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict, Field

from ...application.chat.model import AnswerT_co
from ...application.model.described import Described
from ...application.model.parameters import EFFORT, ParallelToolCalls, Temperature, TopP
from ...domain.late import late
from ..dialects.openai_responses.model import DialectResponseModel

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from ..dialects.openai_responses.profile import OpenAIResponsesProfile
    from .profile import XAIChatFormatter

__all__ = ["XAIChatModel", "XAIChatParameters"]


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


def _profile() -> OpenAIResponsesProfile:
    from .profile import XAI_RESPONSES

    return XAI_RESPONSES


def _formatter() -> type[XAIChatFormatter]:
    from .profile import XAIChatFormatter

    return XAIChatFormatter


class XAIChatModel(DialectResponseModel[AnswerT_co]):
    """Grok models, over xAI's Responses endpoint, the only one that takes reasoning back between turns."""

    Parameters: TypeAlias = XAIChatParameters
    parameters: XAIChatParameters
    type = "xai_chat"
    profile = late(_profile)
    formatter_class = late(_formatter)

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
