"""The contract of a speech-to-text model over HTTP: one class and a folder of cassettes.

class TestMine(STTContract):
    model = MyTranscriptionModel
    credential = MyCredential(api_key="test")
    cassettes = Path(__file__).parent / "cassettes"
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ....application.transcription.model import STTModelBase
from ....domain.errors import ModelError
from ....domain.message.wav import streaming_header
from ....domain.transcription.transcript import Transcript
from ..core.case import Case, case, require, require_equal
from ..core.class_checks import check_model
from ..core.recordings import Recording
from ..model import byte_changes, cards, refusals, timeouts
from ..model.model_contract import CallResult, ModelContract

__all__ = ["STTContract"]

_PIECES = 8
_AUDIO = streaming_header(16_000, size=320) + bytes(320)


def _streams(contract: STTContract) -> list[Recording]:
    return [tape for tape in contract.good() if tape.streamed]


@case("The steps of a stream come before one whole transcript", _streams, "a cassette of a streamed answer")
async def steps_and_a_whole(contract: STTContract, tape: Recording) -> None:
    model, _ = contract.play(tape, tape.answer())
    steps = [step async for step in await model.transcribe(_AUDIO)]
    require_equal("is_last", [step.is_last for step in steps], [False] * (len(steps) - 1) + [True])
    require(bool(steps[-1].text or steps[-1].segments), "the whole transcript holds nothing")
    require(steps[-1].usage is not None and bool(steps[-1].attempts), "the last step has no usage or no attempts")


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
        steps_and_a_whole,
        byte_changes.cut_in_two,
        byte_changes.one_byte_at_a_time,
        *refusals.CASES,
        *timeouts.CASES,
        *cards.CASES,
    )

    def check_declared(self) -> None:
        """Raise `TypeError` unless model, credential and cassettes are there."""
        check_model(self, STTModelBase)

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
        """The model of that name, and a wire that plays a whole answer (Any: as in the base)."""
        tape = next(tape for tape in [*self.good()] if not tape.streamed)
        wire = self.wire(tape.answer())
        return self.build(wire, name, **options), wire

    async def ask(self, model: Any, tape: Recording | None = None) -> CallResult:
        """Transcribe a moment of silence (Any: a speech-to-text model)."""
        try:
            answer = await model.transcribe(_AUDIO)
            if not isinstance(answer, Transcript):
                steps = [step async for step in answer]
                answer = steps[-1]
        except ModelError as error:
            return CallResult(None, None, error)
        value = (answer.text, tuple(answer.segments), tuple(answer.words), answer.language, answer.duration_ms)
        return CallResult(value, answer, None)
