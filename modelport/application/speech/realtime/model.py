"""The template of speech models that take text while it is being written: a provider is a codec and an endpoint."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ....domain.errors import InvalidRequestError
from ....domain.retry import RetryPolicy, Timeouts
from ....ports.runtime import Runtime
from ...model.credential import CredentialBase
from ..model import TTSModelBase

if TYPE_CHECKING:
    from ....domain.speech.responses import TTSResponse
    from ....ports.codec.chat import Endpoint
    from ....ports.codec.realtime_speech import RealtimeTTSCodec
    from .session import RealtimeSession

__all__ = ["RealtimeTTSModel"]

_MAX_RETRIES = 3
_RETRY_DELAY = 5.0


class RealtimeTTSModel(TTSModelBase):
    """Speech over a WebSocket, from text that comes piece by piece.

    `connect` (or `async with`), then any number of utterances, each `push` as often as there is text and `synthesize`
    once; at last `close`. `synthesize` alone works without `connect`, on a connection of its own. Several utterances
    may be spoken at once, each on its own connection; text is pushed to one of them at a time.

    Args:
        cold_start_length: the characters that must have been pushed before the first text is sent; then it is sent as
            it comes.
        cold_start_words: the words that must have been pushed; of two limits both must be reached.
        max_retries: how often an utterance of which nothing was heard yet may be begun again.
        retry_delay: seconds before the first retry at most; it doubles.

    The other arguments are those of every speech model; give either `retry_policy` or these two.
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
            raise InvalidRequestError("give either retry_policy or max_retries and retry_delay, not both")
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
        return self.credential.endpoint("realtime_speech")

    async def connect(self) -> None:
        """Open the connection, unless it is open; raises a `ModelError` when that fails, after its retries."""
        from .calls import request_of
        from .session import RealtimeSession  # the engine is loaded by the first call, not by the import

        if self._open_session() is None:
            session = self._session = RealtimeSession(self)
            try:
                await session.open(request_of(self, {})[0])
            except BaseException:
                if self._session is session:  # else it was closed meanwhile, and perhaps opened again
                    self._session = None
                raise

    async def push(self, text: str, **kwargs: Any) -> TTSResponse:  # Any: provider fields
        """Speak this too. Returns at once, with the audio that has come since the last `push`, if any.

        `kwargs` are settings of the provider's for this utterance; they count with its first text. Raises the error
        that broke the utterance, after its audio; the next text begins another one. `InvalidRequestError` without
        `connect`.
        """
        from .calls import push

        session = self._open_session()
        if session is None:
            raise InvalidRequestError("push() needs a connection: use `async with model:`, or await model.connect()")
        return await push(self, session, text, kwargs)

    async def arrived(self) -> TTSResponse | None:
        """Wait for audio of the utterance that is being written; `None` when there will be none before `synthesize`.

        It is the audio that the next `push` would have returned, for callers who listen between two pieces of text.
        """
        from .calls import arrived

        session = self._open_session()
        return await arrived(session.writing) if session is not None and session.writing is not None else None

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: provider fields
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        """Speak this too, and end the utterance.

        With `stream=True` returns when the connection stands; the generator yields audio while the server still speaks,
        and with what `push` returned before its responses are one file. Without, one finished file of what `push` did
        not return. `kwargs` as with `push`; `extra_body` is merged into them, `extra_headers` goes into the handshake.
        Raises a `ModelError`, whose `partial` holds all audio of the utterance.
        """
        from .calls import speak

        return await speak(self, self._open_session(), text, kwargs)

    async def close(self) -> None:
        """Close the connection; what is still being spoken is given up."""
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()

    async def aclose(self) -> None:
        """The same as `close`."""
        try:
            await self.close()
        finally:
            await super().aclose()

    def _open_session(self) -> RealtimeSession | None:
        session = self._session
        return session if session is not None and session.usable else None
