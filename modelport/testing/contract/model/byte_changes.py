"""The same answer in other bytes: however the network cuts it, and whatever a server may put between its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from ..core.case import Case, case, require_equal
from ..core.frames import content_free, cut_positions, with_line_ends
from ..core.recordings import Recording
from .model_contract import AnyRecording, ModelContract
from .selectors import AN_ANSWER, all_over_http

__all__ = ["CASES", "cut_in_two", "one_byte_at_a_time", "require_same"]

_A_STREAM = "a cassette of a streamed answer over HTTP"


def _event_streams(contract: ModelContract) -> list[Recording]:
    """The successful answers that are streams of events, over HTTP."""
    return [tape for tape in all_over_http(contract) if tape.streamed]


@case("Bytes cut in two at any place give the same answer", all_over_http, AN_ANSWER)
async def cut_in_two(contract: ModelContract, tape: Recording) -> str:
    cuts = cut_positions(tape.frames, contract.limit)
    await require_same(contract, tape, ((tape.body[:cut], tape.body[cut:]) for cut in cuts))
    return f"{len(cuts)} of {len(tape.body) - 1} places"


@case("Bytes that come one by one give the same answer", all_over_http, AN_ANSWER)
async def one_byte_at_a_time(contract: ModelContract, tape: Recording) -> None:
    await require_same(contract, tape, [_single(tape.body)])


@case("Lines may end with LF or with CRLF", _event_streams, _A_STREAM)
async def line_ends(contract: ModelContract, tape: Recording) -> None:
    for end in (b"\n", b"\r\n"):
        body = with_line_ends(tape.body, end)
        await require_same(contract, tape, [[body], _single(body)])


@case("Comments and blank lines between events change nothing", _event_streams, _A_STREAM)
async def pings(contract: ModelContract, tape: Recording) -> None:
    for ping in content_free(tape.content_type):
        pinged = [piece for frame in tape.frames for piece in (ping, frame)]
        await require_same(contract, tape, [pinged, [b"".join(pinged)]])


def _single(body: bytes) -> list[bytes]:
    """The body byte by byte."""
    return [body[place : place + 1] for place in range(len(body))]


async def require_same(
    contract: ModelContract,
    tape: AnyRecording,
    variants: Iterable[Sequence[Any]],
    comparable: Callable[[Any], Any] = lambda value: value,
) -> None:  # Any: pieces that the wire plays, values of results
    """Raise unless each of these sequences of pieces gives the answer of the unchanged recording, in one request.

    `comparable` makes a value without the parts that may repeat what was changed.
    """
    wanted = comparable(await contract.expected(tape))
    for pieces in variants:
        model, wire = contract.play(tape, tape.answer(pieces))
        found = comparable((await contract.ask(model, tape)).whole())
        if found != wanted:
            raise AssertionError(f"{_difference(found, wanted)} (after {_start_of(pieces)})")
        require_equal("requests", len(wire.requests), 1)


def _difference(found: Any, wanted: Any) -> str:  # Any: values of results
    """The first field that differs."""
    names = [field.name for field in fields(wanted)] if is_dataclass(wanted) else []
    for name in names:
        one, other = getattr(found, name), getattr(wanted, name)
        if one != other:
            return f"{name}: {one!r:.300} instead of {other!r:.300}"
    return f"{found!r:.300} instead of {wanted!r:.300}"


def _start_of(pieces: Sequence[Any]) -> str:
    """Where the first piece ends."""
    first = pieces[0] if pieces else b""
    if not isinstance(first, bytes):
        return f"{len(pieces)} messages"
    return f"a first piece of {len(first)} bytes that ends with {first[-40:]!r}"


CASES: tuple[Case[Any], ...] = (cut_in_two, one_byte_at_a_time, line_ends, pings)
