"""What runs a session: its connection, the task that reads from it, and how it goes on over another one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self

from ...domain.errors import InvalidRequestError, ModelError, UnsupportedFeatureError
from ...domain.realtime.events import RealtimeEvent, SessionEvent
from ...domain.realtime.history import RealtimeHistory
from ...domain.realtime.resample import Resampler
from ...domain.realtime.settings import RealtimeFacts
from ...domain.realtime.signals import CommandRefused, GoingAway, HandleIssued, SessionReady, Signal
from ...ports.codec.realtime import RealtimeCodec, RealtimeSetup
from ..call.spec import CallSpec
from .dialogue import Dialogue
from .early_audio import EarlyAudio
from .event_queue import EventQueue
from .link import RealtimeConnection, open_connection
from .timers import SessionTimers

__all__ = ["SessionEngine"]

_INCOMING_SECONDS = 120
"""Audio that may wait for the application before the server has to wait."""
_LASTING_SECONDS = 30
"""A connection that lasted so long is replaced, even if nothing was said over it."""


class SessionEngine:
    """One session over one connection at a time; the commands are in `RealtimeSession`."""

    def __init__(self, spec: CallSpec, codec: RealtimeCodec, setup: RealtimeSetup, *, reconnect: bool) -> None:
        self.facts: RealtimeFacts = codec.facts(setup)
        """What this session can do."""
        self._spec = spec
        self._codec = codec
        self._setup = setup
        self._may_reconnect = reconnect
        self._clock = spec.runtime.clock
        self._history = RealtimeHistory(setup.history)
        self._dialogue: Dialogue | None = None
        self._connection: RealtimeConnection | None = None
        self._connected = asyncio.Event()
        self._opening = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._closing = False
        self._failed: ModelError | None = None
        self._handle: str | None = None
        self._rotate = False
        self._progress = True
        self._connected_at = 0.0
        self._queue = EventQueue(_INCOMING_SECONDS * 64_000)
        self._early = EarlyAudio()
        traits = codec.new_protocol(setup).traits
        given = setup.parameters.get("input_sample_rate") or traits.input_rate
        self.input_sample_rate: int = given
        """Samples per second that `send_audio` takes."""
        self.output_sample_rate: int = traits.output_rate
        """Samples per second of the audio in events."""
        self._resampler = Resampler(given, traits.input_rate)
        self._timers = SessionTimers(spec, self)
        self.playback: Callable[[], tuple[str, float] | None] | None = None
        """Asked for the item that is played and its position in milliseconds, before each frame is looked at."""
        self._check_setup(setup)

    def __await__(self) -> Generator[Any, None, Self]:  # Any: whatever the event loop passes
        return self.open().__await__()

    async def open(self) -> Self:
        """Connect, unless it is open; raises the error of a refused connection or set-up."""
        async with self._opening:  # tasks that send and iterate at once share one connection
            if self._reader is None and not self._closing:
                await self._open()
        return self

    async def _open(self) -> None:
        connection, _ = await open_connection(self._spec, self._codec, self._next_setup)
        if self._closing:
            await connection.aclose()
            return
        self._dialogue = Dialogue(self._history, self._spec.model, self.facts, connection.protocol)
        self._use(connection)
        self._queue.put([SessionEvent(kind="connected")])
        self._take_early(connection)
        self._reader = asyncio.get_running_loop().create_task(self._run(connection))

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the session and close its connection; what is being said is cut off."""
        self._closing = True
        self._timers.stop()
        reader, connection = self._reader, self._connection
        try:
            if reader is not None and reader is not asyncio.current_task():
                reader.cancel()
                await asyncio.wait([reader])
        finally:  # also when this is cancelled, nothing stays open
            self._connection = None
            self._connected.set()
            if reader is not None and not self._queue.ended:
                self._queue.put([*self._lost(), SessionEvent(kind="ended")])
            self._queue.end()
            if connection is not None:
                await connection.aclose()

    def _check(self, fact: str, what: str) -> None:
        if not getattr(self.facts, fact):
            raise UnsupportedFeatureError(f"{self._spec.provider} {self._spec.model} sessions cannot {what}")

    def _check_setup(self, setup: RealtimeSetup) -> None:
        if setup.text_only:
            self._check("text_output", "answer with text alone")
        if setup.tools:
            self._check("tools", "call tools")
        if setup.history:
            self._check("seeds_history", "take a past conversation")
        if setup.turn_detection.manual:
            self._check("manual_turns", "end turns by hand")
        wanted = setup.parameters.get("output_sample_rate")
        if wanted is not None and wanted != self.output_sample_rate:
            raise UnsupportedFeatureError(
                f"{self._spec.provider} {self._spec.model} sessions speak at {self.output_sample_rate} samples per "
                f"second, not at {wanted}; leave output_sample_rate out, and resample"
            )

    def _next_setup(self) -> RealtimeSetup:
        """The set-up of the next connection: with the newest handle, and the conversation so far in case it fails."""
        handle = self._handle if self.facts.resumes else None
        return replace(self._setup, handle=handle, history=tuple(self._history.messages()))

    async def _opened(self) -> Dialogue:
        if self._reader is None and not self._closing:
            await self.open()
        if self._failed is not None:
            raise self._failed.with_traceback(None)  # each raise of one object adds to its traceback
        if self._closing or self._dialogue is None:
            raise InvalidRequestError("the session is closed; open another one with model.connect()")
        return self._dialogue

    async def _ready(self) -> Dialogue:
        """The dialogue, once there is a connection to send its frames over."""
        dialogue = await self._opened()
        while self._connection is None:
            await self._connected.wait()
            dialogue = await self._opened()
        return dialogue

    def _use(self, connection: RealtimeConnection) -> None:
        assert self._dialogue is not None
        self._connection = connection
        self._connected_at = self._clock.monotonic()
        self._dialogue.protocol = connection.protocol
        self._dialogue.detects = not self._setup.turn_detection.manual
        self._history.expect(connection.protocol.seeded)
        for pcm in self._early.take():
            connection.protocol.audio(pcm)
        connection.flush()
        self._timers.opened(self._setup.card.max_session_duration_s)
        self._connected.set()

    def _flush(self) -> None:
        if self._connection is not None:
            self._connection.flush()
        self._timers.watch(self._dialogue)

    def insert(self, events: Sequence[RealtimeEvent]) -> None:
        """Add events of the application's own, such as those of its tools, after the events so far."""
        if not self._queue.ended:
            self._queue.put(events)

    def _emit(self, events: Sequence[RealtimeEvent]) -> None:
        assert self._dialogue is not None
        if self._dialogue.purged:
            self._queue.purge(self._dialogue.purged)
            self._dialogue.purged = set()
        self._queue.put(events)

    def _take_early(self, connection: RealtimeConnection) -> None:
        for signals in connection.early:
            self._take(signals)
        connection.early.clear()

    def _take(self, signals: Sequence[Signal]) -> None:
        """Pass what a frame means on to the dialogue, and its events to the application."""
        dialogue = self._dialogue
        assert dialogue is not None
        now = self._clock.monotonic()
        position = self.playback() if self.playback is not None else None
        if position is not None:
            dialogue.played(*position)
        for signal in signals:
            if type(signal) is CommandRefused:
                signal.error.scrub(self._setup.endpoint.secrets())
            events = dialogue.receive(signal, now)
            if events:
                self._emit(events)
            elif type(signal) is HandleIssued:
                self._handle = signal.handle
            elif type(signal) is GoingAway:
                self.going_away("the server announced the end of the connection", signal.seconds)
            elif type(signal) is SessionReady:
                self._timers.expires(signal.expires_at)

    def going_away(self, reason: str, seconds: float | None) -> None:
        """The connection will be replaced at the next boundary between two turns."""
        facts = {"seconds": seconds} if seconds is not None else {}
        self._emit([SessionEvent(kind="going_away", reason=reason, metadata=facts)])
        self._rotate = self._may_reconnect
        self._rotate_if_idle()

    def _rotate_if_idle(self) -> None:
        """Close the connection where nothing is lost by it; the reader then opens the next one."""
        if self._rotate and self._dialogue is not None and self._dialogue.at_boundary and self._connection:
            connection, self._connection = self._connection, None
            self._connected.clear()
            self._timers.close_soon(connection)

    def give_up(self, response_id: str, error: str | None) -> None:
        """The server never ended a response."""
        if self._dialogue is not None:
            self._emit(self._dialogue.give_up(response_id, error))
            self._flush()

    async def _run(self, connection: RealtimeConnection) -> None:
        """Read until the session ends, over as many connections as it takes."""
        error: ModelError | None = None
        try:
            while True:
                failed = await self._read(connection)
                planned, self._rotate = self._rotate and self._connection is None, False
                self._connection = None
                self._connected.clear()
                await connection.aclose()
                self._emit(self._lost())
                if not (planned or self._may_continue(failed)):
                    error = failed
                    break
                self._progress = False
                connection = await self._reopen(None if planned else failed)
        except ModelError as final:
            error = final
        except Exception as broken:  # a fault of ours or of a connector: the session ends, and says so
            self._finish(ModelError(f"the session failed: {broken}"), broken)
            return
        self._finish(error)

    def _lost(self) -> list[RealtimeEvent]:
        return self._dialogue.lost() if self._dialogue is not None else []

    def _may_continue(self, failed: ModelError) -> bool:
        lasted = self._clock.monotonic() - self._connected_at
        return self._may_reconnect and failed.retryable and (self._progress or lasted >= _LASTING_SECONDS)

    async def _read(self, connection: RealtimeConnection) -> ModelError:
        """Read until the connection ends; returns why."""
        try:
            while True:
                if self._queue.full:
                    self._timers.paused(True)
                    await self._queue.room()
                    self._timers.paused(False)
                signals = await connection.receive()
                if signals:
                    self._progress = True
                    self._take(signals)
                    connection.flush()
                    self._timers.watch(self._dialogue)
                    if self._rotate:
                        self._rotate_if_idle()
        except ModelError as error:
            return error

    async def _reopen(self, failed: ModelError | None) -> RealtimeConnection:
        assert self._dialogue is not None
        connection, resumed = await open_connection(self._spec, self._codec, self._next_setup, failed)
        dropped = self._early.dropped_ms(connection.protocol.traits.input_rate)
        self._use(connection)
        self._dialogue.reconnected(resumed)
        self._flush()
        restored: Literal["handle", "history"] = "handle" if resumed else "history"
        facts = {"dropped_audio_ms": dropped} if dropped else {}
        self._emit([SessionEvent(kind="reconnected", reason=_reason(failed), restored=restored, metadata=facts)])
        self._take_early(connection)
        return connection

    def _finish(self, error: ModelError | None, cause: Exception | None = None) -> None:
        self._timers.stop()
        if error is not None and cause is not None:
            error.__cause__ = cause
        self._failed = error
        self._connection = None
        self._connected.set()
        self._queue.put([SessionEvent(kind="ended", reason=_reason(error))])
        self._queue.end(error)


def _reason(error: ModelError | None) -> str | None:
    return str(error) if error is not None else None
