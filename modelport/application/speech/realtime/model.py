"""The base class of speech models that take text while it is being written; a provider adds a codec and an endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ....domain.errors import InvalidRequestError
from ....domain.retry import RetryPolicy, Timeouts
from ....ports.runtime import Runtime
from ...call.arguments import body_fields
from ...model.credential import CredentialBase
from ..model import SpeechT_co, TTSModelBase

if TYPE_CHECKING:
    from ....domain.message.responses import ModelWarning
    from ....domain.speech.responses import TTSResponse
    from ....ports.codec.base import Endpoint
    from ....ports.codec.realtime_speech import RealtimeRequest, RealtimeTTSCodec
    from .session import RealtimeSession
    from .utterance import RealtimeUtterance

__all__ = ["RealtimeTTSModel"]

_opened_here: ContextVar[tuple[RealtimeSession, ...]] = ContextVar("modelport_opened_speech_sessions", default=())
"""The sessions that the running task, and those that started it, have opened."""
_MAX_RETRIES = 3
_RETRY_DELAY = 5.0


class RealtimeTTSModel(TTSModelBase[SpeechT_co]):
    """Speech over a WebSocket, from text that comes piece by piece.

    Call `connect` (or use `async with`), then speak any number of utterances: `push` for each piece of text, and
    `synthesize` once at the end. `close` at last. `synthesize` alone works without `connect`, on a connection of its
    own. Several utterances may be spoken at once, each on its own connection.

    Several tasks may use one model at once, each within an `async with` of its own or between its own `connect` and
    `close`: each has its own connection and its own utterance. Tasks that share one `connect` have an utterance each
    too; it is ended by the task that began it or, when it is the only one, by any.

    Args:
        credential: the provider's credential.
        model: the model's name at the provider.
        parameters: the class's `Parameters`; the defaults when `None`.
        stream: whether `synthesize` returns the audio as a stream or as a whole.
        cold_start_length: the number of characters to collect before the first text is sent; later text is sent
            as it comes.
        cold_start_words: the number of words to collect; if both limits are given, both must be reached.
        max_retries: how often an utterance may be restarted before its first audio.
        retry_delay: the most seconds before the first retry; it doubles with each one.
        retry_policy: in place of `max_retries` and `retry_delay`.
        timeouts: apply to each utterance, in seconds.
        runtime: the ports to run on; the default runtime's, or the hub's, when `None`.
        card_checks: `off` sends values that the model's card does not allow.
        on_unsupported: `error` refuses a call where a parameter would have to be dropped or changed.
    """

    realtime: bool = True
    codec: ClassVar[RealtimeTTSCodec]

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: Any = None,  # Any: the subclass's Parameters
        stream: bool = True,
        cold_start_length: int | None = None,
        cold_start_words: int | None = None,
        max_retries: int = _MAX_RETRIES,
        retry_delay: float = _RETRY_DELAY,
        *,
        retry_policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        runtime: Runtime | None = None,
        card_checks: Literal["on", "off"] = "on",
        on_unsupported: Literal["warn", "error"] = "warn",
    ) -> None:
        if retry_policy is None:
            retry_policy = RetryPolicy(max_retries=max_retries, retry_delay=retry_delay)
        elif (max_retries, retry_delay) != (_MAX_RETRIES, _RETRY_DELAY):
            raise InvalidRequestError("give either retry_policy, or max_retries and retry_delay, not both")
        super().__init__(
            credential,
            model,
            parameters,
            stream,
            retry_policy=retry_policy,
            timeouts=timeouts,
            runtime=runtime,
            card_checks=card_checks,
            on_unsupported=on_unsupported,
        )
        self.cold_start_length = cold_start_length
        self.cold_start_words = cold_start_words
        self._sessions: list[RealtimeSession] = []

    def endpoint(self) -> Endpoint:
        """Where connections go, with the headers that authenticate them."""
        return self._endpoint("realtime_speech")

    async def connect(self) -> None:
        """Open a connection for this task, unless it has one; raises a `ModelError` if that fails after its retries."""
        from .session import RealtimeSession  # the engine is loaded by the first call, not by the import

        own = self._own_session()
        if own is not None and own.task is asyncio.current_task():
            return
        session = RealtimeSession(self._spec(stream=True), self.codec)
        self._sessions = [other for other in self._sessions if other.open] + [session]
        token = _opened_here.set((*(other for other in _opened_here.get() if other.open), session))
        try:
            await session.connect(self._request({})[0])
        except BaseException:
            self._forget(session)
            _opened_here.reset(token)
            raise

    async def push(self, text: str, **kwargs: Any) -> TTSResponse:  # Any: provider fields
        """Speak this text after the text so far. Returns at once, with the audio received since the last `push`.

        `kwargs` are provider settings for this utterance, to be given with its first text. If the utterance failed,
        raises its error once its audio is taken; the next text starts a new utterance. Raises `InvalidRequestError`
        without `connect`.
        """
        from .calls import push

        session = self._open_session()
        if session is None:
            raise InvalidRequestError("push() needs a connection; use `async with model:` or await model.connect()")
        return await push(session, self._begin, text, kwargs)

    async def arrived(self) -> TTSResponse | None:
        """Wait for audio of the utterance that is being written; `None` if none comes before `synthesize`.

        Returns the audio that the next `push` would have returned, for callers that read between two pieces of text.
        """
        from .calls import arrived

        session = self._open_session()
        utterance = await session.nearest() if session is not None else None
        return None if utterance is None else await arrived(utterance)

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: provider fields
    ) -> SpeechT_co:
        """Speak this text after the text so far, and end the utterance.

        With `stream=True` returns once the connection is open: a generator that yields audio while the server still
        speaks; together with the audio that `push` returned, its responses are one file. Otherwise returns one complete
        file of the audio that `push` did not return. `kwargs` as with `push`; `extra_body` is merged into them, and
        `extra_headers` are sent with the handshake. Raises a `ModelError`, whose `partial` holds the audio so far:
        without `stream` all that `push` did not return, else at most the first 64 KiB (1.4 seconds at 24,000 samples),
        since the caller has had it.
        """
        from .calls import speak

        return await speak(self._open_session(), self._begin, text, kwargs, self.stream)  # type: ignore[return-value]

    async def close(self) -> None:
        """Close the connection that this task has opened, and stop what is still being spoken over it.

        A task that has opened none closes all.
        """
        own = self._own_session()
        await self._close([own] if own is not None else list(self._sessions))

    async def aclose(self) -> None:
        """Close the connections of all tasks."""
        try:
            await self._close(list(self._sessions))
        finally:
            await super().aclose()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.close()
        finally:
            if not any(session.usable for session in self._sessions):
                await self.aclose()

    async def _close(self, sessions: list[RealtimeSession]) -> None:
        if not sessions:
            return
        session = sessions.pop()
        self._forget(session)
        try:
            await session.aclose()
        finally:
            await self._close(sessions)

    def _forget(self, session: RealtimeSession) -> None:
        if session in self._sessions:
            self._sessions.remove(session)

    def _begin(self, settings: Mapping[str, Any]) -> RealtimeUtterance:  # Any: provider fields
        """A new utterance with these settings; of the session, if there is one."""
        from ....domain.speech.text import ColdStart
        from .utterance import RealtimeUtterance

        session = self._open_session()
        request, warnings = self._request(settings)
        cold_start = ColdStart(self.cold_start_length, self.cold_start_words)
        spec = self._spec(stream=True)
        if session is None:
            return RealtimeUtterance(spec, self.codec, request, cold_start, warnings, settings)
        ended, pool = session.utterances.discard, session.pool
        utterance = RealtimeUtterance(spec, self.codec, request, cold_start, warnings, settings, pool, ended)
        session.utterances.add(utterance)
        return utterance

    def _request(self, settings: Mapping[str, Any]) -> tuple[RealtimeRequest, list[ModelWarning]]:
        """How to speak, checked against the card."""
        from ....ports.codec.realtime_speech import RealtimeRequest

        values, warnings = self._values(self.card)
        overrides, headers = body_fields(settings)
        request = RealtimeRequest(
            endpoint=self.endpoint(),
            model=self.model,
            card=self.card,
            parameters=values,
            overrides=overrides,
            extra_headers=headers,
            max_characters=self.card.max_characters if self.card_checks == "on" else None,
        )
        return request, warnings

    def _own_session(self) -> RealtimeSession | None:
        """What this task, or the one that started it, has opened."""
        return next((one for one in reversed(_opened_here.get()) if one in self._sessions and one.usable), None)

    def _open_session(self) -> RealtimeSession | None:
        """`_own_session`, else the only one that is open; `InvalidRequestError` when there are several."""
        own = self._own_session()
        usable = [session for session in self._sessions if session.usable]
        if own is None and len(usable) > 1:
            raise InvalidRequestError(
                f"{len(usable)} other tasks are connected with this model; use `async with model:` in this task too"
            )
        return own or (usable[0] if usable else None)
