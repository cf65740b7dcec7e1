"""What the cases of embedding models ask of their contract: recordings, calls, and answers to any batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ....application.embedding.cache import EmbeddingCacheBase
from ....application.embedding.model import EmbeddingModelBase
from ..core.case import NotApplicableError
from ..core.class_checks import check_model
from ..core.recordings import Recording
from ..model.model_contract import CallResult, ModelContract
from .echo_transport import Before, EchoTransport, MemoryCache, embed
from .response_template import Template

__all__ = ["EmbeddingContractBase"]

_PIECES = 8


class EmbeddingContractBase(ModelContract):
    """A `ModelContract` of an embedding model, without cases."""

    model: ClassVar[type[EmbeddingModelBase[Any]]]
    cache: ClassVar[Callable[[], EmbeddingCacheBase]] = MemoryCache

    def check_declared(self) -> None:
        """Raise `TypeError` unless model, credential and cassettes are there."""
        check_model(self, EmbeddingModelBase)

    def good(self) -> list[Recording]:
        """The successful answers, those with several vectors first."""
        return sorted(super().good(), key=lambda tape: -_count(tape))

    def units(self, tape: Recording) -> Sequence[bytes]:
        """The body in eight pieces."""
        size = max(1, len(tape.body) // _PIECES)
        return [tape.body[start : start + size] for start in range(0, len(tape.body), size)]

    async def ask(self, model: Any, tape: Recording | None = None) -> CallResult:
        """Embed as many texts as were recorded, or one (Any: an embedding model)."""
        count = (_count(tape) if tape is not None else 0) or 1
        return await embed(model, [f"text {number}" for number in range(count)])

    def probe(self, name: str, **options: Any) -> tuple[Any, EchoTransport]:
        """The model of that name, and a transport with a vector for every input (Any: options of it, a model)."""
        return self.echo(name, **options)

    def template(self) -> Template:
        """The form of requests and answers on the cassettes; `NotApplicableError` when it is not found."""
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

    def echo(self, name: str | None = None, before: Before | None = None, **options: Any) -> tuple[Any, EchoTransport]:
        """A model, and a transport that answers it with a vector for every input (Any: as for `probe`)."""
        wire = EchoTransport(self.templates(), before)
        return self.build(wire, name or self.template().tape.model, **options), wire

    def new_cache(self) -> EmbeddingCacheBase:
        """An empty cache."""
        return type(self).cache()


def _count(tape: Recording) -> int:
    """How many vectors an answer has."""
    template = Template.of(tape)
    return template.count if template is not None else 0
