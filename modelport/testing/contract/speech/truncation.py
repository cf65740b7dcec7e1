"""Speech that is cut short, broken or interrupted is an error, which keeps what had come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....domain.errors import ModelError, ResponseDecodeError, StreamTruncatedError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import End
from ..model.model_contract import CallResult, Wire, require_error
from ..model.selectors import AN_ANSWER, good, some
from .base import TTSContractBase
from .collect import TEXT, Spoken, audio_of
from .messages import ids_between
from .recordings import RecordedConversation, with_frame
from .units import AN_EVENT, over_events

__all__ = ["CASES"]


@case("Speech cut short is an error with what had come; before any audio it is asked for again", over_events, AN_EVENT)
async def cut_short(contract: TTSContractBase, tape: Any) -> str:
    return await _cut(contract, tape, End.WHOLE)


@case("Speech whose connection breaks is an error too, with what had come", good, AN_ANSWER)
async def connection_breaks(contract: TTSContractBase, tape: Any) -> str:
    return await _cut(contract, tape, End.BROKEN)


async def _cut(contract: TTSContractBase, tape: Any, end: End) -> str:
    """After each event or message."""
    wanted: Spoken = await contract.expected(tape)
    units, truncated = contract.units(tape), 0
    places = some(range(len(units)), contract.limit // 2)
    for place in places:
        model, wire = contract.play(tape, tape.answer(units[:place], end), max_retries=1)
        result = await contract.ask(model, tape)
        where = f"cut after {place} piece(s)"
        if result.error is None:
            require_equal(
                f"{where}, the answer is returned as a whole one; its audio", result.value.audio, wanted.audio
            )
            continue
        truncated += 1
        require(not isinstance(result.error, ResponseDecodeError), f"{where}: {result.error!r}")
        _check_partial(contract, tape, result, wanted, wire, where)
    require(truncated, "no cut was noticed")
    return f"{truncated} of {len(places)} cuts came before the protocol's end"


def _check_partial(
    contract: TTSContractBase, tape: Any, result: CallResult, wanted: Spoken, wire: Wire, where: str
) -> None:  # Any: a recording
    """Raise unless what had come is kept, and the request is repeated exactly where the caller has got no audio."""
    error = result.error
    assert error is not None
    contract.check_partial(tape, error, wanted)
    delivered = any(audio_of(step) for step in result.value)
    retried = error.retryable and not delivered
    require_equal(f"{where}: requests", len(wire.requests), 2 if retried else 1)
    require_equal(f"{where}: answers left open", wire.unclosed, 0)
    require_equal(f"{where}: records of attempts", len(error.attempts), len(wire.requests))


@case("Speech that ends before any audio is asked for again, and is whole", good, AN_ANSWER)
async def asked_again(contract: TTSContractBase, tape: Any) -> None:
    wanted = await contract.expected(tape)
    for end in (End.WHOLE, End.BROKEN):
        model, wire = contract.play(tape, tape.answer((), end), tape.answer(), max_retries=1)
        result = await contract.ask(model, tape)
        require_equal("the audio", result.whole(), wanted)
        require_equal("requests", len(wire.requests), 2)
        errors = [attempt.error for attempt in result.response.attempts]
        require(errors[0] and errors[-1] is None, f"errors of the attempts: {errors}")


def _failures(contract: TTSContractBase) -> list[Any]:  # Any: tapes
    return contract.failures()


@case("A failure that the server reports in the middle is its own error class", _failures, "a cassette of a failure")
async def reported_failure(contract: TTSContractBase, tape: Any) -> str:
    model, wire = contract.play(tape, tape.answer(), max_retries=0)
    error = require_error(await contract.ask(model, tape), ModelError, "a failure on the cassette")
    require(error.message.strip(), "the error has no message")
    require(error.provider and error.model, "the error does not name provider and model")
    require(not isinstance(error, ResponseDecodeError), f"the failure is not decoded: {error!r}")
    require_equal("requests", len(wire.requests), 1)
    require_equal("answers left open", wire.unclosed, 0)
    return f"{type(error).__name__} {error.code or ''}".strip()


@case("An error among the messages is raised as its own error class, with what had come", over_events, AN_EVENT)
async def error_among_messages(contract: TTSContractBase, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    units = contract.units(tape)
    for place in some(range(1, len(units)), contract.limit // 6):
        unit = _error(contract, tape, units[place])
        model, wire = contract.play(tape, tape.answer([*units[:place], unit, *units[place:]]), max_retries=1)
        result = await contract.ask(model, tape)
        if result.error is None:
            require(place == len(units) - 1, f"an error after {place} pieces is ignored")
            continue
        lost = isinstance(result.error, StreamTruncatedError | ResponseDecodeError)
        require(not lost, f"an error after {place} pieces is not decoded: {result.error!r}")
        _check_partial(contract, tape, result, wanted, wire, f"an error after {place} piece(s)")


def _error(contract: TTSContractBase, tape: Any, like: Any) -> Any:  # Any: a tape, an event or a message
    """A message of an error: as on a cassette of a failure on the same endpoint, or the body of a refusal."""
    if not isinstance(tape, RecordedConversation):
        for refusal in contract.refusals():
            return b"data:" + b"".join(refusal.body.splitlines()) + b"\n\n"
        raise NotApplicableError("needs a cassette of an unsuccessful answer")
    for failure in contract.failures():
        last: Sequence[Any] = [step for step in failure.frames if isinstance(step.does, str)]
        reported = [step for step in last if "rror" in str(step.does)]
        if reported and failure.ending == tape.ending:
            return with_frame(like, _with_ids(str(reported[-1].does), failure, tape))
    raise NotApplicableError("needs a cassette of a failure that the server reports in a message")


def _with_ids(text: str, failure: RecordedConversation, tape: RecordedConversation) -> str:
    """The failure's own ids become those of the conversation that it is put into."""
    for old, new in ids_between(failure.conversation.client, tape.conversation.client):
        text = text.replace(f'"{old}"', f'"{new}"')
    return text


@case("Leaving a stream after any step and closing it closes the connection", good, AN_ANSWER)
async def leave_at_any_step(contract: TTSContractBase, tape: Any) -> None:
    steps = len(contract.units(tape))
    for place in some(range(steps), contract.limit // 6):
        model, wire = contract.play(tape, tape.answer(contract.units(tape)))
        answer = await model.synthesize(TEXT)
        for _ in range(place):
            if await anext(answer, None) is None:
                break
        await answer.aclose()
        require_equal(f"answers left open after {place} step(s) and aclose()", wire.unclosed, 0)
        require_equal("what a closed stream gives", [one async for one in answer], [])


CASES: tuple[Case[Any], ...] = (
    cut_short,
    connection_breaks,
    asked_again,
    reported_failure,
    error_among_messages,
    leave_at_any_step,
)
