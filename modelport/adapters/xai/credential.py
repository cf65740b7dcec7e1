"""XAI's credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Type

from pydantic import ConfigDict, Field, SecretStr

from ...application.model.credential import KeyedCredential

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase
    from ...application.realtime.model import RealtimeModelBase
    from ...application.speech.model import TTSModelBase

__all__ = ["XAICredential"]


class XAICredential(KeyedCredential):
    """Key and base URL. Facts: docs/protocols/xai.md#models."""

    model_config = ConfigDict(title="xAI API")
    provider: ClassVar[str] = "xai"
    key_variable: ClassVar[str] = "XAI_API_KEY"

    type: Literal["xai_credential"] = "xai_credential"
    base_url: str = Field(default="https://api.x.ai/v1", title="Base URL")

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self, *, api_key: str | SecretStr, base_url: str = ..., id: str = ..., name: str = ..., type: str = ...
        ) -> None: ...

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[TTSModelBase]]:
        """`XAITTSModel`."""
        from .speech import XAITTSModel

        return [XAITTSModel]

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """`XAIChatModel`."""
        from .provider import XAIChatModel

        return XAIChatModel

    @classmethod
    def get_realtime_model_classes(cls) -> list[Type[RealtimeModelBase]]:
        """Voice conversations."""
        from .realtime import XAIRealtimeModel

        return [XAIRealtimeModel]
