"""The base class of speech models that take text while it is being written; a provider adds a codec and an endpoint."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ....domain.errors import InvalidRequestError
from ....domain.retry import RetryPolicy, Timeouts
from ....ports.runtime import Runtime
from ...call.arguments import body_fields, parameter_values
from ...model.credential import CredentialBase
from ..model import TTSModelBase

if TYPE_CHECKING:
    from ....domain.message.responses import ModelWarning
    from ....domain.speech.responses import TTSResponse
    from ....ports.codec.chat import Endpoint
    from ....ports.codec.realtime_speech import RealtimeRequest, RealtimeTTSCodec
    from .session import RealtimeSession
    from .utterance import RealtimeUtterance

__all__ = ["RealtimeTTSModel"]

_MAX_RETRIES = 3
_RETRY_DELAY = 5.0


class RealtimeTTSModel(TTSModelBase):
    """Speech over a WebSocket, from text that comes piece by piece.

    Call `connect` (or use `async with`), then speak any number of utterances: `push` for each piece of text, and
    `synthesize` once at the end. `close` at last. `synthesize` alone works without `connect`, on a connection of its
    own. Several utterances may be spoken at once, each on its own connection; one of them takes text at a time.

    Args:
        cold_start_length: the number of characters to collect before the first text is sent; later text is sent as it
            comes.
        cold_start_words: the number of words to collect; if both limits are given, both must be reached.
        max_retries: how often an utterance may be restarted before its first audio.
        retry_delay: the most seconds before the first retry; it doubles with each one.

    The other arguments are those of `TTSModelBase`; give either `retry_policy` or these two.
    """

    realtime: ClassVar[bool] = True
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
        )
        self.cold_start_length = cold_start_length
        self.cold_start_words = cold_start_words
        self._session: RealtimeSession | None = None

    def endpoint(self) -> Endpoint:
        """Where connections go, with the headers that authenticate them."""
        return self._endpoint("realtime_speech")

    async def connect(self) -> None:
        """Open the connection, unless it is open; raises a `ModelError` when that fails after its retries."""
        from .session import RealtimeSession  # the engine is loaded by the first call, not by the import

        if self._open_session() is None:
            session = self._session = RealtimeSession(self._spec(stream=True), self.codec)
            try:
                await session.open(self._request({})[0])
            except BaseException:
                if self._session is session:  # else it was closed meanwhile, and perhaps opened again
                    self._session = None
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
        return await arrived(session.writing) if session is not None and session.writing is not None else None

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: provider fields
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        """Speak this text after the text so far, and end the utterance.

        With `stream=True` returns once the connection is open: a generator that yields audio while the server still
        speaks; together with the audio that `push` returned, its responses are one file. Otherwise returns one complete
        file of the audio that `push` did not return. `kwargs` as with `push`; `extra_body` is merged into them, and
        `extra_headers` are sent with the handshake. Raises a `ModelError`, whose `partial` holds all audio so far.
        """
        from .calls import speak

        return await speak(self._open_session(), self._begin, text, kwargs, self.stream)

    async def close(self) -> None:
        """Close the connection, and stop what is still being spoken."""
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()

    async def aclose(self) -> None:
        """The same as `close`."""
        try:
            await self.close()
        finally:
            await super().aclose()

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

        values, warnings = parameter_values(self.parameters, self.card, self.card_checks)
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

    def _open_session(self) -> RealtimeSession | None:
        session = self._session
        return session if session is not None and session.usable else None
