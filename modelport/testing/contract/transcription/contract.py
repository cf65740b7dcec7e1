"""The contract of a speech-to-text model over HTTP: one class and a folder of cassettes.

class TestMine(STTContract):
    model = MyTranscriptionModel
    credential = MyCredential(api_key="test")
    cassettes = Path(__file__).parent / "cassettes"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from ....application.transcription.model import STTModelBase
from ....domain.errors import ModelError
from ....domain.message.blocks import DataBlock
from ....domain.transcription.transcript import Transcript
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.class_checks import check_model
from ..core.recordings import Recording
from ..model import byte_changes, cards, refusals, timeouts
from ..model.model_contract import CallResult, ModelContract
from . import streams

__all__ = ["STTContract"]

_PIECES = 8
_URL = DataBlock.from_url("https://files.example/talk.wav", "audio/wav")


def _tasks(contract: STTContract) -> list[Sequence[Recording]]:
    return contract.tasks()


@case("A task is waited for and its transcript fetched, also by another model that knows its id", _tasks, "a task")
async def task_and_transcript(contract: STTContract, tape: Sequence[Recording]) -> None:
    answers = [each.answer() for each in tape]
    model, wire = contract.build_for_task(answers)
    found = await model.transcribe(_URL)
    require(bool(found.text), "the transcript is empty")
    require_equal("attempts", len(found.attempts), len(wire.requests))
    require_equal("answers left open", wire.unclosed, 0)
    other, _ = contract.build_for_task(answers[1:])
    again = await other.task(found.metadata["task_id"]).result()
    require_equal("the transcript", (again.text, again.segments), (found.text, found.segments))


class STTContract(ModelContract):
    """What every speech-to-text model does, whatever its server, its network or its caller do.

    Attributes:
        model: the class.
        credential: one that it takes; its keys are replaced by known ones.
        cassettes: the folder of cassettes, or several. Those of other endpoints in it are passed over.
        model_name: the model to ask where a cassette names none; by default the first of the cards.
    """

    model: ClassVar[type[STTModelBase]]
    cases: ClassVar[tuple[Case[Any], ...]] = (
        *streams.CASES,
        task_and_transcript,
        byte_changes.cut_in_two,
        byte_changes.one_byte_at_a_time,
        *refusals.CASES,
        *timeouts.CASES,
        *cards.CASES,
    )

    def check_declared(self) -> None:
        """Raise `TypeError` unless model, credential and cassettes are there."""
        check_model(self, STTModelBase)

    def cards(self) -> Sequence[Any]:
        """Those of the models that take files (Any: as in the base)."""
        return [card for card in super().cards() if card.takes]

    def tapes(self) -> list[Any]:  # Any: as in the base
        """The answers of one call each; those of tasks are apart."""
        apart = {tape.interaction.place for answers in self.tasks() for tape in answers}
        return [tape for tape in super().tapes() if tape.interaction.place not in apart]

    def tasks(self) -> list[Sequence[Recording]]:
        """The answers about one task each: to its submission, to a question, and its result. They are one file."""
        files: dict[str, list[Recording]] = {}
        for tape in self.all_tapes():
            files.setdefault(tape.interaction.place.rpartition(",")[0], []).append(tape)
        return [answers for answers in files.values() if len(answers) > 1]

    def build_for_task(self, answers: Sequence[Any], name: str | None = None, **options: Any) -> tuple[Any, Any]:
        """A model that works by tasks, and a wire that plays these answers (Any: as in the base)."""
        names = [card.name for card in self.model.list_models() if card.asynchronous]
        wire = self.wire(*answers)
        return self.build(wire, name or names[0], **options), wire

    def models_on(self, wire: Any) -> Iterator[Any]:  # Any: as in the base
        """Models that together call every endpoint: of each card, with a stream and without."""
        yield from super().models_on(wire)
        for card in self.cards():
            yield self.build(wire, card.name, stream=True, max_retries=0)

    def units(self, tape: Recording) -> Sequence[bytes]:
        """The events of a stream; the body of another answer in eight pieces."""
        if tape.streamed:
            return tape.frames
        size = max(1, len(tape.body) // _PIECES)
        return [tape.body[start : start + size] for start in range(0, len(tape.body), size)]

    def play(self, tape: Recording, *answers: Any, **options: Any) -> tuple[Any, Any]:
        """The model, which streams where the recording does (Any: as in the base)."""
        options.setdefault("stream", tape.streamed)
        return super().play(tape, *answers, **options)

    def probe(self, name: str, **options: Any) -> tuple[Any, Any]:
        """The model of that name, and a wire that plays a whole answer, or a whole task (Any: as in the base)."""
        if any(card.asynchronous for card in self.model.list_models() if card.name == name):
            tasks = self.tasks()
            if not tasks:
                raise NotApplicableError("needs a cassette of a task")
            return self.build_for_task([tape.answer() for tape in tasks[0]], name, **options)
        tape = next((tape for tape in self.good() if not tape.streamed), None)
        if tape is None:
            raise NotApplicableError("needs a cassette of an answer in one piece")
        wire = self.wire(tape.answer())
        return self.build(wire, name, **options), wire

    async def ask(self, model: Any, tape: Recording | None = None) -> CallResult:
        """Transcribe a moment of silence (Any: a speech-to-text model)."""
        try:
            answer = await model.transcribe(_URL if model.card.asynchronous else streams.AUDIO)
            if not isinstance(answer, Transcript):
                steps = [step async for step in answer]
                answer = steps[-1]
        except ModelError as error:
            return CallResult(None, None, error)
        value = (answer.text, tuple(answer.segments), tuple(answer.words), answer.language, answer.duration_ms)
        return CallResult(value, answer, None)
