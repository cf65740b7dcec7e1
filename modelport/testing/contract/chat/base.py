"""What the cases of chat models ask of their contract: recordings by kind, and calls; which recordings a case uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ....application.chat.model import ChatModelBase
from ....domain.errors import ModelError
from ..core.case import require
from ..core.class_checks import check_model
from ..core.recordings import Recording
from ..model.model_contract import CallResult, ModelContract
from .collect import Normalized, collect, normalized
from .requests import TOOLS

__all__ = ["A_BODY", "A_STREAM", "ChatContractBase", "bodies", "broken_streams", "sse_streams", "streams"]

A_STREAM = "a cassette of a streamed answer"
A_BODY = "a cassette of an answer in one piece"
_ERROR = "error"
_FEW = 4
_PIECES = 8


class ChatContractBase(ModelContract):
    """A `ModelContract` of a chat model, without cases."""

    model: ClassVar[type[ChatModelBase]]
    limit: ClassVar[int] = 200
    error_event: ClassVar[bytes | None] = None
    api: ClassVar[str | None] = None

    modes: ClassVar[Sequence[Mapping[str, Any]]] = ({"stream": True}, {"stream": False})
    final_statuses: ClassVar[Sequence[int]] = (400, 403, 404, 413, 422)
    may_end_early: ClassVar[bool] = False

    def check_declared(self) -> None:
        """Raise `TypeError` unless model, credential and cassettes are there."""
        check_model(self, ChatModelBase)

    def tapes(self) -> list[Recording]:
        """The answers of the class's own endpoint on the cassettes; `AssertionError` when there are none."""
        found: list[Recording] = super().tapes()
        if not found:
            raise AssertionError(self.unrecorded())
        return found

    def streams(self) -> list[Recording]:
        """The good answers that are streams."""
        tapes = (tape for tape in self.tapes() if tape.streamed and len(tape.frames) > 1)
        return [tape for tape in tapes if not tape.name.startswith(_ERROR)]

    def broken_streams(self) -> list[Recording]:
        """The streams whose last event is an error: those on cassettes named `error…`."""
        return [tape for tape in self.tapes() if tape.streamed and tape.name.startswith(_ERROR)]

    def bodies(self) -> list[Recording]:
        """The good answers in one piece."""
        return [tape for tape in self.tapes() if tape.succeeded and not tape.streamed]

    def good(self) -> list[Recording]:
        """Every good answer."""
        return [*self.streams(), *self.bodies()]

    def simplest(self) -> list[Recording]:
        """A streamed answer of few events, but not too few."""
        return sorted(self.streams(), key=lambda tape: (len(tape.frames) < _FEW, len(tape.frames)))[:1]

    def units(self, tape: Recording) -> Sequence[bytes]:
        """The events of a stream; the body of another answer in eight pieces."""
        if tape.streamed:
            return tape.frames
        size = max(1, len(tape.body) // _PIECES)
        return [tape.body[start : start + size] for start in range(0, len(tape.body), size)]

    def models_on(self, wire: Any) -> Iterator[Any]:  # Any: a transport, models
        """One that streams, and one that does not."""
        return (self.build(wire, max_retries=0, **mode) for mode in self.modes)

    def play(self, tape: Recording, *answers: Any, **options: Any) -> tuple[Any, Any]:
        """The model that the recording was asked of, and the transport that plays these answers to it.

        The model streams where the recording does, unless `stream` is given. (Any: options of the model.)
        """
        options.setdefault("stream", tape.streamed or not tape.succeeded)
        return super().play(tape, *answers, **options)

    def probe(self, name: str, **options: Any) -> tuple[Any, Any]:
        """The model of that name, and a transport that answers it with some recording (Any: as above)."""
        tape = next(iter([*self.bodies(), *self.streams()]))
        wire = self.wire(tape.answer())
        return self.build(wire, name, **{"stream": tape.streamed, **options}), wire

    async def ask(self, model: Any, tape: Recording | None = None) -> CallResult:
        """Ask any question (Any: a chat model)."""
        result = await collect(model)
        value = None if result.error is not None else normalized(result.whole(), tape.body if tape else b"")
        return CallResult(value, result.last, result.error)

    async def ask_with_card(self, model: Any, card: Any) -> CallResult:  # Any: a chat model, a card
        """Ask any question, with tools if the card has them."""
        result = await collect(model, tools=TOOLS if card.tools else None)
        return CallResult(None, result.last, result.error)

    async def expected(self, tape: Recording) -> Normalized:
        """What the unchanged answer gives."""
        found: Normalized = await super().expected(tape)
        return found

    def check_partial(self, tape: Recording, error: ModelError, wanted: Normalized) -> None:
        """Raise unless the blocks that had come are kept; an answer in one piece has none before its end."""
        if error.partial is None and not tape.streamed:
            return
        kept = error.partial is not None and wanted.begins_with(normalized(error.partial))
        require(kept, f"the partial response is not the beginning of the answer: {error.partial!r:.300}")

    def default_model(self) -> str:
        """The model to ask where nothing names one: the first on the cassettes that has a card."""
        if self.model_name is not None:
            return self.model_name
        names = [card.name for card in self.model.list_models() if card.status == "active"]
        recorded = [tape.model for tape in self.all_tapes() if tape.model and tape.succeeded]
        return next((name for name in recorded if name in names), None) or next(iter([*recorded, *names]), "any-model")


def streams(contract: ChatContractBase) -> list[Recording]:
    """Every streamed answer."""
    return contract.streams()


def sse_streams(contract: ChatContractBase) -> list[Recording]:
    """Every answer streamed as server-sent events."""
    return [tape for tape in contract.streams() if tape.is_sse]


def broken_streams(contract: ChatContractBase) -> list[Recording]:
    """Every stream whose last event is an error."""
    return contract.broken_streams()


def bodies(contract: ChatContractBase) -> list[Recording]:
    """Every good answer in one piece."""
    return contract.bodies()
