"""The template of speech models over HTTP: a provider is a pure codec and an endpoint."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, ClassVar

from .keyed_credential import KeyedCredential
from .tts_model import TTSModelBase

if TYPE_CHECKING:
    from ..domain.speech import TTSResponse
    from .codec import Endpoint
    from .tts_codec import TTSCodec

__all__ = ["HttpTTSModel"]


class HttpTTSModel(TTSModelBase):
    """A speech model whose provider is a codec and an endpoint."""

    codec: ClassVar[TTSCodec]

    def endpoint(self) -> Endpoint:
        """Where requests go, with the headers that identify the caller."""
        return self.credential_as(KeyedCredential).endpoint()

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        """Speak the text, in several requests one after the other when it is longer than one takes.

        Returns at the head of the first answer with `stream=True`; the generator's responses are one WAV, and its last
        one has no audio. Without, the whole WAV with its true sizes. A blank text has no audio and sends nothing.
        `kwargs` are body fields of the provider that override the parameters; `extra_body` and `extra_headers` are
        merged last. Raises a `ModelError`, whose `partial` holds the audio that had come.
        """
        from .tts_call import speak  # the engine is loaded by the first call, not by the import

        return await speak(self, "" if text is None else text, kwargs)
