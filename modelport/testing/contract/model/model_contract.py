"""What the contracts of chat, embedding and speech models share: recordings to play, a call to make, its result.

The cases that hold for every kind of model are typed on `ModelContract`; a kind says how it calls a model, and how the
result is compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from ....composition.defaults import build_runtime
from ....domain.errors import ModelError
from ....ports.runtime import Runtime, default_runtime
from ...clock import VirtualClock
from ..core.case import require
from ..core.contract import Contract
from ..core.mutated_transport import End, MutatedTransport, StubMediaLoader, UnreachableTransport
from ..core.recordings import load, path_ending
from ..core.secrets import with_known_secrets

__all__ = ["AnyRecording", "CallResult", "ModelContract", "Wire", "require_error", "run_in_thread"]

_known_endings: WeakKeyDictionary[type[Any], frozenset[str]] = WeakKeyDictionary()


class AnyRecording(Protocol):
    """One recorded answer, over HTTP or over a WebSocket."""

    @property
    def status(self) -> int:
        """Of the answer, or of the handshake."""
        ...

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of success."""
        ...

    @property
    def ending(self) -> str:
        """The last segment of the path: what the endpoint does."""
        ...

    @property
    def model(self) -> str | None:
        """The model asked."""
        ...

    def answer(self, pieces: Any = None, end: End = End.WHOLE) -> Any:
        """This answer with other pieces, or unchanged (Any: what the wire plays)."""
        ...


class Wire(Protocol):
    """A transport or a connector that plays answers, and what a case may ask of it afterwards."""

    requests: list[Any]
    """What was sent (Any: requests of HTTP, or handshakes)."""
    waiting: asyncio.Event
    """Set while a call waits for something that never comes."""

    @property
    def unclosed(self) -> int:
        """How many answers were neither read to their end nor closed."""
        ...

    @property
    def sent_bytes(self) -> bytes:
        """Everything that was sent, without headers and addresses."""
        ...


@dataclass(frozen=True)
class CallResult:
    """The result of one call: a value to compare, without what differs from call to call; the response; the error."""

    value: Any = None  # Any: each kind of model has its own
    response: Any = None
    error: ModelError | None = None

    def whole(self) -> Any:  # Any: as above
        """The value; raises the error when there is one."""
        if self.error is not None:
            raise self.error
        return self.value


