"""DashScope's speech-to-text: short files by a chat request, long ones by a task.

Facts: docs/protocols/speech-to-text.md#dashscope-short-files, docs/protocols/speech-to-text.md#dashscope-long-files.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict, Field

from ...application.model.described import Described
from ...application.transcription.http import HttpSTTModel
from ...application.transcription.model import TranscriptT_co
from ...domain.errors import InvalidRequestError, ModelError, ResponseDecodeError, StreamTruncatedError
from ...domain.message.responses import AttemptRecord
from ...domain.transcription.transcript import Transcript, TranscriptUsage
from ...ports.codec.transcription import TranscriptionWireCall
from ...ports.http import HttpRequest
from ..wire.decoder import Json, decode_json_body, read_json_event
from ..wire.errors import error_facts, error_in_stream, error_of_answer, read_error
from ..wire.framing import SSEFramer
from ..wire.json_text import dump_json
from ..wire.words.counts import counts
from .errors import DASHSCOPE_CODES
from .live_transcription import DashScopeLiveCodec
from .transcription_tasks import DashScopeTasks
from .transcription_upload import DashScopeUploads

if TYPE_CHECKING:
    from ...application.model.credential import CredentialBase
    from ...application.transcription.audio import Audio
    from ...application.transcription.options import STTOptions
    from ...application.transcription.tasks import TranscriptionTask
    from ...ports.codec.base import Endpoint
    from ...ports.codec.transcription import TranscriptionRequest

__all__ = ["DashScopeTranscriptionModel", "DashScopeTranscriptionParameters"]


class DashScopeTranscriptionParameters(Described):
    """Parameters of speech-to-text."""

    model_config = ConfigDict(extra="forbid")

    language: str | None = Field(default=None, title="Language", description="The language that is spoken, such as en.")
    prompt: str | None = Field(default=None, title="Prompt", description="Names and terms that may be said.")
    itn: bool | None = Field(
        default=None, title="Numbers", description="Whether numbers are written in digits; for Chinese and English."
    )
    words: bool = Field(default=False, title="Words", description="Whether each word has its times.")
    speakers: bool = Field(default=False, title="Speakers", description="Whether speakers are distinguished.")
    vocabulary_id: str | None = Field(default=None, title="Vocabulary", description="The id of a list of hot words.")


class _ChatCodec:
    """A chat request of the compatible mode with nothing but the audio, whose answer is its text."""

    def encode(self, request: TranscriptionRequest) -> TranscriptionWireCall:
        """The POST; the audio is a URL, or inline as a `data:` URL."""
        values, audio = request.parameters, request.audio
        data = audio.url or f"data:{audio.media_type};base64,{base64.b64encode(audio.data).decode('ascii')}"
        messages: list[Json] = []
        if values.get("prompt"):
            messages.append({"role": "system", "content": [{"type": "text", "text": values["prompt"]}]})
        messages.append({"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": data}}]})
        options = {"language": values.get("language"), "enable_itn": values.get("itn")}
        body: Json = {"model": request.model, "messages": messages, "stream": request.stream}
        given = {name: value for name, value in options.items() if value is not None}
        if given:
            body["asr_options"] = given
        if request.stream:
            body["stream_options"] = {"include_usage": True}
        body.update(request.overrides)
        headers = {"content-type": "application/json", **request.endpoint.headers, **request.extra_headers}
        return TranscriptionWireCall(
            HttpRequest("POST", request.endpoint.url("/chat/completions"), headers, dump_json(body)),
            new_framer=SSEFramer,
            new_decoder=_ChatTranscript,
            decode_body=lambda data: _ChatTranscript().body(data),
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return error_of_answer(status, read_error(body), DASHSCOPE_CODES)


class _ChatTranscript:
    """The text of an answer, and what its annotations say of the audio: the last ones count."""

    def __init__(self) -> None:
        self.ended = False
        self.failure: ModelError | None = None
        self._texts: list[str] = []
        self._fresh: list[str] = []
        self._info: Json = {}
        self._usage: TranscriptUsage | None = None
        self._finished = False
        self._answered = False

    def feed(self, payloads: Sequence[bytes]) -> Transcript | None:
        """What is new in these events, if anything. An error among them is left in `failure`."""
        try:
            for payload in payloads:
                if payload.startswith(b"[DONE]"):
                    self.ended = True
                    break
                read_json_event(payload, self._event)
        except ModelError as error:
            self.failure = error
        fresh, self._fresh = self._fresh, []
        return Transcript("".join(fresh), is_last=False) if fresh else None

    def finish(self) -> Transcript:
        """The whole transcript; silence is an empty text."""
        if not self._answered:
            raise ResponseDecodeError("the answer has no `choices`; check that base_url points to the compatible mode")
        if not (self._finished or self.ended):
            raise StreamTruncatedError("the transcript ended without a finish reason or [DONE]")
        return Transcript(
            "".join(self._texts),
            language=self._info.get("language"),
            emotion=self._info.get("emotion"),
            usage=self._usage,
        )

    def body(self, data: bytes) -> Transcript:
        """A whole body."""
        self._event(decode_json_body(data))
        self.ended = True
        return self.finish()

    def _event(self, event: Json) -> None:
        if event.get("error") or (event.get("code") and not (event.get("choices") or event.get("output"))):
            raise error_in_stream(error_facts(event), DASHSCOPE_CODES)
        if isinstance(event.get("usage"), dict):
            self._usage = _usage(event["usage"])
        native = event.get("output")  # the native service's envelope, of a proxy that asks it
        choices = (native if isinstance(native, dict) else event).get("choices")
        for choice in (choices or [])[:1]:
            self._answered = True
            said = choice.get("delta") or choice.get("message") or {}
            text = _text(said.get("content"))
            if text:
                self._texts.append(text)
                self._fresh.append(text)
            for note in said.get("annotations") or []:
                if isinstance(note, dict):
                    self._info.update({key: note[key] for key in ("language", "emotion") if note.get(key)})
            self._finished = self._finished or bool(choice.get("finish_reason"))


def _text(content: Any) -> str:  # Any: whatever stands there
    """A text, or the texts of a list of parts."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _usage(used: Json) -> TranscriptUsage:
    """Tokens by either service's names, and the seconds of audio."""
    sent, received, prompt, completion = counts(
        used, "input_tokens", "output_tokens", "prompt_tokens", "completion_tokens"
    )
    seconds = used.get("seconds")
    heard = float(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) else 0.0
    return TranscriptUsage(sent or prompt, received or completion, heard, raw=used)


