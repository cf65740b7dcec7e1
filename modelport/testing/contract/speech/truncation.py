"""Speech cannot lie: cut short, broken or interrupted by an error, it says so, and hands out what had come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ....domain.errors import ModelError, ResponseDecodeError, StreamTruncatedError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import End
from ..model.asking_over import AN_ANSWER, good
from ..model.model_contract import Answered, Played, require_error
from ..model.selectors import some
from .collect import Spoken, audio_of
from .messages import ids_between
from .recordings import Conversed, with_frame
from .units import AN_EVENT, over_events

if TYPE_CHECKING:
    from .contract import TTSContract

__all__ = ["CASES"]


@case("Speech cut short is an error with what had come; before any audio it is asked for again", over_events, AN_EVENT)
async def cut_short(contract: TTSContract, tape: Any) -> str:
    return await _cut(contract, tape, End.WHOLE)


@case("Speech whose connection breaks is an error too, with what had come", good, AN_ANSWER)
async def connection_breaks(contract: TTSContract, tape: Any) -> str:
    return await _cut(contract, tape, End.BROKEN)


async def _cut(contract: TTSContract, tape: Any, end: End) -> str:
    """After each event or message."""
    wanted: Spoken = await contract.expected(tape)
    units, truncated = contract.units(tape), 0
    places = some(range(len(units)), contract.limit // 2)
    for place in places:
        played = contract.play(tape, tape.answer(units[:place], end), max_retries=1)
        answered = await played.ask()
        where = f"cut after {place} piece(s)"
        if answered.error is None:
            require_equal(f"{where}, the answer passes for whole; its audio", answered.value.audio, wanted.audio)
            continue
        truncated += 1
        require(not isinstance(answered.error, ResponseDecodeError), f"{where}: {answered.error!r}")
        _check_partial(contract, answered, wanted, played, where)
    require(truncated, "no cut was noticed")
    return f"{truncated} of {len(places)} cuts came before the protocol's end"


def _check_partial(contract: TTSContract, answered: Answered, wanted: Spoken, played: Played, where: str) -> None:
    """What had come is kept; what the caller has heard is not asked for again, anything else is."""
    error = answered.error
    assert error is not None
    contract.check_partial(error, wanted)
    heard = any(audio_of(step) for step in answered.value)
    retried = error.retryable and not heard
    require_equal(f"{where}: requests", len(played.wire.requests), 2 if retried else 1)
    require_equal(f"{where}: answers left open", played.wire.unclosed, 0)
    require_equal(f"{where}: records of attempts", len(error.attempts), len(played.wire.requests))


@case("Nothing that was heard is asked for again; before, it is, and the speech is whole", good, AN_ANSWER)
async def asked_again(contract: TTSContract, tape: Any) -> None:
    wanted = await contract.expected(tape)
    for end in (End.WHOLE, End.BROKEN):
        played = contract.play(tape, tape.answer((), end), tape.answer(), max_retries=1)
        answered = await played.ask()
        require_equal("what is heard", answered.whole(), wanted)
        require_equal("requests", len(played.wire.requests), 2)
        errors = [attempt.error for attempt in answered.response.attempts]
        require(errors[0] and errors[-1] is None, f"errors of the attempts: {errors}")


def _failures(contract: TTSContract) -> list[Any]:  # Any: tapes
    return contract.failures()


@case("A server that fails in the middle gives the error it tells of", _failures, "a cassette of a failure")
async def told_failure(contract: TTSContract, tape: Any) -> str:
    played = contract.play(tape, tape.answer(), max_retries=0)
    error = require_error(await played.ask(), ModelError, "a failure on the cassette")
    require(error.message.strip(), "the error has no message")
    require(error.provider and error.model, "the error does not say who was asked")
    require(not isinstance(error, ResponseDecodeError), f"the failure is not read: {error!r}")
    require_equal("requests", len(played.wire.requests), 1)
    require_equal("answers left open", played.wire.unclosed, 0)
    return f"{type(error).__name__} {error.code or ''}".strip()


@case("An error among the messages is raised as what it means, with what had come", over_events, AN_EVENT)
async def error_among_messages(contract: TTSContract, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    units = contract.units(tape)
    for place in some(range(1, len(units)), contract.limit // 6):
        unit = _error(contract, tape, units[place])
        played = contract.play(tape, tape.answer([*units[:place], unit, *units[place:]]), max_retries=1)
        answered = await played.ask()
        if answered.error is None:
            require(place == len(units) - 1, f"an error after {place} pieces is not seen")
            continue
        lost = isinstance(answered.error, StreamTruncatedError | ResponseDecodeError)
        require(not lost, f"an error after {place} pieces is not read: {answered.error!r}")
        _check_partial(contract, answered, wanted, played, f"an error after {place} piece(s)")


def _error(contract: TTSContract, tape: Any, like: Any) -> Any:  # Any: a tape, an event or a message
    """A message of an error: as on a cassette of a failure on the same endpoint, or the body of a refusal."""
    if not isinstance(tape, Conversed):
        for refusal in contract.refusals():
            return b"data:" + b"".join(refusal.body.splitlines()) + b"\n\n"
        raise NotApplicableError("needs a cassette of an unsuccessful answer")
    for failure in contract.failures():
        last: Sequence[Any] = [step for step in failure.frames if isinstance(step.does, str)]
        told = [step for step in last if "rror" in str(step.does)]
        if told and failure.ending == tape.ending:
            return with_frame(like, _with_ids(str(told[-1].does), failure, tape))
    raise NotApplicableError("needs a cassette of a failure that the server tells of")


def _with_ids(text: str, failure: Conversed, tape: Conversed) -> str:
    """The failure's own ids become those of the conversation that it is put into."""
    for old, new in ids_between(failure.conversation.client, tape.conversation.client):
        text = text.replace(f'"{old}"', f'"{new}"')
    return text


@case("Leaving a stream after any step and closing it closes the connection", good, AN_ANSWER)
async def leave_at_any_step(contract: TTSContract, tape: Any) -> None:
    steps = len(contract.units(tape))
    for place in some(range(steps), contract.limit // 6):
        played = contract.play(tape, tape.answer(contract.units(tape)))
        answer = await played.model.synthesize("The bell rings.")
        for _ in range(place):
            if await anext(answer, None) is None:
                break
        await answer.aclose()
        require_equal(f"answers left open after {place} step(s) and aclose()", played.wire.unclosed, 0)
        require_equal("what a closed stream gives", [one async for one in answer], [])


CASES: tuple[Case[Any], ...] = (
    cut_short,
    connection_breaks,
    asked_again,
    told_failure,
    error_among_messages,
    leave_at_any_step,
)
