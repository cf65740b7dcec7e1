"""The speech model class that every server of the dialect shares."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ....application.speech.http import HttpTTSModel
from ....application.speech.model import SpeechT_co
from ....domain.errors import InvalidRequestError
from .profile import SpeechProfile

if TYPE_CHECKING:
    from .codec import OpenAISpeechCodec

__all__ = ["DialectTTSModel"]

_JOINED = (None, "wav", "pcm", "mp3", "aac")
"""The formats whose files, one after the other, are one file."""


class DialectTTSModel(HttpTTSModel[SpeechT_co]):
    """A speech model behind `/audio/speech`."""

    profile: ClassVar[SpeechProfile]

    @cached_property
    def codec(self) -> OpenAISpeechCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The dialect's codec, with the profile of the credential's provider."""
        from .codec import OpenAISpeechCodec

        profile: SpeechProfile | None = getattr(type(self.credential), "speech_profile", None)
        return OpenAISpeechCodec(profile or self.profile)

    @property
    def provider_name(self) -> str:
        """The provider of the credential: one class serves all profiles of the dialect."""
        return self.credential.provider or self.credential.provider_name()

    def _texts(self, text: str) -> list[str]:
        texts = super()._texts(text)
        wanted: Any = getattr(self.parameters, "response_format", None)  # Any: of a subclass's Parameters
        if len(texts) > 1 and wanted not in _JOINED:
            most = self.card.max_characters
            raise InvalidRequestError(
                f"expected at most {most} characters for {wanted}, whose files cannot be joined, got {len(text)}; "
                "choose wav, mp3, aac or pcm, or give the text in pieces"
            )
        return texts
