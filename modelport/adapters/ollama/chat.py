"""Ollama's chat model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, Unpack, overload

from ...application.chat.http import HttpChatModel
from ...application.chat.model import AnswerT_co
from ...domain.late import late
from .parameters import OllamaChatParameters

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from .formatter import OllamaChatFormatter
    from .request import OllamaCodec

__all__ = ["OllamaChatModel"]

_DEFAULT_CONTEXT = 32_768
"""Default context in tokens: enough for agents, at an acceptable cost in memory."""


def _formatter() -> type[OllamaChatFormatter]:
    from .formatter import OllamaChatFormatter

    return OllamaChatFormatter


class OllamaChatModel(HttpChatModel[AnswerT_co]):
    """Models served by Ollama, over its native API. Takes the arguments of `ChatModelBase`."""

    Parameters: TypeAlias = OllamaChatParameters
    parameters: OllamaChatParameters
    type = "ollama_chat"
    provider: ClassVar[str] = "ollama"
    takes_any_key: ClassVar[bool] = False
    formatter_class = late(_formatter)

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: OllamaChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: OllamaChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OllamaChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: OllamaChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OllamaChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: OllamaChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OllamaChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OllamaChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    @cached_property
    def codec(self) -> OllamaCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The codec; its module is loaded by the first call."""
        from .request import OllamaCodec

        return OllamaCodec()

    @property
    def context_size(self) -> int:
        """Tokens of context that the server is asked to keep."""
        return self.parameters.num_ctx or self._context_size or min(self.card.context_size, _DEFAULT_CONTEXT)

    def _setting_rules(self) -> SettingRules | None:
        from .settings import OLLAMA_SETTINGS

        return OLLAMA_SETTINGS
