"""Speech-to-text in this process by Moonshine: English, about ten times faster than real time."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict, Field

from ...application.model.credential import CredentialBase
from ...application.model.described import Described
from ...application.transcription.model import STTModelBase, TranscriptT_co
from ...domain.errors import InvalidRequestError, NotFoundError
from ...domain.transcription.transcript import Transcript, TranscriptSegment, TranscriptUsage
from ...ports.codec.base import Endpoint
from ...ports.codec.live_transcription import LiveCodec
from ..dialects.openai_transcription.live import LiveProfile, SessionLiveCodec
from .voice.listening import require_recogniser

if TYPE_CHECKING:
    from ...application.call.spec import CallSpec
    from ...application.transcription.audio import Audio
    from ...application.transcription.options import STTOptions
    from ...domain.retry import RetryPolicy, Timeouts
    from ...ports.http import HttpTransport
    from ...ports.runtime import Runtime
    from .moonshine import Line, Recording
    from .wav_samples import WavSamples

__all__ = ["MOONSHINE", "EmbeddedTranscriptionModel", "EmbeddedTranscriptionParameters", "segment_of"]

MOONSHINE = "moonshine-tiny-en"
_PIECE_SECONDS = 5
"""Audio that is listened to at a time; a cancelled call ends after at most one piece."""


class EmbeddedTranscriptionParameters(Described):
    """What is listened to."""

    model_config = ConfigDict(extra="forbid")

    language: str | None = Field(
        default=None, title="Language", description="The language: only en, or en-US, is known."
    )


class EmbeddedTranscriptionModel(STTModelBase[TranscriptT_co]):
    """The recogniser in this process. It takes WAV files of any rate, and knows English.

    It listens in a thread, one piece of audio of the process at a time; closing or cancelling a stream stops it.
    Raises `SettingsError` where the package is not installed.
    """

    Parameters: TypeAlias = EmbeddedTranscriptionParameters
    parameters: EmbeddedTranscriptionParameters
    type = "embedded_transcription"
    provider: ClassVar[str] = "embedded"
    live_codec: ClassVar[LiveCodec | None] = SessionLiveCodec(LiveProfile(path="", rate=16_000, fields={}))

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: EmbeddedTranscriptionModel[Transcript],
            credential: CredentialBase,
            model: str = ...,
            parameters: EmbeddedTranscriptionParameters | None = None,
            stream: Literal[False] = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: EmbeddedTranscriptionModel[AsyncGenerator[Transcript, None]],
            credential: CredentialBase,
            model: str = ...,
            parameters: EmbeddedTranscriptionParameters | None = None,
            *,
            stream: Literal[True],
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str = ...,
            parameters: EmbeddedTranscriptionParameters | None = None,
            stream: bool = False,
            **options: Unpack[STTOptions],
        ) -> None: ...

    def __init__(
        self,
        credential: CredentialBase,
        model: str = MOONSHINE,
        parameters: EmbeddedTranscriptionParameters | None = None,
        stream: bool = False,
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
        if model != MOONSHINE:
            raise NotFoundError(f"unknown embedded recogniser {model!r}; expected {MOONSHINE}", provider="embedded")
        require_recogniser()
        return model

    async def transcribe(
        self,
        audio: Audio,
        **kwargs: Any,  # Any: parameters, which override those of the model
    ) -> TranscriptT_co:
        """Write down what is said: a `Transcript` with a segment for each line, or with `stream=True` line by line.

        Raises `InvalidRequestError` for anything but a WAV with whole-number samples, and for another language.
        """
        from ...application.transcription.audio import read_audio
        from ...application.transcription.call import TranscriptionCall

        values, warnings = self._values(self.card, self._with(kwargs))
        check_language(values.get("language"))
        given = await read_audio(audio, self.card, self.runtime.media_loader, self.card_checks == "on")

        async def listen() -> _Listening:
            return await asyncio.to_thread(_Listening, given.data)

        call = TranscriptionCall(self._spec(stream=self.stream), listen, warnings)
        steps = await call.open()
        answer: Any = steps if self.stream else await call.whole(steps)  # Any: as `stream` says
        return answer  # type: ignore[no-any-return]

    def _live_endpoint(self) -> Endpoint:
        """A name of this process; nothing is sent there."""
        check_language(self.parameters.language)
        return Endpoint("embedded:")

    def _spec(self, *, stream: bool = False) -> CallSpec:
        """Live sessions have a server of their own in this process."""
        from .voice.connector import InProcessConnector

        spec = super()._spec(stream=stream)
        return dataclasses.replace(spec, runtime=dataclasses.replace(spec.runtime, websockets=InProcessConnector()))

    def _with(self, changes: Mapping[str, Any]) -> EmbeddedTranscriptionParameters:  # Any: each has its own type
        unknown = [name for name in changes if name not in self.Parameters.model_fields]
        if unknown:
            raise InvalidRequestError(f"{unknown[0]}: no such parameter; the embedded recogniser has only language")
        return self.parameters.model_copy(update=dict(changes))


def check_language(language: object) -> None:
    """Raise `InvalidRequestError` for anything but English."""
    if language is not None and not (isinstance(language, str) and language.lower().partition("-")[0] == "en"):
        raise InvalidRequestError(f"expected the language en, got {language!r}; use another model", provider="embedded")


def segment_of(line: Line) -> TranscriptSegment:
    """A line as a segment."""
    return TranscriptSegment(line.text, line.start_ms, line.end_ms, language="en")


class _Listening:
    """The steps of one file: what is new after each piece, and the whole, with which it has `ended`."""

    def __init__(self, data: bytes) -> None:
        from .wav_samples import WavSamples

        self._wav: WavSamples = WavSamples(data)
        self._recording: Recording | None = None
        self._segments: list[TranscriptSegment] = []
        self._samples = 0
        self.ended = False

    async def __anext__(self) -> Transcript:
        from .moonshine import in_recogniser_thread

        lines, over = await in_recogniser_thread(self._listen)
        fresh = [segment_of(line) for line in lines if line.text]
        text = "".join(f" {segment.text}" for segment in fresh)
        text = text if self._segments else text[1:]
        self._segments += fresh
        if not over:
            return Transcript(text, fresh, language="en", is_last=False)
        self.ended = True
        return self._whole()

    async def aclose(self) -> None:
        """Stop listening. Does not wait for the piece that is being listened to, after which the memory is freed."""
        from .moonshine import in_recogniser_thread_soon

        in_recogniser_thread_soon(self._close)

    def _close(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.close()

    def _listen(self) -> tuple[list[Line], bool]:
        """Listen to the next piece: its lines, and whether it was the last."""
        from .moonshine import Recording

        recording = self._recording = self._recording or Recording(self._wav.rate)
        samples = self._wav.read(_PIECE_SECONDS)
        self._samples += len(samples)
        if len(samples):
            return [*recording.add(samples).complete], False
        return [*recording.finish().complete], True

    def _whole(self) -> Transcript:
        seconds = self._samples / self._wav.rate
        text = " ".join(segment.text for segment in self._segments)
        usage = TranscriptUsage(seconds=seconds)
        return Transcript(text, self._segments, language="en", usage=usage, duration_ms=round(1000 * seconds))
