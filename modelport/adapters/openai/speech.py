"""OpenAI's speech over HTTP. Facts: docs/protocols/openai-tts.md#request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, Unpack, overload

from ...application.speech.model import SpeechT_co
from ..dialects.openai_speech.model import DialectTTSModel
from ..dialects.openai_speech.profile import SpeechProfile
from .audio_parameters import OpenAITTSParameters

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ...application.model.credential import CredentialBase
    from ...application.speech.options import TTSOptions
    from ...domain.speech.responses import TTSResponse

__all__ = ["OPENAI_SPEECH", "OpenAITTSModel"]

OPENAI_SPEECH = SpeechProfile()


class OpenAITTSModel(DialectTTSModel[SpeechT_co]):
    """Speech by `/audio/speech`, at OpenAI and at servers that copy it: WAV, or the format that the caller names."""

    Parameters: TypeAlias = OpenAITTSParameters
    parameters: OpenAITTSParameters
    type = "openai_tts"
    profile = OPENAI_SPEECH

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: OpenAITTSModel[AsyncGenerator[TTSResponse, None]],
            credential: CredentialBase,
            model: str,
            parameters: OpenAITTSParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OpenAITTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: OpenAITTSParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OpenAITTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: OpenAITTSParameters | None,
            stream: Literal[False],
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OpenAITTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OpenAITTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
