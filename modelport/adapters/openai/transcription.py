"""OpenAI's speech-to-text over HTTP. Facts: docs/protocols/speech-to-text.md#openai-files."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, Unpack, overload

from ...application.transcription.model import TranscriptT_co
from ...ports.codec.live_transcription import LiveCodec
from ..dialects.openai_transcription.live import LiveProfile, SessionLiveCodec
from ..dialects.openai_transcription.model import DialectSTTModel
from ..dialects.openai_transcription.profile import TranscriptionProfile
from .audio_parameters import OpenAITranscriptionParameters

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ...application.model.credential import CredentialBase
    from ...application.transcription.options import STTOptions
    from ...domain.transcription.transcript import Transcript

__all__ = ["OpenAITranscriptionModel"]


class OpenAITranscriptionModel(DialectSTTModel[TranscriptT_co]):
    """Speech-to-text by `/audio/transcriptions`, at OpenAI and at servers that copy it; live by realtime sessions."""

    Parameters: TypeAlias = OpenAITranscriptionParameters
    parameters: OpenAITranscriptionParameters
    type = "openai_transcription"
    profile = TranscriptionProfile()
    live_codec: ClassVar[LiveCodec | None] = SessionLiveCodec(LiveProfile())

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: OpenAITranscriptionModel[Transcript],
            credential: CredentialBase,
            model: str,
            parameters: OpenAITranscriptionParameters | None = None,
            stream: Literal[False] = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OpenAITranscriptionModel[AsyncGenerator[Transcript, None]],
            credential: CredentialBase,
            model: str,
            parameters: OpenAITranscriptionParameters | None = None,
            *,
            stream: Literal[True],
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OpenAITranscriptionModel[AsyncGenerator[Transcript, None]],
            credential: CredentialBase,
            model: str,
            parameters: OpenAITranscriptionParameters | None,
            stream: Literal[True],
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OpenAITranscriptionParameters | None = None,
            stream: bool = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OpenAITranscriptionParameters | None = None,
            stream: bool = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
