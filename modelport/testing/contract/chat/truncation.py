"""A stream that is cut short, broken or interrupted is an error, which keeps what had come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ....domain.errors import ResponseDecodeError, StreamTruncatedError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.frames import events
from ..core.mutated_transport import End, MutatedTransport
from ..core.recordings import Recording
from ..model.selectors import some
from .base import A_STREAM, ChatContractBase, broken_streams, streams
from .collect import ChatResult, Normalized, collect, normalized

__all__ = ["CASES"]

_ADVICE = "; if the protocol reports errors in another form, add a cassette error_stream.yaml that ends with one"
_GENERIC_ERROR = {"message": "the server failed", "type": "server_error", "code": "server_error"}


@case("A stream cut short is a StreamTruncatedError with what had come", streams, A_STREAM)
async def cut_short(contract: ChatContractBase, tape: Recording) -> str:
    return await _cut(contract, tape, End.WHOLE)


@case("A stream whose connection breaks is a StreamTruncatedError with what had come", streams, A_STREAM)
async def connection_breaks(contract: ChatContractBase, tape: Recording) -> str:
    return await _cut(contract, tape, End.BROKEN)


async def _cut(contract: ChatContractBase, tape: Recording, end: End) -> str:
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


async def _cut_here(
    contract: ChatContractBase, tape: Recording, pieces: Sequence[bytes], end: End, wanted: Normalized
) -> bool:
    """Whether the cut came before the end, and so was an error; after it the answer must be whole."""
    model, wire = contract.play(tape, tape.answer(pieces, end), max_retries=1)
    result = await collect(model)
    where = f"cut after {b''.join(pieces)[-60:]!r}"
    if result.error is None:
        found = normalized(result.whole(), tape.body)
        same = (found.blocks, found.finish_reason) == (wanted.blocks, wanted.finish_reason)
        require(same, f"{where}, an incomplete answer is returned as a whole one: {found!r:.300}")
        return False
    require(isinstance(result.error, StreamTruncatedError), f"{where}: {result.error!r} is not a StreamTruncatedError")
    _check_partial(result, wanted, wire, where)
    return True


def _check_partial(result: ChatResult, wanted: Normalized, wire: MutatedTransport, where: str) -> None:
    """Raise unless what had come is kept, and the request is repeated exactly where the caller has seen nothing."""
    assert result.error is not None
    partial = result.error.partial
    if partial is None:
        raise AssertionError(f"{where}: the error has no partial response")
    require(not partial.is_last, f"{where}: the partial response says is_last=True")
    found = normalized(partial)
    require(
        wanted.begins_with(found), f"{where}: the partial response is not the beginning of the answer: {found!r:.300}"
    )
    retried = result.error.retryable and not result.deltas
    require_equal(f"{where}: requests", len(wire.requests), 2 if retried else 1)
    require_equal(f"{where}: answers left open", wire.unclosed, 0)
    require_equal(f"{where}: records of attempts", len(result.error.attempts), len(wire.requests))


@case("A stream cut before any content is asked for again, and the answer is whole", streams, A_STREAM)
async def retried_before_content(contract: ChatContractBase, tape: Recording) -> None:
    model, wire = contract.play(tape, tape.answer(()), tape.answer(), max_retries=1)
    result = await collect(model)
    require_equal("the answer", normalized(result.whole(), tape.body), await contract.expected(tape))
    attempts = [attempt.error for attempt in result.whole().attempts]
    require_equal("errors of the attempts", attempts, ["StreamTruncatedError", None])
    require_equal("requests", len(wire.requests), 2)


@case("An error among the events is raised as its own error class, with what had come", streams, A_STREAM)
async def error_among_events(contract: ChatContractBase, tape: Recording) -> None:
    wanted = await contract.expected(tape)
    event = error_event(contract, tape)
    for place in some(range(len(tape.frames)), contract.limit // 6):
        result, wire = await _interrupted(contract, tape, place, event)
        if result.error is None:
            require(
                place == len(tape.frames) - 1 or _ended(contract, result, wanted), f"the error {event!r} is ignored"
            )
            continue
        lost = isinstance(result.error, StreamTruncatedError | ResponseDecodeError)
        require(not lost, f"{event!r} after event {place} is not read ({result.error!r}){_ADVICE}")
        _check_partial(result, wanted, wire, f"an error after event {place}")


@case(
    "A stream that ends with an error raises its own error class", broken_streams, "a streamed cassette named error_…"
)
async def error_at_the_end(contract: ChatContractBase, tape: Recording) -> str:
    model, wire = contract.play(tape, tape.answer(tape.frames), max_retries=0)
    result = await collect(model)
    read = result.error is not None and not isinstance(result.error, StreamTruncatedError | ResponseDecodeError)
    require(read, f"the stream gives {result.error or result.last!r}")
    require_equal("answers left open", wire.unclosed, 0)
    return type(result.error).__name__


def _ended(contract: ChatContractBase, result: ChatResult, wanted: Normalized) -> bool:
    """Whether the answer was over before the error came."""
    return normalized(result.whole()).begins_with(Normalized(wanted.blocks, "", None, None))


@case("An event that cannot be decoded is a ResponseDecodeError, after what came before it", streams, A_STREAM)
async def garbage_among_events(contract: ChatContractBase, tape: Recording) -> None:
    wanted = await contract.expected(tape)
    garbage = b"data: {nope\n\n" if tape.is_sse else b"{nope\n"
    for place in some(range(len(tape.frames) - 1), contract.limit // 12):
        result, wire = await _interrupted(contract, tape, place, garbage)
        if result.error is None and _ended(contract, result, wanted):
            continue
        require(isinstance(result.error, ResponseDecodeError), f"garbage after event {place} gives {result.error!r}")
        _check_partial(result, wanted, wire, f"garbage after event {place}")


async def _interrupted(
    contract: ChatContractBase, tape: Recording, place: int, event: bytes
) -> tuple[ChatResult, MutatedTransport]:
    model, wire = contract.play(tape, tape.answer([*tape.frames[: place + 1], event]), max_retries=1)
    return await collect(model), wire


def error_event(contract: ChatContractBase, tape: Recording) -> bytes:
    """An error as an event of this stream."""
    known = contract.error_event or next((each.frames[-1] for each in contract.broken_streams()), None)
    if known is not None:
        return known
    objects = (event for frame in tape.frames for _, event, _ in events(frame, tape.content_type))
    first = next(objects, None)
    if first is None:
        raise NotApplicableError("the events are not JSON objects; set error_event")
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
