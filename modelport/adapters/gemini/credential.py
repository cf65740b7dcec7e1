"""Google's credential for the Gemini API."""

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

__all__ = ["GeminiCredential"]


class GeminiCredential(KeyedCredential):
    """Key and host. The key travels in a header, never in the URL.

    Facts: docs/protocols/gemini.md#endpoint.
    """

    model_config = ConfigDict(title="Google Gemini API")
    provider: ClassVar[str] = "gemini"
    endpoint_of_fields: ClassVar[bool] = True
    key_variable: ClassVar[str] = "GEMINI_API_KEY"

    type: Literal["gemini_credential"] = "gemini_credential"
    base_url: str = Field(default="https://generativelanguage.googleapis.com", title="Base URL")

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self, *, api_key: str | SecretStr, base_url: str = ..., id: str = ..., name: str = ..., type: str = ...
        ) -> None: ...

    def auth_headers(self) -> dict[str, str]:
        """The key in Google's own header."""
        return {"x-goog-api-key": self.secret()}

    @classmethod
    def get_stt_model_classes(cls) -> list[Type[STTModelBase]]:
        """Speech-to-text."""
        from .transcription import GeminiTranscriptionModel

        return [GeminiTranscriptionModel]

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """generateContent."""
        from .chat import GeminiChatModel

        return GeminiChatModel

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[TTSModelBase]]:
        """generateContent with audio as its answer."""
        from .speech import GeminiTTSModel

        return [GeminiTTSModel]

    @classmethod
    def get_embedding_model_class(cls) -> Type[EmbeddingModelBase[Any]]:
        """Embeddings."""
        from .embedding import GeminiEmbeddingModel

        return GeminiEmbeddingModel

    @classmethod
    def get_realtime_model_classes(cls) -> list[Type[RealtimeModelBase]]:
        """Voice conversations."""
        from .live.model import GeminiRealtimeModel

        return [GeminiRealtimeModel]
