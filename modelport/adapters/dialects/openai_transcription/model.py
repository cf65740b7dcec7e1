"""The speech-to-text model class that every server of the dialect shares."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from ....application.transcription.http import HttpSTTModel
from ....application.transcription.model import TranscriptT_co
from .profile import TranscriptionProfile

if TYPE_CHECKING:
    from .codec import OpenAITranscriptionCodec

__all__ = ["DialectSTTModel"]


class DialectSTTModel(HttpSTTModel[TranscriptT_co]):
    """A model behind `/audio/transcriptions`."""

    profile: ClassVar[TranscriptionProfile]

    @cached_property
    def codec(self) -> OpenAITranscriptionCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The dialect's codec, with the profile of the credential's provider."""
        from .codec import OpenAITranscriptionCodec

        profile: TranscriptionProfile | None = getattr(type(self.credential), "transcription_profile", None)
        return OpenAITranscriptionCodec(profile or self.profile)

    @property
    def provider_name(self) -> str:
        """The provider of the credential: one class serves all profiles of the dialect."""
        return self.credential.provider or self.credential.provider_name()
