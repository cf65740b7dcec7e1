"""XAI's credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import ConfigDict, Field, SecretStr, model_validator

from ...application.model.credential import KeyedCredential

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase
    from ...application.realtime.model import RealtimeModelBase
    from ...application.speech.model import TTSModelBase
    from ...application.transcription.model import STTModelBase

__all__ = ["XAICredential"]


class XAICredential(KeyedCredential):
    """Key and base URL. Facts: docs/protocols/xai.md#models."""

    model_config = ConfigDict(title="xAI API")
    provider: ClassVar[str] = "xai"
    endpoint_of_fields: ClassVar[bool] = True
    key_variable: ClassVar[str] = "XAI_API_KEY"

    type: Literal["xai_credential"] = "xai_credential"
    base_url: str = Field(default="https://api.x.ai/v1", title="Base URL")

    @model_validator(mode="before")
    @classmethod
    def _hosted(cls, values: Any) -> Any:  # Any: unvalidated input
        """`api_host="eu-west-1.api.x.ai"`, as xAI's own library has it, is the host of the base URL."""
        if isinstance(values, dict) and "api_host" in values:
            values = dict(values)
            host = str(values.pop("api_host")).removeprefix("https://").rstrip("/")
            if "base_url" in values:
                raise ValueError("give either base_url or api_host, not both")
            values["base_url"] = f"https://{host}/v1"
        return values

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self,
            *,
            api_key: str | SecretStr,
            base_url: str = ...,
            api_host: str = ...,
            id: str = ...,
            name: str = ...,
            type: str = ...,
        ) -> None: ...

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[TTSModelBase]]:
        """`XAITTSModel`."""
        from .speech import XAITTSModel

        return [XAITTSModel]

    @classmethod
    def get_stt_model_classes(cls) -> list[Type[STTModelBase]]:
        """Speech-to-text."""
        from .transcription import XAITranscriptionModel

        return [XAITranscriptionModel]

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
