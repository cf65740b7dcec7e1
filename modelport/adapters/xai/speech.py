"""xAI's speech, by a path and fields of its own. Facts: docs/protocols/openai-tts.md#compatible-servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict, Field

from ...application.model.described import Described
from ...application.speech.model import SpeechT_co
from ..dialects.openai_speech.model import DialectTTSModel
from ..dialects.openai_speech.profile import SpeechProfile

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ...application.model.credential import CredentialBase
    from ...application.speech.options import TTSOptions
    from ...domain.speech.responses import TTSResponse

__all__ = ["XAITTSModel", "XAITTSParameters"]


class XAITTSParameters(Described):
    """Parameters of speech synthesis."""

    model_config = ConfigDict(extra="forbid")

    voice: str | None = Field(default=None, title="Voice", description="The voice; the service's own when not set.")


class XAITTSModel(DialectTTSModel[SpeechT_co]):
    """Speech by `/tts`, as MP3; other codecs are asked for with `output_format` as a body field."""

    Parameters: TypeAlias = XAITTSParameters
    parameters: XAITTSParameters
    type = "xai_tts"
    profile = SpeechProfile(
        path="/tts", text_field="text", voice_field="voice_id", samples=None, extra_body={"language": "auto"}
    )

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: XAITTSModel[AsyncGenerator[TTSResponse, None]],
            credential: CredentialBase,
            model: str,
            parameters: XAITTSParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: XAITTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: XAITTSParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: XAITTSModel[TTSResponse],
            credential: CredentialBase,
            model: str,
            parameters: XAITTSParameters | None,
            stream: Literal[False],
            **options: Unpack[TTSOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: XAITTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: XAITTSParameters | None = None,
            stream: bool = True,
            **options: Unpack[TTSOptions],
        ) -> None: ...
