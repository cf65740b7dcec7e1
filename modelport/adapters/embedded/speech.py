"""Speech in this process by eSpeak NG: about a hundred languages, a thousand times faster than real time."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias, Unpack, overload

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ...application.model.credential import CredentialBase
from ...application.model.described import Described
from ...application.speech.model import SpeechT_co, TTSModelBase
from ...domain.errors import InvalidRequestError, NotFoundError, SettingsError

if TYPE_CHECKING:
    from ...application.speech.options import TTSOptions
    from ...application.speech.utterance import Utterance
    from ...domain.retry import RetryPolicy, Timeouts
    from ...domain.speech.responses import TTSResponse
    from ...ports.http import HttpTransport
    from ...ports.runtime import Runtime
    from .espeak import Manner

__all__ = ["ESPEAK", "EmbeddedTTSModel", "EmbeddedTTSParameters"]

ESPEAK = "espeak-ng"
_PIECE = 300
"""Characters spoken at a time: some 20 s of audio, made in some 20 ms."""


_Name = Annotated[str, StringConstraints(min_length=1, to_lower=True)]


class EmbeddedTTSParameters(Described):
    """How to speak."""

    model_config = ConfigDict(extra="forbid")

    voice: _Name = Field(default="en-us", title="Voice", description="A language, such as en-us or cmn.")
    variant: _Name | None = Field(default=None, title="Variant", description="Another speaker, such as f3 or m1.")
    rate: int = Field(default=175, ge=80, le=450, title="Rate", description="Words per minute.")
    pitch: int = Field(default=50, ge=0, le=100, title="Pitch")
    volume: int = Field(default=100, ge=0, le=200, title="Volume", description="100 is the usual one.")


class EmbeddedTTSModel(TTSModelBase[SpeechT_co]):
    """The voice in this process: WAV, 22,050 samples of 16 bits per second, one channel.

    Text is spoken as it stands, markup included. It is spoken in a thread, sentence by sentence, one text of a process
    at a time; closing or cancelling the stream stops it. Raises `SettingsError` where the package is not installed.
    """

    Parameters: TypeAlias = EmbeddedTTSParameters
    parameters: EmbeddedTTSParameters
    type = "embedded_tts"
    provider: ClassVar[str] = "embedded"

    @overload
    def __init__(
        self: EmbeddedTTSModel[AsyncGenerator[TTSResponse, None]],
        credential: CredentialBase,
        model: str = ESPEAK,
        parameters: EmbeddedTTSParameters | None = None,
        stream: Literal[True] = True,
        **options: Unpack[TTSOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: EmbeddedTTSModel[TTSResponse],
        credential: CredentialBase,
        model: str = ESPEAK,
        parameters: EmbeddedTTSParameters | None = None,
        *,
        stream: Literal[False],
        **options: Unpack[TTSOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        credential: CredentialBase,
        model: str = ESPEAK,
        parameters: EmbeddedTTSParameters | None = None,
        stream: bool = True,
        **options: Unpack[TTSOptions],
    ) -> None: ...
    def __init__(
        self,
        credential: CredentialBase,
        model: str = ESPEAK,
        parameters: EmbeddedTTSParameters | None = None,
        stream: bool = True,
        *,
        max_retries: int | None = None,
        retry_delay: float | None = None,
        retry_policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        transport: HttpTransport | None = None,
        runtime: Runtime | None = None,
        card_checks: Literal["on", "off"] = "on",
        on_unsupported: Literal["warn", "error"] = "warn",
    ) -> None:
        super().__init__(
            credential,
            model,
            parameters,
            stream,
            max_retries=max_retries,
            retry_delay=retry_delay,
            retry_policy=retry_policy,
            timeouts=timeouts,
            transport=transport,
            runtime=runtime,
            card_checks=card_checks,
            on_unsupported=on_unsupported,
        )

    @classmethod
    def _known_name(cls, model: str) -> str:
        if model != ESPEAK:
            raise NotFoundError(f"unknown embedded speech model {model!r}; expected {ESPEAK}", provider="embedded")
        if find_spec("espeakng_loader") is None:
            raise SettingsError("the embedded voice is an extra: run pip install 'modelport[embedded-speech]'")
        return model

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: parameters, which override those of the model
    ) -> SpeechT_co:
        """Speak the text: with `stream=True` responses that are one WAV, else the whole with its true sizes.

        A blank text has no audio. Raises `InvalidRequestError` for an unknown voice.
        """
        from ...application.speech.utterance import Utterance
        from ...domain.speech.text import split_text
        from .espeak import with_espeak

        if text is not None and not isinstance(text, str):
            raise InvalidRequestError(f"text is a {type(text).__name__}; give a str")
        values, warnings = self._values(self.card, self._with(kwargs))
        manner = _manner(values)
        sample_rate = await with_espeak(lambda espeak: espeak.choose(manner))
        utterance = Utterance(self._spec(stream=True), sample_rate, warnings)
        responses = _responses(utterance, split_text(text or "", _PIECE), manner)
        await anext(responses)
        return responses if self.stream else await utterance.whole(responses)  # type: ignore[return-value]

    def _with(self, changes: Mapping[str, Any]) -> BaseModel:  # Any: each parameter has its own type
        try:
            return self.Parameters.model_validate({**self.parameters.model_dump(), **changes})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            known = ", ".join(self.Parameters.model_fields)
            raise InvalidRequestError(
                f"{'.'.join(map(str, first['loc']))}: {first['msg']}; the parameters are {known}", provider="embedded"
            ) from None


def _manner(values: Mapping[str, Any]) -> Manner:  # Any: each parameter has its own type
    from .espeak import Manner

    return Manner(values["voice"], values.get("variant"), values["rate"], values["pitch"], values["volume"])


async def _responses(utterance: Utterance, texts: Sequence[str], manner: Manner) -> AsyncGenerator[TTSResponse, None]:
    """The start, once; the audio text by text; the last response."""
    from ...domain.speech.responses import TTSUsage
    from .espeak import Espeak, with_espeak

    stopped = threading.Event()
    usage = utterance.usage = TTSUsage()
    try:
        yield utterance.head
        for text in texts:
            work = partial(Espeak.speak, text=text, manner=manner, stopped=stopped.is_set)
            with utterance.clocks:
                pcm = await with_espeak(work)
            usage.characters += len(text)
            if pcm:
                yield utterance.step(pcm)
        yield utterance.last()
    except BaseException as error:
        utterance.failed(error)
        raise
    finally:
        stopped.set()
