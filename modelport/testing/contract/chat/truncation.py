"""A stream cannot lie: cut short, broken or interrupted by an error, it says so, and hands out what had come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ....domain.errors import ResponseDecodeError, StreamTruncatedError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.frames import events
from ..core.mutated_transport import CassetteMutant, End
from ..core.recordings import Taped
from ..model.selectors import A_STREAM, broken_streams, some, streams
from .collect import Heard, Told, hear, told

if TYPE_CHECKING:
    from .contract import ChatContract

__all__ = ["CASES"]

_ADVICE = "; if the protocol tells of errors in another way, give a cassette error_stream.yaml that ends with one"
_GENERIC_ERROR = {"message": "the server failed", "type": "server_error", "code": "server_error"}


@case("A stream cut short is a StreamTruncatedError with what had come", streams, A_STREAM)
async def cut_short(contract: ChatContract, tape: Taped) -> str:
    return await _cut(contract, tape, End.WHOLE)


@case("A stream whose connection breaks is a StreamTruncatedError with what had come", streams, A_STREAM)
async def connection_breaks(contract: ChatContract, tape: Taped) -> str:
    return await _cut(contract, tape, End.BROKEN)


async def _cut(contract: ChatContract, tape: Taped, end: End) -> str:
    """After each frame, and in the middle of each."""
    wanted = await contract.expected(tape)
    truncated = 0
    places = some(range(len(tape.frames)), contract.limit // 2)
    for place in places:
        before, frame = tape.frames[:place], tape.frames[place]
        for pieces in (before, [*before, frame[: len(frame) // 2]]):
            truncated += await _cut_here(contract, tape, pieces, end, wanted)
    require(truncated, "no cut was noticed")
    return f"{truncated} of {2 * len(places)} cuts came before the protocol's end"


async def _cut_here(contract: ChatContract, tape: Taped, pieces: Sequence[bytes], end: End, wanted: Told) -> bool:
    """Whether the cut came before the end, and so was an error; after it the answer must be whole."""
    model, mutant = contract.play(tape, tape.answer(pieces, end), max_retries=1)
    heard = await hear(model)
    where = f"cut after {b''.join(pieces)[-60:]!r}"
    if heard.error is None:
        found = told(heard.whole(), tape.body)
        same = (found.blocks, found.finish_reason) == (wanted.blocks, wanted.finish_reason)
        require(same, f"{where}, the answer passes for a whole one: {found!r:.300}")
        return False
    require(isinstance(heard.error, StreamTruncatedError), f"{where}: {heard.error!r} is no StreamTruncatedError")
    _check_partial(heard, wanted, mutant, where)
    return True


def _check_partial(heard: Heard, wanted: Told, mutant: CassetteMutant, where: str) -> None:
    """What had come is kept; what the caller has seen is not asked for again, anything else is."""
    assert heard.error is not None
    partial = heard.error.partial
    if partial is None:
        raise AssertionError(f"{where}: the error has no partial response")
    require(not partial.is_last, f"{where}: the partial response says is_last=True")
    require(
        wanted.begins_with(told(partial)), f"{where}: partial is no beginning of the answer: {told(partial)!r:.300}"
    )
    retried = heard.error.retryable and not heard.deltas
    require_equal(f"{where}: requests", len(mutant.requests), 2 if retried else 1)
    require_equal(f"{where}: answers left open", mutant.unclosed, 0)
    require_equal(f"{where}: records of attempts", len(heard.error.attempts), len(mutant.requests))


@case("Nothing is asked again once content was handed out; before, it is, and the answer is whole", streams, A_STREAM)
async def retried_before_content(contract: ChatContract, tape: Taped) -> None:
    model, mutant = contract.play(tape, tape.answer(()), tape.answer(), max_retries=1)
    heard = await hear(model)
    require_equal("the answer", told(heard.whole(), tape.body), await contract.expected(tape))
    attempts = [attempt.error for attempt in heard.whole().attempts]
    require_equal("errors of the attempts", attempts, ["StreamTruncatedError", None])
    require_equal("requests", len(mutant.requests), 2)


@case("An error among the events is raised as what it means, with what had come", streams, A_STREAM)
async def error_among_events(contract: ChatContract, tape: Taped) -> None:
    wanted = await contract.expected(tape)
    event = error_event(contract, tape)
    for place in some(range(len(tape.frames)), contract.limit // 6):
        heard, mutant = await _interrupted(contract, tape, place, event)
        if heard.error is None:
            require(
                place == len(tape.frames) - 1 or _ended(contract, heard, wanted), f"the error {event!r} is not seen"
            )
            continue
        lost = isinstance(heard.error, StreamTruncatedError | ResponseDecodeError)
        require(not lost, f"{event!r} after event {place} is not read ({heard.error!r}){_ADVICE}")
        _check_partial(heard, wanted, mutant, f"an error after event {place}")


@case("A stream that ends with an error raises what it means", broken_streams, "a streamed cassette named error_…")
async def error_at_the_end(contract: ChatContract, tape: Taped) -> str:
    model, mutant = contract.play(tape, tape.answer(tape.frames), max_retries=0)
    heard = await hear(model)
    read = heard.error is not None and not isinstance(heard.error, StreamTruncatedError | ResponseDecodeError)
    require(read, f"the stream gives {heard.error or heard.last!r}")
    require_equal("answers left open", mutant.unclosed, 0)
    return type(heard.error).__name__


def _ended(contract: ChatContract, heard: Heard, wanted: Told) -> bool:
    """Whether the answer was over before the error came."""
    return told(heard.whole()).begins_with(Told(wanted.blocks, "", None, None))


@case("What is no event of the protocol is a ResponseDecodeError, after what was good", streams, A_STREAM)
async def garbage_among_events(contract: ChatContract, tape: Taped) -> None:
    wanted = await contract.expected(tape)
    garbage = b"data: {nope\n\n" if tape.is_sse else b"{nope\n"
    for place in some(range(len(tape.frames) - 1), contract.limit // 12):
        heard, mutant = await _interrupted(contract, tape, place, garbage)
        if heard.error is None and _ended(contract, heard, wanted):
            continue
        require(isinstance(heard.error, ResponseDecodeError), f"garbage after event {place} gives {heard.error!r}")
        _check_partial(heard, wanted, mutant, f"garbage after event {place}")


async def _interrupted(contract: ChatContract, tape: Taped, place: int, event: bytes) -> tuple[Heard, CassetteMutant]:
    model, mutant = contract.play(tape, tape.answer([*tape.frames[: place + 1], event]), max_retries=1)
    return await hear(model), mutant


def error_event(contract: ChatContract, tape: Taped) -> bytes:
    """An error as an event of this stream."""
    known = contract.error_event or next((each.frames[-1] for each in contract.broken_streams()), None)
    if known is not None:
        return known
    objects = (event for frame in tape.frames for _, event, _ in events(frame, tape.content_type))
    first = next(objects, None)
    if first is None:
        raise NotApplicableError("the events are no JSON objects; give error_event")
    value: dict[str, Any] = {"error": _GENERIC_ERROR}  # Any: JSON
    if "type" in json.loads(first):
        value = {"type": "error", **_GENERIC_ERROR, **value} | {"type": "error"}
    data = json.dumps(value).encode()
    if not tape.is_sse:
        return data + b"\n"
    return (b"event: error\n" if b"event:" in tape.body else b"") + b"data: " + data + b"\n\n"


CASES: tuple[Case[Any], ...] = (
    cut_short,
    connection_breaks,
    retried_before_content,
    error_among_events,
    error_at_the_end,
    garbage_among_events,
)
