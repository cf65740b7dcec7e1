"""Transcription by a task at the provider: submitted, asked for until it is over, and its result fetched.

A task goes on when its asker does not: a handle by its id asks again, also in another process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from ...domain.errors import ModelError, ModelTimeoutError
from ...domain.message.responses import AttemptRecord, ModelWarning
from ...domain.retry import Budget
from ...domain.transcription.transcript import AudioInput, Transcript, TranscriptUsage
from ...ports.codec.base import Endpoint
from ...ports.codec.transcription import TaskState, TranscriptionTasks, TranscriptionUploads
from ...ports.http import HttpRequest
from ..call.attempts import Attempts, Call
from ..call.context import CallContext
from ..call.http import ErrorMap, HttpBody, attempt
from ..call.spec import CallSpec

__all__ = ["TranscriptionTask", "submitted", "uploaded"]

T = TypeVar("T")
_THERE_ALREADY = "FileAlreadyExists"
"""Facts: docs/protocols/speech-to-text.md#dashscope-uploads."""
_FIRST_WAIT, _LONGEST_WAIT, _GROWTH = 1.0, 5.0, 1.5
"""Seconds between questions. Facts: docs/protocols/speech-to-text.md#dashscope-long-files."""


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One request of a task."""

    http_request: HttpRequest


class TranscriptionTask:
    """A task at the provider. `result()` waits for it, also when an earlier wait was interrupted.

    Attributes:
        id: by which the task is found again, with `model.task(id)`.
    """

    def __init__(
        self, task_id: str, spec: CallSpec, tasks: TranscriptionTasks, endpoint: Callable[[], Endpoint]
    ) -> None:
        self.id = task_id
        self._spec = spec
        self._tasks = tasks
        self._endpoint = endpoint
        self._records: list[AttemptRecord] = []
        self._warnings: Sequence[ModelWarning] = ()

    async def state(self) -> TaskState:
        """How far the task is, by one question."""
        request = self._tasks.poll(self._endpoint(), self.id)
        return await self._exchange(request, self._tasks.state)

    async def result(self) -> Transcript:
        """Wait until the task is over; its transcript. Raises what made it fail, and what a question raises.

        The time that a call may take in all counts from here; the error of a wait that ends before the task says how
        to go on.
        """
        clock, most = self._spec.runtime.clock, self._spec.timeouts.total
        started, wait = clock.monotonic(), _FIRST_WAIT
        try:
            while not (state := await self.state()).over:
                if most is not None and clock.monotonic() - started + wait > most:
                    raise ModelTimeoutError(f"the task is not over after {most:g} seconds", clock="total")
                await clock.sleep(wait)
                wait = min(wait * _GROWTH, _LONGEST_WAIT)
            if state.failure is not None:
                raise state.failure
            assert state.result_url, "a task that is over has failed or has a result"
            request = self._tasks.fetch(state.result_url)
            found = await self._exchange(request, self._tasks.result)
        except ModelError as error:
            self._explain(error)
            raise
        found.usage = found.usage or TranscriptUsage(seconds=state.seconds, raw=state.raw_usage)
        found.usage.time = clock.monotonic() - started
        found.provider, found.model, found.attempts = self._spec.provider, self._spec.model, tuple(self._records)
        found.warnings = [*self._warnings, *_warned(state)]
        found.metadata = {**(found.metadata or {}), "task_id": self.id}
        return found

    def _explain(self, error: ModelError) -> None:
        error.provider, error.model = error.provider or self._spec.provider, error.model or self._spec.model
        error.attempts = tuple(self._records)
        if error.retryable or isinstance(error, ModelTimeoutError):
            error.message += f"; the task goes on: wait for it again with model.task({self.id!r}).result()"

    async def _exchange(self, request: HttpRequest, read: Callable[[bytes], T]) -> T:
        secrets = [self.id] if "authorization" not in request.headers else []
        return await exchanged(self._spec, self._tasks, request, read, self._records, self._endpoint, secrets)


async def submitted(
    spec: CallSpec,
    tasks: TranscriptionTasks,
    encode: Callable[[], HttpRequest],
    endpoint: Callable[[], Endpoint],
    records: list[AttemptRecord],
    warnings: Sequence[ModelWarning] = (),
) -> TranscriptionTask:
    """Submit a task; raises what the provider says against it. `records` are the attempts that were made before.

    The transcript will have `warnings`, which say what of the request was changed.
    """
    state = await exchanged(spec, tasks, encode(), tasks.state, records, endpoint, [])
    if state.failure is not None:
        raise state.failure
    task = TranscriptionTask(state.id, spec, tasks, endpoint)
    task._records += records
    task._warnings = tuple(warnings)
    return task


async def uploaded(
    spec: CallSpec,
    uploads: TranscriptionUploads,
    audio: AudioInput,
    endpoint: Callable[[], Endpoint],
    records: list[AttemptRecord],
) -> AudioInput:
    """Put the audio into the provider's storage; the audio with its URL there. Adds its attempts to `records`."""
    asked = uploads.policy(endpoint(), spec.model)
    ticket = await exchanged(spec, uploads, asked, uploads.ticket, records, endpoint, [])
    request, url = uploads.upload(ticket, audio)
    before = len(records)
    try:
        await exchanged(spec, uploads, request, lambda body: None, records, endpoint, [*ticket.secrets])
    except ModelError as error:
        # an upload whose answer was lost is there when it is sent again
        if error.code != _THERE_ALREADY or len(records) == before + 1:
            raise
    return AudioInput(audio.media_type, audio.name, url=url)


async def exchanged(
    spec: CallSpec,
    errors: ErrorMap,
    request: HttpRequest,
    read: Callable[[bytes], T],
    records: list[AttemptRecord],
    endpoint: Callable[[], Endpoint],
    secrets: list[str],
) -> T:
    """One request with retries of its own; its attempts are added to the records."""
    context = CallContext.of(spec, budget=Budget(spec.retry.max_retries + 1))
    attempts = Attempts(context, spec.retry, spec.retryable)

    async def encode() -> _Exchange:
        return _Exchange(request)

    async def decode(_: _Exchange, body: HttpBody) -> T:
        return await body.decoded(read)

    def send() -> Awaitable[T]:
        return attempt(context, encode, decode, errors, lambda: [*secrets, *_words(endpoint), *_signature(request)])

    call: Call[T] = Call(context, attempts, send, lambda answer: answer)  # type: ignore[arg-type, return-value]
    try:
        answer = await call.open()
        call.finish()
        return answer
    finally:
        records += context.attempts


def _warned(state: TaskState) -> list[ModelWarning]:
    if not state.further_files:
        return []
    message = f"the task has {state.further_files + 1} files, and this is the transcript of the first"
    return [ModelWarning("other", "task", message)]


def _words(endpoint: Callable[[], Endpoint]) -> list[str]:
    with suppress(ModelError):
        return endpoint().secrets()
    return []


def _signature(request: HttpRequest) -> list[str]:
    """The query of a URL that is signed because there is no key; it must not be repeated."""
    query = "" if "authorization" in request.headers else request.url.partition("?")[2]
    return [query, *(part.partition("=")[2] for part in query.split("&"))] if query else []
