"""What the contracts of embedding and speech models share: a call that is made once, and what comes of it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ....composition.defaults import build_runtime
from ....domain.errors import ModelError
from ....ports.http import HttpTransport
from ....ports.runtime import Runtime, default_runtime
from ...clock import VirtualClock
from ..core.case import require
from ..core.contract import Contract
from ..core.mutated_transport import CassetteMutant, End, StillMedia
from .secrets import with_known_secrets

__all__ = ["Answered", "Ask", "AskingContract", "Played", "Tape", "Wire", "asked_in_a_thread", "require_error"]


class Tape(Protocol):
    """One answer on a cassette, over whatever wire."""

    @property
    def status(self) -> int:
        """Of the answer, or of the handshake."""
        ...

    @property
    def succeeded(self) -> bool:
        """Whether the status says so."""
        ...

    @property
    def model(self) -> str | None:
        """The model asked."""
        ...

    def answer(self, pieces: Any = None, end: End = End.WHOLE) -> Any:
        """This answer with other pieces, or as it is (Any: what the wire plays)."""
        ...


class Wire(Protocol):
    """What is known of the answers that were played."""

    requests: list[Any]
    """What was sent (Any: requests of HTTP, or handshakes)."""
    waiting: asyncio.Event
    """Set while somebody waits for what will never come."""

    @property
    def unclosed(self) -> int:
        """How many answers were neither read to their end nor closed."""
        ...

    @property
    def sent_bytes(self) -> bytes:
        """Everything that was sent, without headers and addresses."""
        ...


@dataclass(frozen=True)
class Answered:
    """What one call gave: its value without what differs from call to call, the last response, or the error."""

    value: Any = None  # Any: whatever the kind of model answers
    response: Any = None
    error: ModelError | None = None

    def whole(self) -> Any:  # Any: as above
        """The value; raises the error when there is none."""
        if self.error is not None:
            raise self.error
        return self.value


Ask = Callable[[], Awaitable[Answered]]
"""A call, with its `ModelError` kept."""


@dataclass(frozen=True)
class Played:
    """A model, the wire under it, and the call to make."""

    model: Any  # Any: a model of anybody's
    wire: Wire
    ask: Ask


class OneAfterTheOther(CassetteMutant):
    """A mutant that also tells what was sent, as `Wire` wants it."""

    @property
    def sent_bytes(self) -> bytes:
        """The bodies of all requests."""
        return b"".join(request.body for request in self.requests)


class AskingContract(Contract):
    """A contract of models that are asked once: the class, its credential, and cassettes to play.

    Attributes:
        model: the class.
        credential: one that it takes; its keys are replaced by known ones.
        cassettes: the folder of cassettes, or several. Those of other endpoints in it are passed over.
        model_name: the model to ask where a cassette names none; by default the first of the cards.
        limit: how many mutations of one kind are made of one cassette at most.
        patience: seconds of real time to wait for what should happen at once.
    """

    model: ClassVar[type[Any]]  # Any: the subclass says of which kind
    credential: ClassVar[Any]  # Any: the model's own kind
    cassettes: ClassVar[Path | str | Sequence[Path | str]]
    model_name: ClassVar[str | None] = None
    limit: ClassVar[int] = 120
    patience: ClassVar[float] = 5.0

    @property
    def subject(self) -> str:
        """The class's name."""
        return self.model.__name__

    def folders(self) -> list[Path]:
        """The folders of cassettes."""
        given = [self.cassettes] if isinstance(self.cassettes, str | Path) else self.cassettes
        return [Path(folder) for folder in given]

    def good(self) -> Sequence[Any]:  # Any: tapes
        """The successful answers of the class's own endpoints."""
        raise NotImplementedError

    def refusals(self) -> Sequence[Any]:  # Any: tapes
        """Their unsuccessful answers."""
        raise NotImplementedError

    def units(self, tape: Any) -> Sequence[Any]:  # Any: a tape, pieces of its answer
        """The answer cut where a cut is worth a look."""
        raise NotImplementedError

    def play(self, tape: Any, *answers: Any, **options: Any) -> Played:  # Any: a tape, answers, options of the model
        """The model that the cassette was asked of, and a wire that gives it these answers."""
        wire = OneAfterTheOther(*answers)
        model, ask = self.asked_on(wire, tape, **options)
        return Played(model, wire, ask)

    def asked_on(self, transport: HttpTransport, tape: Any, **options: Any) -> tuple[Any, Ask]:
        """The model on this transport, and the call to make (Any: as above, a model)."""
        raise NotImplementedError

    def probe(self, name: str, **options: Any) -> Played:
        """The model of that name, and a wire that answers anything it asks (Any: options of the model)."""
        raise NotImplementedError

    async def expected(self, tape: Any) -> Any:  # Any: a tape, and what it says
        """What the unchanged answer says."""
        return (await self.play(tape, tape.answer()).ask()).whole()

    def check_partial(self, error: ModelError, wanted: Any) -> None:  # Any: what `expected` says
        """Raise unless what had come before the error is kept with it."""

    def runtime(self, transport: HttpTransport, clock: VirtualClock | None = None) -> Runtime:
        """A runtime on this transport, and on a clock that does not wait."""
        return dataclasses.replace(
            build_runtime(transport),
            clock=clock or VirtualClock(skip_sleeps=True),
            media_loader=StillMedia(),
            cards=default_runtime().cards,  # which has read them before
        )

    def build(self, runtime: Runtime, name: str | None = None, **options: Any) -> Any:
        """A model (Any: of the class, options of it)."""
        chosen = name or self.default_model()
        return self.model(with_known_secrets(self.credential), chosen, runtime=runtime, **options)

    def default_model(self) -> str:
        """The model to ask where nothing names one."""
        names = (card.name for card in self.model.list_models() if card.status == "active")
        return self.model_name or next(names, "any-model")


def asked_in_a_thread(ask: Callable[[], Awaitable[frozenset[str]]]) -> frozenset[str]:
    """What an asynchronous function gives, asked in a thread with an event loop of its own.

    pytest wants to know while it collects, and a runner from within an event loop.
    """

    async def run() -> frozenset[str]:
        return await ask()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, run()).result()


def require_error(answered: Answered, kind: type[ModelError] | tuple[type[ModelError], ...], what: str) -> ModelError:
    """The error; raises unless it is one of these."""
    error = answered.error
    require(isinstance(error, kind), f"{what} gives {error or answered.value!r:.300}")
    assert error is not None
    return error
