"""The contract of a speech model: one class and a folder of cassettes, of HTTP or of WebSockets.

class TestMine(TTSContract):
    model = MyTTSModel
    credential = MyCredential(api_key="test")
    cassettes = Path(__file__).parent / "cassettes"
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from ....application.speech.model import TTSModelBase
from ....domain.errors import ModelConnectionError, ModelError
from ....ports.http import HttpTransport
from ....ports.websocket import WebSocketConnection, WebSocketRequest
from ...clock import VirtualClock
from ..chat.endpoint import Nowhere
from ..core.case import Case, NotApplicableError, require
from ..core.class_checks import check_model
from ..core.recordings import Taped, load, path_ending
from ..model import (
    asking_cards,
    asking_refusals,
    asking_sharing,
    asking_sockets,
)
from ..model import (
    timeouts_and_cancellation as asking_clocks,
)
from ..model.model_contract import Ask, AskingContract, OneAfterTheOther, Played, asked_in_a_thread
from . import (
    realtime as tts_realtime,
)
from . import (
    streams as tts_cuts,
)
from . import (
    streams as tts_streams,
)
from . import (
    texts as tts_texts,
)
from . import (
    truncation as tts_faults,
)
from .collect import Spoken, listen, spoken_of_block
from .recordings import Conversed, TalkMutant, conversed

__all__ = ["TTSContract"]

_TEXT = "The bell rings."
_PATIENCE = 1.0


@dataclasses.dataclass(frozen=True)
class _Known:
    """How the paths end that a class asks, and the places of the cassettes that one call goes through."""

    endings: frozenset[str]
    finished: frozenset[str] = frozenset()


_looked: WeakKeyDictionary[type[Any], _Known] = WeakKeyDictionary()


class TTSContract(AskingContract):
    """What every speech model does, whatever its server, its network or its caller do.

    The attributes are those of `AskingContract`. A realtime model's cassettes are conversations over WebSockets.
    """

    model: ClassVar[type[TTSModelBase]]

    cases: ClassVar[tuple[Case[Any], ...]] = (
        *tts_streams.CASES,
        *tts_cuts.CASES,
        *tts_faults.CASES,
        *tts_texts.CASES,
        *tts_realtime.CASES,
        *asking_refusals.CASES,
        *asking_clocks.CASES,
        *asking_sockets.CASES,
        *asking_sharing.CASES,
        *asking_cards.CASES,
    )

    @property
    def realtime(self) -> bool:
        """Whether the class speaks over WebSockets."""
        return self.model.realtime

    def check_declared(self) -> None:
        """Raise `TypeError` unless model, credential and cassettes are there."""
        check_model(self, TTSModelBase)

    def tapes(self) -> list[Any]:  # Any: `Taped`, or `Conversed`
        """The answers of the class's own endpoints on the cassettes."""
        endings = self._known().endings
        return [tape for tape in self._loaded() if not endings or tape.ending in endings]

    def _loaded(self) -> list[Any]:
        if self.realtime:
            return [tape for folder in self.folders() for tape in conversed(folder)]
        return [tape for folder in self.folders() for tape in load(folder)]

    def _known(self) -> _Known:
        """What a look at the cassettes told."""
        if type(self) not in _looked:
            endings = asked_in_a_thread(self._asked)
            _looked[type(self)] = _Known(endings)  # so that `tapes` works meanwhile
            _looked[type(self)] = _Known(endings, asked_in_a_thread(self._finished))
        return _looked[type(self)]

    async def _asked(self) -> frozenset[str]:
        nowhere, silence = Nowhere(), _NoServer()
        names = [*(card.name for card in self.model.list_models()), self.model_name or "any-model"]
        for name in names:
            runtime = dataclasses.replace(self.runtime(nowhere), websockets=silence)
            with contextlib.suppress(ModelError):
                await listen(self.build(runtime, name, max_retries=0), _TEXT)
        urls = [*(request.url for request in nowhere.requests), *(request.url for request in silence.requests)]
        return frozenset(path_ending(urlsplit(url).path) for url in urls)

    async def _finished(self) -> frozenset[str]:
        """The places of the cassettes that one call goes through to their end, whatever comes of it."""
        found = set()
        for tape in self.tapes():
            played = self.play(tape, tape.answer(), max_retries=0)
            if await _is_over(played) and not getattr(played.wire, "unsaid", 0):
                found.add(_place(tape))
        return frozenset(found)

    def good(self) -> list[Any]:  # Any: tapes
        """The answers that speak, the shortest first."""
        opened = (tape for tape in self.tapes() if tape.succeeded and not _fails(tape))
        return sorted((tape for tape in opened if _place(tape) in self._known().finished), key=lambda t: len(t.frames))

    def unfinished(self) -> list[Any]:  # Any: tapes
        """The answers that speak, and that one call does not go through: other calls may."""
        opened = (tape for tape in self.tapes() if tape.succeeded and not _fails(tape))
        return [tape for tape in opened if _place(tape) not in self._known().finished]

    def refusals(self) -> list[Any]:  # Any: tapes
        """The unsuccessful answers, and refused handshakes."""
        return [tape for tape in self.tapes() if not tape.succeeded]

    def failures(self) -> list[Any]:  # Any: tapes
        """The conversations that the server ends with an error."""
        return [tape for tape in self.tapes() if tape.succeeded and _fails(tape)]

    def units(self, tape: Taped | Conversed) -> Sequence[Any]:
        """Events, or messages of the server's."""
        return tape.frames

    def play(self, tape: Any, *answers: Any, **options: Any) -> Played:  # Any: a tape, answers, options of the model
        """The model that the cassette was asked of, and a wire that gives it these answers."""
        return self.played(tape.model, answers, **options)

    def probe(self, name: str, **options: Any) -> Played:
        """The model of that name, and a wire that answers it like one of its kind (Any: options of the model)."""
        return self.played(name, [self.tape_for(name).answer()], **options)

    def played(self, name: str | None, answers: Sequence[Any], text: str | None = _TEXT, **options: Any) -> Played:
        """A model on these answers, to speak this text (Any: answers, options of the model)."""
        wire = TalkMutant(*answers) if self.realtime else OneAfterTheOther(*answers)
        model = self.model_on(wire, name, **options)
        return Played(model, wire, lambda: listen(model, text))

    def model_on(
        self, wire: TalkMutant | HttpTransport, name: str | None, clock: VirtualClock | None = None, **options: Any
    ) -> Any:
        """A model on this wire (Any: options of the model, a model)."""
        if isinstance(wire, TalkMutant):
            runtime = dataclasses.replace(self.runtime(Nowhere(), clock), websockets=wire)
        else:
            runtime = self.runtime(wire, clock)
        return self.build(runtime, name, **options)

    def asked_on(self, transport: HttpTransport, tape: Any, **options: Any) -> tuple[Any, Ask]:
        """The model on this transport, and the call to make (Any: as above)."""
        model = self.model_on(transport, tape.model, **options)
        return model, lambda: listen(model, _TEXT)

    def tape_for(self, name: str) -> Any:  # Any: a tape
        """A good answer of that model, else of one that takes its text in the same way."""
        tapes = self.good()
        if not tapes:
            raise NotApplicableError("needs a cassette of a successful answer")
        whole = {card.name: card.takes_whole_text for card in self.model.list_models()}
        own = [tape for tape in tapes if tape.model == name]
        alike = [tape for tape in tapes if whole.get(tape.model or "", False) == whole.get(name, False)]
        return next(iter([*own, *alike, *tapes]))

    def check_partial(self, error: ModelError, wanted: Spoken) -> None:
        """Raise unless the audio that had come is kept with the error, as a finished file."""
        partial = error.partial
        if partial is None:
            raise AssertionError("the error has no partial response")
        require(not partial.is_last, "the partial response says is_last=True")
        for block in partial.content:
            heard = spoken_of_block(block)
            require(wanted.begins_with(heard), f"partial is no beginning of the answer: {len(heard.audio)} bytes")


async def _is_over(played: Played) -> bool:
    """Whether a call comes to an end, and does not wait for what its cassette does not have."""
    call = asyncio.ensure_future(played.ask())
    waiting = asyncio.ensure_future(played.wire.waiting.wait())
    both: list[asyncio.Future[Any]] = [call, waiting]
    await asyncio.wait(both, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.01 if not call.done() else 0)  # what was said last is still on its way
    over = call.done()
    for each in both:
        each.cancel()
    await asyncio.wait(both)
    return over


def _place(tape: Taped | Conversed) -> str:
    """The file, and the number in it."""
    return tape.conversation.place if isinstance(tape, Conversed) else tape.interaction.place


def _fails(tape: Taped | Conversed) -> bool:
    return isinstance(tape, Conversed) and tape.fails


class _NoServer:
    """A connector that keeps requests and connects nobody."""

    def __init__(self) -> None:
        self.requests: list[WebSocketRequest] = []

    async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
        """Keep the request."""
        self.requests.append(request)
        raise ModelConnectionError("nobody is here", retryable=False)

    async def aclose(self) -> None:
        """Nothing is open."""
