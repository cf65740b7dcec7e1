"""DashScope's Chat Completions: how thinking is switched, profile, formatters and model.

Facts: docs/protocols/dashscope-chat.md#compatible-mode.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, overload

from ...application.chat.model import AnswerT_co
from ...domain.message.responses import ModelWarning
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import ThinkingPlan, ThinkingSwitch, has_reasoning
from .errors import DASHSCOPE_CODES, with_native_code
from .parameters import DashScopeChatParameters

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse

__all__ = [
    "DASHSCOPE_CHAT",
    "DashScopeChatFormatter",
    "DashScopeChatModel",
    "DashScopeMultiAgentFormatter",
    "dashscope_thinking",
]

_SWITCH = ThinkingSwitch("enable_thinking", on=True, off=False)


def dashscope_thinking(request: ChatRequest) -> ThinkingPlan:
    """`enable_thinking`, `thinking_budget`, and `preserve_thinking` when there is reasoning of earlier turns."""
    plan = _SWITCH.plan(request, implied_by="thinking_budget")
    fields: dict[str, Any] = dict(plan.fields)  # Any: the provider's JSON
    warnings = list(plan.warnings)
    budget = request.parameters.get("thinking_budget")
    if budget and plan.thinks is not False:
        fields["thinking_budget"] = budget
    elif budget:
        warnings.append(ModelWarning("dropped", "thinking_budget", "thinking_budget was not sent: thinking is off"))
    facts = request.card.thinking if request.card else None
    if facts and facts.preserve and has_reasoning(request):
        fields["preserve_thinking"] = True
    return replace(plan, fields=fields, warnings=warnings)


_AUDIO_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3", "audio/flac": "flac"}

DASHSCOPE_CHAT = OpenAIChatProfile(
    provider="dashscope",
    fields={"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p", "top_k": "top_k"},
    thinking=dashscope_thinking,
    replay_reasoning="always",
    replay_unknown=False,
    media=MediaRules(
        image_types=frozenset({f"image/{kind}" for kind in ("bmp", "jpeg", "png", "tiff", "webp", "heic")}),
        audio_formats=_AUDIO_FORMATS,
        audio_urls=True,
        audio_data_uri=True,
        video=True,
        video_urls=True,
        documents=False,
    ),
    message_names=False,
    empty_content="",
    codes=DASHSCOPE_CODES,
    audio_stream_format="wav",
    raw_audio_formats=frozenset({"wav", "pcm", "pcm16"}),
    audio_needs_stream=True,
    keeps_audio=False,
    cache_control=True,
    refine_error=with_native_code,
)


class DashScopeChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = DASHSCOPE_CHAT


class DashScopeMultiAgentFormatter(DashScopeChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True


class DashScopeChatModel(DialectChatModel[AnswerT_co]):
    """Qwen and the other models of DashScope, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters: TypeAlias = DashScopeChatParameters
    parameters: DashScopeChatParameters
    type = "dashscope_chat"
    profile = DASHSCOPE_CHAT
    formatter_class = DashScopeChatFormatter

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DashScopeChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    def _setting_rules(self) -> SettingRules | None:
        from .settings import DASHSCOPE_SETTINGS

        return DASHSCOPE_SETTINGS
