"""The contract of an embedding model: one class and a folder of cassettes.

class TestMine(EmbeddingContract):
    model = MyEmbeddingModel
    credential = MyCredential(api_key="test")
    cassettes = Path(__file__).parent / "cassettes"
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from ....application.embedding.cache import EmbeddingCacheBase
from ....application.embedding.model import EmbeddingModelBase
from ....domain.errors import ModelError
from ....ports.http import HttpTransport
from ...clock import VirtualClock
from ..chat.endpoint import Nowhere
from ..core.case import Case, NotApplicableError
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
from ..model.model_contract import Ask, AskingContract, Played, asked_in_a_thread
from . import (
    batches as embedding_batches,
)
from . import (
    bodies as embedding_bodies,
)
from . import (
    cache_use as embedding_cache_use,
)
from . import (
    inputs as embedding_cards,
)
from . import (
    inputs as embedding_inputs,
)
from .echo_transport import Before, Echo, MemoryCache, embed
from .response_template import Template

__all__ = ["EmbeddingContract"]

_PIECES = 8
_endings: WeakKeyDictionary[type[Any], frozenset[str]] = WeakKeyDictionary()


class EmbeddingContract(AskingContract):
    """What every embedding model does, whatever its server, its network or its caller do.

    Attributes:
        cache: makes the cache that the model uses where a case is about caching; by default one in memory.

    The others are those of `AskingContract`.
    """

    model: ClassVar[type[EmbeddingModelBase[Any]]]
    cache: ClassVar[Callable[[], EmbeddingCacheBase]] = MemoryCache

    cases: ClassVar[tuple[Case[Any], ...]] = (
        *embedding_bodies.CASES,
        *embedding_batches.CASES,
        *embedding_cache_use.CASES,
        *embedding_inputs.CASES,
        *asking_refusals.CASES,
        *asking_clocks.CASES,
        *asking_sockets.CASES,
        *asking_sharing.CASES,
        *asking_cards.CASES,
        *embedding_cards.CASES,
    )

    def check_declared(self) -> None:
        """Raise `TypeError` unless model, credential and cassettes are there."""
        check_model(self, EmbeddingModelBase)

    def tapes(self) -> list[Taped]:
        """The answers of the class's own endpoints on the cassettes."""
        loaded = [tape for folder in self.folders() for tape in load(folder)]
        endings = _endings.get(type(self))
        if endings is None:
            endings = _endings[type(self)] = asked_in_a_thread(self._asked)
        return [tape for tape in loaded if not endings or tape.ending in endings]

    async def _asked(self) -> frozenset[str]:
        """How the paths end that requests are sent to, for the models on the cards and for one that has no card."""
        nowhere = Nowhere()
        names = [*(card.name for card in self.model.list_models()), self.model_name or "any-model"]
        for name in names:
            with contextlib.suppress(ModelError):
                await self.model_on(nowhere, name, max_retries=0)(["text"])
        return frozenset(path_ending(urlsplit(request.url).path) for request in nowhere.requests)

    def good(self) -> list[Taped]:
        """The successful answers, those with several vectors first."""
        found = [tape for tape in self.tapes() if tape.succeeded]
        return sorted(found, key=lambda tape: -_count(tape))

    def refusals(self) -> list[Taped]:
        """The unsuccessful answers."""
        return [tape for tape in self.tapes() if not tape.succeeded]

    def units(self, tape: Taped) -> Sequence[bytes]:
        """The body in eight pieces."""
        size = max(1, len(tape.body) // _PIECES)
        return [tape.body[start : start + size] for start in range(0, len(tape.body), size)]

    def model_on(
        self, transport: HttpTransport, name: str | None = None, clock: VirtualClock | None = None, **options: Any
    ) -> EmbeddingModelBase[Any]:
        """A model on this transport (Any: options of the model, whatever an input may be)."""
        model: EmbeddingModelBase[Any] = self.build(self.runtime(transport, clock), name, **options)
        return model

    def asked_on(self, transport: HttpTransport, tape: Taped, **options: Any) -> tuple[Any, Ask]:
        """The model that the cassette was asked of; it is given as many texts as were recorded (Any: as above)."""
        model = self.model_on(transport, tape.model, **options)
        texts = [f"text {number}" for number in range(_count(tape) or 1)]
        return model, lambda: embed(model, texts)

    def probe(self, name: str, **options: Any) -> Played:
        """The model of that name, with a vector for whatever it asks (Any: options of the model)."""
        model, wire = self.echo(name, **options)
        return Played(model, wire, lambda: embed(model, ["text"]))

    def template(self) -> Template:
        """What the cassettes teach about requests and answers; where they teach nothing, a case is not applicable."""
        return next(iter(self.templates().values()))

    def templates(self) -> dict[str, Template]:
        """The same for each endpoint, by the ending of its path."""
        found: dict[str, Template] = {}
        for tape in self.good():
            template = Template.of(tape) if tape.ending not in found else None
            if template is not None:
                found[tape.ending] = template
        if not found:
            raise NotApplicableError("needs a cassette whose request and answer are JSON, with a vector for each input")
        return found

    def echo(self, name: str | None = None, before: Before | None = None, **options: Any) -> tuple[Any, Echo]:
        """A model whose every input gets a vector, and the transport that sees to it (Any: options, a model)."""
        wire = Echo(self.templates(), before)
        return self.model_on(wire, name or self.template().tape.model, **options), wire

    def new_cache(self) -> EmbeddingCacheBase:
        """A cache with nothing in it."""
        return type(self).cache()


def _count(tape: Taped) -> int:
    """How many vectors an answer has."""
    template = Template.of(tape)
    return template.count if template is not None else 0
