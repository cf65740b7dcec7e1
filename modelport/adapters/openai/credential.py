"""OpenAI's credential; also for compatible servers, some of which need no key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import ConfigDict, Field, SecretStr

from ...application.model.credential import KeyedCredential

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase
    from ...application.embedding.model import EmbeddingModelBase
    from ...application.realtime.model import RealtimeModelBase
    from ...application.speech.model import TTSModelBase
    from ...application.transcription.model import STTModelBase

__all__ = ["OpenAICredential"]


class OpenAICredential(KeyedCredential):
    """Key and base URL. Facts: docs/protocols/openai-chat.md#endpoint."""

    model_config = ConfigDict(title="OpenAI API")
    provider: ClassVar[str] = "openai"
    endpoint_of_fields: ClassVar[bool] = True
    key_variable: ClassVar[str] = "OPENAI_API_KEY"

    type: Literal["openai_credential"] = "openai_credential"
    api_key: SecretStr = Field(
        default=SecretStr(""),
        title="API key",
        description="Leave it empty only for local servers without keys.",
        json_schema_extra={"writeOnly": True},
    )
    base_url: str = Field(default="https://api.openai.com/v1", title="Base URL")
    organization: str | None = Field(
        default=None, title="Organization", description="The id of the organization that pays, for keys of several."
    )
    project: str | None = Field(
        default=None, title="Project", description="The id of the project that the requests belong to."
    )

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self,
            *,
            api_key: str | SecretStr = ...,
            base_url: str = ...,
            organization: str | None = ...,
            project: str | None = ...,
            id: str = ...,
            name: str = ...,
            type: str = ...,
        ) -> None: ...

    def auth_headers(self) -> dict[str, str]:
        """The key, which only servers other than OpenAI's may do without, and the account's parts."""
        keyless = not self.api_key.get_secret_value() and self.custom_url is not None
        headers = {} if keyless else super().auth_headers()
        if self.organization:
            headers["openai-organization"] = self.organization
        if self.project:
            headers["openai-project"] = self.project
        return headers

    @classmethod
    def get_stt_model_classes(cls) -> list[Type[STTModelBase]]:
        """Speech-to-text."""
        from .transcription import OpenAITranscriptionModel

        return [OpenAITranscriptionModel]

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """Chat Completions."""
        from .chat import OpenAIChatModel

        return OpenAIChatModel

    @classmethod
    def get_chat_model_classes(cls) -> list[Type[ChatModelBase]]:
        """Chat Completions and Responses."""
        from .responses import OpenAIResponseModel

        return [cls.get_chat_model_class(), OpenAIResponseModel]

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[TTSModelBase]]:
        """Speech by `/audio/speech`."""
        from .speech import OpenAITTSModel

        return [OpenAITTSModel]

    @classmethod
    def get_embedding_model_class(cls) -> Type[EmbeddingModelBase[Any]]:
        """Embeddings."""
        from .embedding import OpenAIEmbeddingModel

        return OpenAIEmbeddingModel

    @classmethod
    def get_realtime_model_classes(cls) -> list[Type[RealtimeModelBase]]:
        """Voice conversations."""
        from .realtime import OpenAIRealtimeModel

        return [OpenAIRealtimeModel]