class DashScopeTranscriptionModel(HttpSTTModel[TranscriptT_co]):
    """Speech-to-text of DashScope. Models whose card says so transcribe a URL or a file by a task at the provider.

    `submit` starts a task and returns its handle; `task` finds one again by its id, also in another process.
    """

    Parameters: TypeAlias = DashScopeTranscriptionParameters
    parameters: DashScopeTranscriptionParameters
    type = "dashscope_transcription"
    provider = "dashscope"
    takes_any_key = False
    codec = _ChatCodec()
    tasks = DashScopeTasks()
    uploads = DashScopeUploads()
    live_codec = DashScopeLiveCodec()

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DashScopeTranscriptionModel[Transcript],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTranscriptionParameters | None = None,
            stream: Literal[False] = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeTranscriptionModel[AsyncGenerator[Transcript, None]],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTranscriptionParameters | None = None,
            *,
            stream: Literal[True],
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeTranscriptionModel[AsyncGenerator[Transcript, None]],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTranscriptionParameters | None,
            stream: Literal[True],
            **options: Unpack[STTOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTranscriptionParameters | None = None,
            stream: bool = False,
            **options: Unpack[STTOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeTranscriptionParameters | None = None,
            stream: bool = False,
            **options: Unpack[STTOptions],
        ) -> None: ...

    def endpoint(self) -> Endpoint:
        """The compatible mode for short files, the native services for tasks."""
        return self._endpoint("transcription" if self.card.asynchronous else "chat")

    async def transcribe(
        self,
        audio: Audio,
        **kwargs: Any,  # Any: provider fields
    ) -> TranscriptT_co:
        """Write down what is said; see `HttpSTTModel.transcribe`. A task is waited for.

        The error of a wait that ended before its task names the task; `task(id).result()` goes on.
        """
        if not self.card.asynchronous:
            return await super().transcribe(audio, **kwargs)
        task = await self.submit(audio, **kwargs)
        found = await task.result()
        answer: Any = _alone(found) if self.stream else found  # Any: as `stream` says
        return answer  # type: ignore[no-any-return]

    async def submit(
        self,
        audio: Audio,
        **kwargs: Any,  # Any: fields of the task's `parameters`
    ) -> TranscriptionTask:
        """Start a task for a URL, or for a file, which is put into the provider's storage for 48 hours first.

        Returns the task's handle at once. Raises `InvalidRequestError` for a file that the storage does not take.
        """
        from ...application.transcription.tasks import submitted, uploaded

        if not self.card.asynchronous:
            raise InvalidRequestError(f"{self.model} answers at once and has no tasks; call transcribe(…)")
        values, warnings = self._values(self.card)
        given, records = await self._read(audio), list[AttemptRecord]()
        if given.url is None:
            given = await uploaded(self._spec(), self.uploads, given, self.endpoint, records)

        def encode() -> HttpRequest:
            return self.tasks.submit(self._request(given, values, kwargs, stream=False))

        return await submitted(self._spec(), self.tasks, encode, self.endpoint, records, warnings)

    def task(self, task_id: str) -> TranscriptionTask:
        """The handle of a task that was submitted before."""
        from ...application.transcription.tasks import TranscriptionTask

        return TranscriptionTask(task_id, self._spec(), self.tasks, self.endpoint)


async def _alone(transcript: Transcript) -> AsyncGenerator[Transcript, None]:
    yield transcript
