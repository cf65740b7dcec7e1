"""The embedded provider needs no key: its server runs in this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import ConfigDict, Field

from ...application.model.credential import CredentialBase

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase
    from ...application.embedding.model import EmbeddingModelBase
    from ...application.realtime.model import RealtimeModelBase
    from ...application.speech.model import TTSModelBase
    from ...application.transcription.model import STTModelBase

__all__ = ["EmbeddedCredential"]


class EmbeddedCredential(CredentialBase):
    """Where the model files are kept, and how the engine runs."""

    model_config = ConfigDict(title="Embedded model")
    provider: ClassVar[str] = "embedded"

    type: Literal["embedded_credential"] = "embedded_credential"
    directory: Path | None = Field(default=None, description="Model files; by default the user's cache directory.")
    threads: int = Field(default=1, gt=0, description="Computing threads; more than one loses on a busy machine.")

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """Chat with the model in this process."""
        from .chat import EmbeddedChatModel

        return EmbeddedChatModel

    @classmethod
    def get_embedding_model_class(cls) -> Type[EmbeddingModelBase[Any]]:
        """Vectors from the model in this process."""
        from .embedding import EmbeddedEmbeddingModel

        return EmbeddedEmbeddingModel

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[TTSModelBase]]:
        """Speech from the voice in this process."""
        from .speech import EmbeddedTTSModel

        return [EmbeddedTTSModel]

    @classmethod
    def get_stt_model_classes(cls) -> list[Type[STTModelBase]]:
        """Speech-to-text by the recogniser in this process."""
        from .transcription import EmbeddedTranscriptionModel

        return [EmbeddedTranscriptionModel]

    @classmethod
    def get_realtime_model_classes(cls) -> list[Type[RealtimeModelBase]]:
        """Voice conversations in this process."""
        from .voice.model import EmbeddedRealtimeModel

        return [EmbeddedRealtimeModel]
