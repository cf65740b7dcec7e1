"""Streams of a transcript: their steps, cuts and errors."""

from __future__ import annotations

from typing import Any

from ....domain.errors import ModelConnectionError, ModelError, ResponseDecodeError, StreamTruncatedError
from ....domain.message.wav import streaming_header
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import End
from ..core.recordings import Recording
from ..model.model_contract import ModelContract

__all__ = ["AUDIO", "CASES"]

AUDIO = streaming_header(16_000, size=320) + bytes(320)
"""What is transcribed: a moment of silence."""
_A_STREAM = "a cassette of a streamed answer"


def _streams(contract: ModelContract) -> list[Recording]:
    return [tape for tape in contract.good() if tape.streamed]


@case("The steps of a stream come before one whole transcript", _streams, _A_STREAM)
async def steps_and_a_whole(contract: ModelContract, tape: Recording) -> None:
    model, _ = contract.play(tape, tape.answer())
    steps = [step async for step in await model.transcribe(AUDIO)]
    require_equal("is_last", [step.is_last for step in steps], [False] * (len(steps) - 1) + [True])
    require(bool(steps[-1].text or steps[-1].segments), "the whole transcript holds nothing")
    require(steps[-1].usage is not None and bool(steps[-1].attempts), "the last step has no usage or no attempts")


@case("A stream that is cut is an error, which keeps the text that had come", _streams, _A_STREAM)
async def cut_short(contract: ModelContract, tape: Recording) -> str:
    whole = await contract.expected(tape)
    cuts = 0
    for end in (End.WHOLE, End.BROKEN):
        for count in range(1, len(tape.frames)):
            result = await contract.call(tape, tape.answer(tape.frames[:count], end), max_retries=0)
            if result.error is None:
                require_equal(f"the transcript after {count} events", result.value, whole)
                continue
            cuts += 1
            kinds = StreamTruncatedError | ModelConnectionError | ResponseDecodeError
            require(isinstance(result.error, kinds), f"cut after {count} events: {result.error!r}")
            _check_partial(result.error, whole[0], f"cut after {count} events")
    require(cuts > 0, "no cut is an error")
    return f"{cuts} cuts"


@case("An error among the events is raised as its own error class, with the text that had come", _streams, _A_STREAM)
async def error_among_events(contract: ModelContract, tape: Recording) -> None:
    whole = await contract.expected(tape)
    refusal = next(iter(contract.refusals()), None)
    if refusal is None:
        raise NotApplicableError("needs a cassette of an unsuccessful answer")
    event = b"data:" + b"".join(refusal.body.splitlines()) + b"\n\n"
    for place in range(1, len(tape.frames) - 1):
        answer = tape.answer([*tape.frames[:place], event, *tape.frames[place:]])
        result = await contract.call(tape, answer, max_retries=0)
        if result.error is None:
            require_equal(f"the transcript before an error after {place} events", result.value, whole)
            continue
        lost = isinstance(result.error, StreamTruncatedError | ResponseDecodeError)
        require(not lost, f"an error after {place} events is not decoded: {result.error!r}")
        _check_partial(result.error, whole[0], f"an error after {place} events")


def _check_partial(error: ModelError, text: Any, what: str) -> None:  # Any: the text of a result
    partial = error.partial.text if error.partial is not None else ""
    require(str(text).startswith(partial), f"{what}: the partial text {partial!r} is no beginning of {text!r}")


CASES: tuple[Case[Any], ...] = (steps_and_a_whole, cut_short, error_among_events)
