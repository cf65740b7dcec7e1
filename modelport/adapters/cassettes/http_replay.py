"""A transport that answers from cassettes: no network, the same answers every time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import ClassVar, Literal

from ...domain.errors import ModelConnectionError
from ...ports.clock import Clock
from ...ports.http import HttpRequest, HttpResponse
from ..net.clock import SystemClock
from ..net.closing import Closing
from .found_secrets import request_secrets
from .http_file import Asked, Interaction, read_interactions
from .mismatch import mismatch, used_up
from .redact import scrub_bytes

__all__ = ["ReplayTransport"]


class ReplayTransport(Closing):
    """Answers a request with what was recorded for its method, path, query and JSON body.

    Each interaction is played once, in the order of the cassettes; a request that has none left raises
    `ReplayMismatchError` with the differences from the nearest. Plain vcrpy cassettes are read too.

    Args:
        cassettes: a YAML file, or a folder of them; read at the first request.
        speed: `full`, or `recorded` to wait between chunks as long as was waited then.
        repeat: begin again with the first answer when all that a request has were played.
        clock: waits.
    """

    stand_in: ClassVar[str] = "replay"

    def __init__(
        self,
        cassettes: str | Path,
        *,
        speed: Literal["full", "recorded"] = "full",
        repeat: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._source = Path(cassettes)
        self._clock = (clock or SystemClock()) if speed == "recorded" else None
        self._repeat = repeat
        self._recorded: dict[object, list[Interaction]] | None = None
        self._played: dict[object, int] = {}

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """The recorded answer, at once or after the recorded wait."""
        interaction = self._next(request)
        if on_connected is not None:
            on_connected()
        if self._clock is not None:
            await self._clock.sleep(interaction.head)
        return _Response(interaction, self._clock)

    async def aclose(self) -> None:
        """Nothing is open; what was played stays played."""

    def _next(self, request: HttpRequest) -> Interaction:
        body, _ = scrub_bytes(request.body, request_secrets(request.headers, request.url))
        asked = Asked.of(request.method, request.url, body)
        recorded = self._load()
        found = recorded.get(asked.key)
        if found is None:
            raise mismatch(asked, [one for many in recorded.values() for one in many], str(self._source))
        number = self._played.get(asked.key, 0)
        if number >= len(found) and not self._repeat:
            raise used_up(f"{asked.method} {asked.path}", len(found), str(self._source))
        self._played[asked.key] = number + 1
        return found[number % len(found)]

    def _load(self) -> dict[object, list[Interaction]]:
        if self._recorded is None:
            recorded: dict[object, list[Interaction]] = {}
            for interaction in read_interactions(self._source):
                recorded.setdefault(interaction.asked.key, []).append(interaction)
            self._recorded = recorded
        return self._recorded


class _Response:
    """A recorded answer, in the pieces that it came in."""

    __slots__ = ("_clock", "_closed", "_interaction", "headers", "status")

    def __init__(self, interaction: Interaction, clock: Clock | None) -> None:
        self._interaction = interaction
        self._clock = clock
        self._closed = False
        self.status = interaction.status
        self.headers: Mapping[str, str] = interaction.headers

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body()

    async def _body(self) -> AsyncGenerator[bytes, None]:
        now = self._interaction.head
        for at, piece in self._interaction.pieces:
            if self._clock is not None and at > now:
                await self._clock.sleep(at - now)
                now = at
            if self._closed:
                return
            yield piece
        if not self._interaction.whole:
            raise ModelConnectionError(
                f"the answer breaks off here, as it did when recorded: {self._interaction.place}"
            )

    async def aclose(self) -> None:
        """End the body."""
        self._closed = True
