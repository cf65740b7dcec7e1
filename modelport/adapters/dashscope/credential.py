"""DashScope's credential: one key and one base URL, from which the URLs of all its services follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import ConfigDict, Field, SecretStr

from ...application.model.credential import KeyedCredential, Service
from ...domain.urls import join_url, normal_url, with_path
from ...ports.codec.base import Endpoint

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase
    from ...application.embedding.model import EmbeddingModelBase
    from ...application.realtime.model import RealtimeModelBase
    from ...application.speech.model import TTSModelBase
    from ...application.transcription.model import STTModelBase

__all__ = ["DashScopeCredential"]

_COMPATIBLE, _NATIVE, _WEBSOCKET = "/compatible-mode/v1", "/api/v1", "/api-ws/v1"


class DashScopeCredential(KeyedCredential):
    """Key and base URL; keys open only the hosts of their region. Facts: docs/protocols/dashscope-chat.md#base-urls."""

    model_config = ConfigDict(title="DashScope (Alibaba Model Studio) API")
    provider: ClassVar[str] = "dashscope"
    endpoint_of_fields: ClassVar[bool] = True
    key_variable: ClassVar[str] = "DASHSCOPE_API_KEY"

    type: Literal["dashscope_credential"] = "dashscope_credential"
    base_url: str = Field(
        default="https://dashscope.aliyuncs.com/compatible-mode/v1",
        title="Base URL",
        description="That of the compatible mode; the URLs of the other services are derived from it.",
    )

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self, *, api_key: str | SecretStr, base_url: str = ..., id: str = ..., name: str = ..., type: str = ...
        ) -> None: ...

    def endpoint(self, service: Service = "chat") -> Endpoint:
        """Chat in the compatible mode; embedding and speech at the native services; realtime speech over WebSocket.

        All of them follow from the base URL of the compatible mode or of the native services, whichever was given.
        """
        if service == "chat":
            native = self.base_url.partition("?")[0].endswith(_NATIVE)
            url = join_url(self._root(), _COMPATIBLE) if native else self.base_url
            return Endpoint(url, self.auth_headers())
        url = self.websocket_url() if service in ("realtime_speech", "realtime") else self.native_url()
        return Endpoint(url, self.auth_headers())

    @property
    def custom_url(self) -> str | None:
        """The URL that all services follow from, unless it is the provider's own."""
        own = str(type(self).model_fields["base_url"].default).removesuffix(_COMPATIBLE)
        return None if normal_url(self._root()) == normal_url(own) else self._root()

    def native_url(self) -> str:
        """The base URL of the native HTTP services."""
        return join_url(self._root(), _NATIVE)

    def websocket_url(self) -> str:
        """The base URL of the WebSocket services: `wss` for `https`, `ws` for `http`."""
        return join_url("ws" + self._root().removeprefix("http"), _WEBSOCKET)

    def _root(self) -> str:
        return with_path(self.base_url, lambda path: path.removesuffix(_COMPATIBLE).removesuffix(_NATIVE))

    @classmethod
    def get_stt_model_classes(cls) -> list[Type[STTModelBase]]:
        """Speech-to-text."""
        from .transcription import DashScopeTranscriptionModel

        return [DashScopeTranscriptionModel]

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """Chat Completions in the compatible mode."""
        from .chat import DashScopeChatModel

        return DashScopeChatModel

    @classmethod
    def get_embedding_model_class(cls) -> Type[EmbeddingModelBase[Any]]:
        """Embeddings."""
        from .embedding import DashScopeEmbeddingModel

        return DashScopeEmbeddingModel

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[TTSModelBase]]:
        """Speech over HTTP, and over WebSocket in two protocols."""
        from .speech.http import DashScopeTTSModel
        from .speech.realtime import DashScopeCosyVoiceRealtimeTTSModel, DashScopeRealtimeTTSModel

        return [DashScopeTTSModel, DashScopeRealtimeTTSModel, DashScopeCosyVoiceRealtimeTTSModel]

    @classmethod
    def get_realtime_model_classes(cls) -> list[Type[RealtimeModelBase]]:
        """Voice conversations."""
        from .realtime import DashScopeRealtimeModel

        return [DashScopeRealtimeModel]
