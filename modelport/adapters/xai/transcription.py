"""xAI's speech-to-text. Facts: docs/protocols/speech-to-text.md#openai-files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict, Field

from ...application.model.described import Described
from ...application.transcription.model import TranscriptT_co
from ..dialects.openai_transcription.model import DialectSTTModel
from ..dialects.openai_transcription.profile import TranscriptionProfile

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ...application.model.credential import CredentialBase
    from ...application.transcription.options import STTOptions
    from ...domain.transcription.transcript import Transcript

__all__ = ["XAITranscriptionModel", "XAITranscriptionParameters"]


class XAITranscriptionParameters(Described):
    """Parameters of speech-to-text."""

    model_config = ConfigDict(extra="forbid")

    language: str | None = Field(default=None, title="Language", description="The language that is spoken, such as en.")
    speakers: bool = Field(default=False, title="Speakers", description="Whether speakers are distinguished.")


class XAITranscriptionModel(DialectSTTModel[TranscriptT_co]):
    """Speech-to-text by `/stt`; words always have their times."""

    Parameters: TypeAlias = XAITranscriptionParameters
    parameters: XAITranscriptionParameters
    type = "xai_transcription"
    profile = TranscriptionProfile(
        path="/stt", sends_model=False, speakers_field=("diarize", "true"), granularities=False, verbose=None
    )

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: XAITranscriptionModel[Transcript],
            credential: CredentialBase,
            model: str,
            parameters: XAITranscriptionParameters | None = None,
            stream: Literal[False] = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: XAITranscriptionModel[AsyncGenerator[Transcript, None]],
            credential: CredentialBase,
            model: str,
            parameters: XAITranscriptionParameters | None = None,
            *,
            stream: Literal[True],
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: XAITranscriptionModel[AsyncGenerator[Transcript, None]],
            credential: CredentialBase,
            model: str,
            parameters: XAITranscriptionParameters | None,
            stream: Literal[True],
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: XAITranscriptionParameters | None = None,
            stream: bool = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: XAITranscriptionParameters | None = None,
            stream: bool = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