class ModelContract(Contract):
    """A contract of one model class, its credential, and cassettes to play.

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

    modes: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    """Options of the model under each of which the rules of requests hold (Any: their values)."""
    final_statuses: ClassVar[Sequence[int]] = (400, 403, 404, 422)
    """Statuses after which nothing is sent again."""
    may_end_early: ClassVar[bool] = True
    """Whether a call may end before the server has sent the last piece of its answer."""

    @property
    def subject(self) -> str:
        """The class's name."""
        return self.model.__name__

    @property
    def realtime(self) -> bool:
        """Whether the class connects over WebSockets."""
        return False

    # ---- recordings

    def all_tapes(self) -> list[Any]:  # Any: recordings of HTTP, or of WebSockets
        """Every answer on the cassettes, whatever the endpoint."""
        given = [self.cassettes] if isinstance(self.cassettes, str | Path) else self.cassettes
        return [tape for folder in given for tape in self.load(Path(folder))]

    def load(self, folder: Path) -> Sequence[Any]:  # Any: as above
        """Every answer on the cassettes of one folder."""
        return load(folder)

    def tapes(self) -> list[Any]:  # Any: as above
        """The answers of the class's own endpoints on the cassettes."""
        endings = self.endings()
        return [tape for tape in self.all_tapes() if not endings or tape.ending in endings]

    def unrecorded(self) -> str | None:
        """Why nothing can be played, where no cassette is of the class's own endpoints."""
        endings, found = self.endings(), self.all_tapes()
        if any(not endings or tape.ending in endings for tape in found):
            return None
        wanted = f"the endpoint …/{' or …/'.join(sorted(endings))}" if endings else "a WebSocket"
        known = ", ".join(sorted({f"…/{tape.ending}" for tape in found})) or "nothing"
        return f"no cassette is of {wanted}; there is {known}"

    def good(self) -> Sequence[Any]:  # Any: as above
        """The successful answers of the class's own endpoints."""
        return [tape for tape in self.tapes() if tape.succeeded]

    def simplest(self) -> Sequence[Any]:  # Any: as above
        """One of them at most, for cases that do not depend on its content."""
        return self.good()[:1]

    def refusals(self) -> Sequence[Any]:  # Any: as above
        """The unsuccessful answers."""
        return [tape for tape in self.tapes() if not tape.succeeded]

    def cards(self) -> Sequence[Any]:
        """The cards of the models that are asked (Any: of the kind of the contract)."""
        return list(self.model.list_models())

    def units(self, tape: Any) -> Sequence[Any]:  # Any: a recording, pieces of its answer
        """The answer cut into the pieces between which a case may cut it."""
        raise NotImplementedError

    def endings(self) -> frozenset[str]:
        """How the paths end that the class sends requests to; empty when it sends none. Found once for each class."""
        if type(self) not in _known_endings:
            _known_endings[type(self)] = run_in_thread(self._find_endings)
        return _known_endings[type(self)]

    async def _find_endings(self) -> frozenset[str]:
        unreachable = UnreachableTransport()
        for model in self.models_on(unreachable):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.patience):
                    await self.ask(model)
        return frozenset(path_ending(urlsplit(request.url).path) for request in unreachable.requests)

    def models_on(self, wire: Any) -> Iterator[Any]:  # Any: a transport, models
        """Models that together call every endpoint of the class: by default those of the cards, and one without."""
        for name in (*(card.name for card in self.cards()), self.model_name or "any-model"):
            yield self.build(wire, name, max_retries=0)

    # ---- calls

    def runtime(self, wire: Any, clock: VirtualClock | None = None) -> Runtime:
        """A runtime on this transport or connector (Any: either, or both), and on a clock that does not wait."""
        built = build_runtime(wire if hasattr(wire, "send") else UnreachableTransport())
        return dataclasses.replace(
            built,
            websockets=wire if hasattr(wire, "connect") else built.websockets,
            clock=clock or VirtualClock(skip_sleeps=True),
            media_loader=StubMediaLoader(),
            cards=default_runtime().cards,  # already loaded
        )

    def build(self, wire: Any, name: str | None = None, clock: VirtualClock | None = None, **options: Any) -> Any:
        """A model on this transport or connector (Any: either, options of the model, a model)."""
        credential = with_known_secrets(self.credential)
        return self.model(credential, name or self.default_model(), runtime=self.runtime(wire, clock), **options)

    def play(self, tape: Any, *answers: Any, **options: Any) -> tuple[Any, Any]:
        """The model that the recording was asked of, and the wire that plays these answers to it.

        Any: a recording, answers that the wire plays, options of the model; a model and a `Wire`.
        """
        wire = self.wire(*answers)
        return self.build(wire, **{"name": tape.model, **options}), wire

    def wire(self, *answers: Any) -> Any:  # Any: answers, a `Wire`
        """A wire that plays these answers, and the last one again and again."""
        return MutatedTransport(*answers)

    def probe(self, name: str, **options: Any) -> tuple[Any, Any]:
        """The model of that name, and a wire that answers whatever it asks (Any: as for `play`)."""
        raise NotImplementedError

    async def ask(self, model: Any, tape: Any = None) -> CallResult:
        """Make the call that was recorded, or any (Any: a model, a recording). A `ModelError` is kept."""
        raise NotImplementedError

    async def ask_with_card(self, model: Any, card: Any) -> CallResult:  # Any: a model, a card
        """Make a call that uses what the card has."""
        return await self.ask(model)

    async def call(self, tape: Any, *answers: Any, **options: Any) -> CallResult:
        """The result of the recorded call with these answers (Any: as for `play`)."""
        model, _ = self.play(tape, *answers, **options)
        return await self.ask(model, tape)

    async def expected(self, tape: Any) -> Any:  # Any: a recording, the value of a result
        """What the unchanged answer gives."""
        return (await self.call(tape, tape.answer())).whole()

    def check_partial(self, tape: Any, error: ModelError, wanted: Any) -> None:  # Any: a recording, what was expected
        """Raise unless what had come before the error is kept with it."""

    def default_model(self) -> str:
        """The model to ask where nothing names one."""
        names = (card.name for card in self.cards() if card.status == "active")
        return self.model_name or next(names, "any-model")


def run_in_thread(function: Any) -> Any:  # Any: a coroutine function without arguments, and its result
    """The result of an asynchronous function, run in a thread with an event loop of its own.

    pytest needs it while it collects tests, and other runners from within an event loop.
    """
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(function())).result()


def require_error(result: CallResult, kind: type[ModelError] | tuple[type[ModelError], ...], what: str) -> ModelError:
    """The error; raises unless it is one of these."""
    error = result.error
    require(isinstance(error, kind), f"{what} gives {error or result.value!r:.300}")
    assert error is not None
    return error
