"""The requests of DashScope's transcription tasks: to submit a URL, to ask for the task, to fetch the result.

Facts: docs/protocols/speech-to-text.md#dashscope-long-files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ...domain.errors import InvalidRequestError, ModelError, NotFoundError, ResponseDecodeError, ServerError
from ...domain.transcription.transcript import Transcript, TranscriptSegment, TranscriptWord
from ...domain.urls import with_path
from ...ports.codec.transcription import TaskState
from ...ports.http import HttpRequest
from ..wire.decoder import Json, decode_json_body
from ..wire.errors import ErrorFacts, error_facts, error_in_stream, error_of_answer, read_error
from ..wire.json_text import dump_json
from .errors import DASHSCOPE_CODES

if TYPE_CHECKING:
    from ...ports.codec.base import Endpoint
    from ...ports.codec.transcription import TranscriptionRequest

__all__ = ["DashScopeTasks", "storage_url"]

_PATH = "/services/audio/asr/transcription"
_RESULT_HOST = ".aliyuncs.com"
_FIELDS = {"vocabulary_id": "vocabulary_id", "speakers": "diarization_enabled"}


class DashScopeTasks:
    """The transcription of one file as a task. The result comes from a storage, which never gets the key."""

    def submit(self, request: TranscriptionRequest) -> HttpRequest:
        """The POST; a model that takes one file has another field for it."""
        url, values = request.audio.url, request.parameters
        if url is None:
            raise InvalidRequestError(
                f"{request.model} fetches audio from a URL; pass DataBlock.from_url(…), or bytes to submit(…)"
            )
        one = request.card.known and not request.card.speakers
        parameters: Json = {wire: values[ours] for ours, wire in _FIELDS.items() if values.get(ours)}
        if values.get("language"):
            parameters.update({"language": values["language"]} if one else {"language_hints": [values["language"]]})
        if one and values.get("words"):
            parameters["enable_words"] = True
        if one and values.get("itn") is not None:
            parameters["enable_itn"] = values["itn"]
        body: Json = {
            "model": request.model,
            "input": {"file_url": url} if one else {"file_urls": [url]},
            "parameters": {**parameters, **request.overrides},
        }
        headers = {
            "content-type": "application/json",
            "x-dashscope-async": "enable",
            **({"x-dashscope-ossresourceresolve": "enable"} if url.startswith("oss://") else {}),
            **request.endpoint.headers,
            **request.extra_headers,
        }
        return HttpRequest("POST", request.endpoint.url(_PATH), headers, dump_json(body))

    def poll(self, endpoint: Endpoint, task_id: str) -> HttpRequest:
        """The GET of a task."""
        return HttpRequest("GET", endpoint.url(f"/tasks/{quote(task_id, safe='')}"), dict(endpoint.headers), b"")

    def state(self, body: bytes) -> TaskState:
        """What is said of the task: one that succeeded may hold a file that failed."""
        answer = decode_json_body(body)
        output = answer.get("output")
        if not isinstance(output, dict) or not isinstance(output.get("task_id"), str):
            facts = error_facts(answer)
            if facts.explained:
                raise error_in_stream(facts, DASHSCOPE_CODES)
            raise ResponseDecodeError("expected a task with its id, got an answer without one")
        task_id, status = output["task_id"], str(output.get("task_status", "")).upper()
        seconds, used = _seconds(answer.get("usage"))
        if status in ("PENDING", "RUNNING", "SUSPENDED", ""):
            return TaskState(task_id, seconds=seconds, raw_usage=used)
        if status == "UNKNOWN":
            gone = NotFoundError(f"the task {task_id} is not known; tasks are kept for 24 hours", code=status)
            return TaskState(task_id, over=True, failure=gone)
        if status != "SUCCEEDED":
            return TaskState(task_id, over=True, failure=_failure(output, f"the task ended as {status}"))
        results = output.get("results") or [output.get("result") or {}]
        first = results[0] if isinstance(results[0], dict) else {}
        url = first.get("transcription_url")
        if str(first.get("subtask_status", "SUCCEEDED")).upper() != "SUCCEEDED" or not isinstance(url, str):
            return TaskState(task_id, over=True, failure=_failure(first, "the file was not transcribed"))
        more = len(results) - 1
        return TaskState(
            task_id, over=True, result_url=storage_url(url), seconds=seconds, raw_usage=used, further_files=more
        )

    def fetch(self, url: str) -> HttpRequest:
        """The GET of a result; the signature in its query covers the URL as it is, and there is no key."""
        return HttpRequest("GET", url, {}, b"")

    def result(self, body: bytes) -> Transcript:
        """The transcript of a file, its channels one after the other."""
        answer = decode_json_body(body)
        transcripts = answer.get("transcripts")
        if not isinstance(transcripts, list):
            raise ResponseDecodeError("expected a transcript of channels, got a result without one")
        segments, words = [], []
        for channel in transcripts:
            for sentence in channel.get("sentences") or []:
                segments.append(_segment(sentence))
                words += [_word(word, sentence) for word in sentence.get("words") or []]
        duration = (answer.get("properties") or {}).get("original_duration_in_milliseconds")
        return Transcript(
            "\n".join(str(channel.get("text") or "") for channel in transcripts),
            segments,
            words,
            duration_ms=duration if isinstance(duration, int) else None,
        )

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means."""
        return error_of_answer(status, read_error(body), DASHSCOPE_CODES)


def _failure(found: Json, otherwise: str) -> ModelError:
    """Why a task or a file failed."""
    code, message = found.get("code"), found.get("message")
    if not (code or message):
        return ServerError(otherwise, retryable=False)
    facts = ErrorFacts(str(message or otherwise), (str(code),) if code else ())
    error = error_in_stream(facts, {**DASHSCOPE_CODES, **_FILE_CODES})
    error.retryable = False  # asking again for the same task gives the same answer
    return error


_FILE_CODES = {
    "invalidfile.downloadfailed": InvalidRequestError,
    "file_download_failed": InvalidRequestError,
    "invalidfile": InvalidRequestError,
    "unsupportedformat": InvalidRequestError,
    "decode_error": InvalidRequestError,
    "success_with_no_valid_fragment": InvalidRequestError,
}


def storage_url(url: str) -> str:
    """A URL of the provider's storage, always over TLS; raises `ResponseDecodeError` for another host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host.endswith(_RESULT_HOST):
        raise ResponseDecodeError(f"a file is offered at {host or 'no host'}, which is not the provider's storage")
    return "https://" + with_path(url, lambda path: path).partition("://")[2]


def _seconds(used: Any) -> tuple[float, Json | None]:  # Any: whatever stands there
    if not isinstance(used, dict):
        return 0.0, None
    given = used.get("duration", used.get("seconds", 0))
    return (float(given) if isinstance(given, int | float) and not isinstance(given, bool) else 0.0), used


def _ms(value: Any) -> int | None:  # Any: whatever stands there
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _segment(found: Json) -> TranscriptSegment:
    speaker, number = found.get("speaker_id"), found.get("sentence_id")
    return TranscriptSegment(
        str(found.get("text") or "").strip(),
        _ms(found.get("begin_time")),
        _ms(found.get("end_time")),
        None if speaker is None else str(speaker),
        id=None if number is None else str(number),
    )


def _word(found: Json, sentence: Json) -> TranscriptWord:
    """The word with its punctuation, which is written apart."""
    speaker = sentence.get("speaker_id")
    return TranscriptWord(
        f"{found.get('text') or ''}{found.get('punctuation') or ''}".strip(),
        _ms(found.get("begin_time")),
        _ms(found.get("end_time")),
        None if speaker is None else str(speaker),
    )
