"""What the cases of speech models ask of their contract: recordings of HTTP or of WebSockets, and calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from ....application.speech.model import TTSModelBase
from ....domain.errors import ModelError
from ..core.case import NotApplicableError, require
from ..core.class_checks import check_model
from ..core.recordings import Recording
from ..model.model_contract import CallResult, ModelContract, run_in_thread
from .collect import TEXT, Spoken, collect, spoken_of_block
from .recordings import MutatedConnector, RecordedConversation, load_conversations

__all__ = ["TTSContractBase"]

_PATIENCE = 1.0
_PIECES = 8
_finished: WeakKeyDictionary[type[Any], frozenset[str]] = WeakKeyDictionary()


class TTSContractBase(ModelContract):
    """A `ModelContract` of a speech model, without cases."""

    model: ClassVar[type[TTSModelBase]]

    @property
    def realtime(self) -> bool:
        """Whether the class connects over WebSockets."""
        return self.model.realtime

    def check_declared(self) -> None:
        """Raise `TypeError` unless model, credential and cassettes are there."""
        check_model(self, TTSModelBase)

    def load(self, folder: Path) -> Sequence[Any]:  # Any: `Recording`, or `RecordedConversation`
        """Every answer on the cassettes of one folder."""
        return list(load_conversations(folder)) if self.realtime else super().load(folder)

    def finished(self) -> frozenset[str]:
        """The places of the recordings that one call reads to their end, whatever its result."""
        if type(self) not in _finished:
            _finished[type(self)] = run_in_thread(self._find_finished)
        return _finished[type(self)]

    async def _find_finished(self) -> frozenset[str]:
        found = set()
        for tape in self.tapes():
            model, wire = self.play(tape, tape.answer(), max_retries=0)
            call = asyncio.ensure_future(self.ask(model, tape))
            if await _is_over(call, wire) and not getattr(wire, "unsent", 0):
                found.add(_place(tape))
        return frozenset(found)

    def good(self) -> list[Any]:  # Any: as above
        """The answers with speech, the shortest first."""
        return sorted((tape for tape in self._speaking() if _place(tape) in self.finished()), key=_length)

    def unfinished(self) -> list[Any]:  # Any: as above
        """The answers with speech that one call does not read to their end; other calls may."""
        return [tape for tape in self._speaking() if _place(tape) not in self.finished()]

    def _speaking(self) -> list[Any]:
        return [tape for tape in self.tapes() if tape.succeeded and not _fails(tape)]

    def failures(self) -> list[Any]:  # Any: as above
        """The conversations that the server ends with an error."""
        return [tape for tape in self.tapes() if tape.succeeded and _fails(tape)]

    def units(self, tape: Recording | RecordedConversation) -> Sequence[Any]:
        """The events of a stream, or the messages of the server; pieces of a file of audio, and its end."""
        if isinstance(tape, Recording) and tape.content_type.startswith("audio/"):
            size = max(1, len(tape.body) // _PIECES)
            return [*(tape.body[start : start + size] for start in range(0, len(tape.body), size)), b""]
        return tape.frames

    def wire(self, *answers: Any) -> Any:  # Any: answers, a `Wire`
        """A transport or a connector that plays these answers, and the last one again and again."""
        return MutatedConnector(*answers) if self.realtime else super().wire(*answers)

    def probe(self, name: str, **options: Any) -> tuple[Any, Any]:
        """The model of that name, and a wire that plays the recording of such a model (Any: as for `play`)."""
        wire = self.wire(self.tape_for(name).answer())
        return self.build(wire, name, **options), wire

    async def ask(self, model: Any, tape: Any = None) -> CallResult:
        """Synthesize one sentence (Any: a speech model, a recording)."""
        return await collect(model, TEXT)

    def tape_for(self, name: str) -> Any:  # Any: a recording
        """A good answer of that model, else of one that takes its text in the same way."""
        tapes = self.good()
        if not tapes:
            raise NotApplicableError("needs a cassette of a successful answer")
        whole = {card.name: card.takes_whole_text for card in self.model.list_models()}
        own = [tape for tape in tapes if tape.model == name]
        alike = [tape for tape in tapes if whole.get(tape.model or "", False) == whole.get(name, False)]
        return next(iter([*own, *alike, *tapes]))

    def check_partial(self, tape: Any, error: ModelError, wanted: Spoken) -> None:  # Any: a recording
        """Raise unless the audio that had come is kept with the error, as a finished file."""
        partial = error.partial
        if partial is None:
            raise AssertionError("the error has no partial response")
        require(not partial.is_last, "the partial response says is_last=True")
        for block in partial.content:
            spoken = spoken_of_block(block)
            kept = wanted.begins_with(spoken)
            require(kept, f"the partial audio, of {len(spoken.audio)} bytes, is not the beginning of the answer")


async def _is_over(call: asyncio.Future[Any], wire: Any) -> bool:  # Any: a result, a `Wire`
    """Whether a call ends, and does not wait for more than its recording has."""
    waiting = asyncio.ensure_future(wire.waiting.wait())
    both: list[asyncio.Future[Any]] = [call, waiting]
    await asyncio.wait(both, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.01 if not call.done() else 0)  # the last message is still being processed
    over = call.done()
    for each in both:
        each.cancel()
    await asyncio.wait(both)
    return over


def _length(tape: Recording | RecordedConversation) -> int:
    return len(tape.frames)


def _place(tape: Recording | RecordedConversation) -> str:
    """The file, and the number in it."""
    return tape.conversation.place if isinstance(tape, RecordedConversation) else tape.interaction.place


def _fails(tape: Recording | RecordedConversation) -> bool:
    return isinstance(tape, RecordedConversation) and tape.fails
