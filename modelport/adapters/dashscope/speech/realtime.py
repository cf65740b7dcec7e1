"""DashScope's speech synthesis from text that is still being written: the codecs of both services, and the models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, Unpack, overload
from urllib.parse import quote

from ....application.speech.model import SpeechT_co
from ....application.speech.realtime.model import RealtimeTTSModel
from ....domain.errors import ModelError
from ....domain.speech.audio import AudioFormat
from ....ports.codec.realtime_speech import RealtimeRequest, RealtimeTTSCodec, SpeechProtocol
from ....ports.websocket import WebSocketRequest
from ..parameters import DashScopeCosyVoiceRealtimeTTSParameters, DashScopeRealtimeTTSParameters
from .cosyvoice_protocol import CosyVoiceProtocol
from .errors import error_of_handshake
from .qwen_protocol import QwenRealtimeProtocol
from .sambert_protocol import SambertProtocol
from .settings import audio_format, session_settings, task_settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ....application.model.credential import CredentialBase
    from ....application.speech.options import RealtimeTTSOptions
    from ....domain.speech.responses import TTSResponse

__all__ = ["CosyVoiceCodec", "DashScopeCosyVoiceRealtimeTTSModel", "DashScopeRealtimeTTSModel", "QwenRealtimeCodec"]


class _Codec:
    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that a handshake answered with this status means."""
        return error_of_handshake(status, body)

    def _request(self, request: RealtimeRequest, path: str) -> WebSocketRequest:
        headers = {**request.endpoint.headers, **request.extra_headers}
        return WebSocketRequest(request.endpoint.url(path), headers)


class QwenRealtimeCodec(_Codec):
    """The session protocol; the model is in the URL."""

    def handshake(self, request: RealtimeRequest) -> WebSocketRequest:
        """Where the sessions of the model are."""
        return self._request(request, f"/realtime?model={quote(request.model, safe='')}")

    def new_protocol(self, request: RealtimeRequest) -> SpeechProtocol:
        """A session."""
        return QwenRealtimeProtocol()

    def audio_format(self, request: RealtimeRequest) -> AudioFormat:
        """What the session is set up for."""
        return audio_format(request, session_settings(request), "response_format")


class CosyVoiceCodec(_Codec):
    """The task protocol; whether text may follow the beginning of a task is on the model's card."""

    def handshake(self, request: RealtimeRequest) -> WebSocketRequest:
        """Where all tasks are."""
        return self._request(request, "/inference")

    def new_protocol(self, request: RealtimeRequest) -> SpeechProtocol:
        """Tasks of the kind that the model takes."""
        return SambertProtocol() if request.card.takes_whole_text else CosyVoiceProtocol()

    def audio_format(self, request: RealtimeRequest) -> AudioFormat:
        """What the task asks for."""
        return audio_format(request, task_settings(request), "format")


class _DashScopeRealtime(RealtimeTTSModel[SpeechT_co]):
    provider: ClassVar[str] = "dashscope"
    takes_any_key: ClassVar[bool] = False
    card_folder: ClassVar[Path] = Path(__file__).parents[1] / "_models"


class DashScopeRealtimeTTSModel(_DashScopeRealtime[SpeechT_co]):
    """Qwen's realtime speech models: audio begins while the text is still coming, word by word."""

    Parameters: TypeAlias = DashScopeRealtimeTTSParameters
    parameters: DashScopeRealtimeTTSParameters
    type = "dashscope_realtime_tts"
    codec: ClassVar[RealtimeTTSCodec] = QwenRealtimeCodec()

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DashScopeRealtimeTTSModel[AsyncGenerator[TTSResponse, None]],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeRealtimeTTSParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeRealtimeTTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeRealtimeTTSParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeRealtimeTTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeRealtimeTTSParameters | None,
            stream: Literal[False],
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeRealtimeTTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeRealtimeTTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...


class DashScopeCosyVoiceRealtimeTTSModel(_DashScopeRealtime[SpeechT_co]):
    """CosyVoice, Qwen-Audio and Sambert: audio comes by the sentence, and of Sambert once all text is there."""

    Parameters: TypeAlias = DashScopeCosyVoiceRealtimeTTSParameters
    parameters: DashScopeCosyVoiceRealtimeTTSParameters
    type = "dashscope_cosyvoice_realtime_tts"
    codec: ClassVar[RealtimeTTSCodec] = CosyVoiceCodec()

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DashScopeCosyVoiceRealtimeTTSModel[AsyncGenerator[TTSResponse, None]],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeCosyVoiceRealtimeTTSParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeCosyVoiceRealtimeTTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeCosyVoiceRealtimeTTSParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeCosyVoiceRealtimeTTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeCosyVoiceRealtimeTTSParameters | None,
            stream: Literal[False],
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeCosyVoiceRealtimeTTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeCosyVoiceRealtimeTTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[RealtimeTTSOptions],
        ) -> None: ...
