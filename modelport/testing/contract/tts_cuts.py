"""Speech means the same, however the network cuts it and whatever a server adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .asking_over import AN_ANSWER, all_over_http
from .case import Case, NotApplicableError, case, require, require_equal
from .cassettes import Taped
from .frames import content_free, cut_positions, with_line_ends
from .over import some
from .tts_hearing import Spoken
from .tts_units import AN_EVENT, as_unit, in_two, over_events, over_sse, with_unknown

if TYPE_CHECKING:
    from .tts import TTSContract

__all__ = ["CASES"]

_UNKNOWN = '{"type":"modelport.unknown","modelport_unknown":{"nobody":"knows"}}'


@case("Bytes cut in two at any place say the same", all_over_http, AN_ANSWER)
async def cut_in_two(contract: TTSContract, tape: Taped) -> str:
    cuts = cut_positions(tape.frames, contract.limit)
    await _all_same(contract, tape, ((tape.body[:cut], tape.body[cut:]) for cut in cuts))
    return f"{len(cuts)} of {len(tape.body) - 1} places"


@case("Bytes that come one by one, LF and CRLF, comments and pings say the same", over_sse, AN_EVENT)
async def other_bytes(contract: TTSContract, tape: Taped) -> None:
    single = [tape.body[place : place + 1] for place in range(len(tape.body))]
    await _all_same(contract, tape, [single, *([with_line_ends(tape.body, end)] for end in (b"\n", b"\r\n"))])
    for ping in content_free(tape.content_type):
        await _all_same(contract, tape, [[piece for frame in tape.frames for piece in (ping, frame)]])


@case("Fields that nobody knows change nothing", over_events, AN_EVENT)
async def unknown_fields(contract: TTSContract, tape: Any) -> None:
    changed = [with_unknown(unit, getattr(tape, "content_type", "")) for unit in contract.units(tape)]
    await _all_same(contract, tape, [changed], usage=False)


@case("Events that nobody knows change nothing", over_events, AN_EVENT)
async def unknown_events(contract: TTSContract, tape: Any) -> None:
    units = contract.units(tape)
    for place in some(range(1, len(units)), contract.limit // 10):
        unit = as_unit(units[place], _UNKNOWN)
        await _all_same(contract, tape, [[*units[:place], unit, *units[place:]]])


@case("Audio that is cut inside samples is put together again", over_events, AN_EVENT)
async def odd_pieces(contract: TTSContract, tape: Any) -> str:
    wanted: Spoken = await contract.expected(tape)
    units = contract.units(tape)
    for first in (1, 2, 3):
        pieces = [piece for unit in units for piece in in_two(unit, wanted, first)]
        if len(pieces) == len(units):
            raise NotApplicableError("where the audio is in a message is not found")
        await _all_same(contract, tape, [pieces])
    return f"{len(pieces) - len(units)} pieces cut in two"


async def _all_same(
    contract: TTSContract, tape: Any, mutants: Iterable[Sequence[Any]], usage: bool = True
) -> None:  # Any: a tape, events or messages
    """Raise unless each of these sequences is heard as the unchanged answer; raw usage may hold what was changed."""
    wanted: Spoken = await contract.expected(tape)
    for pieces in mutants:
        played = contract.play(tape, tape.answer(pieces))
        found: Spoken = (await played.ask()).whole()
        require_equal("what is heard", (found.media_type, found.sample_rate), (wanted.media_type, wanted.sample_rate))
        require_equal("the audio", found.audio, wanted.audio)
        require(not usage or found.usage == wanted.usage, f"usage: {found.usage} instead of {wanted.usage}")
        require_equal("requests", len(played.wire.requests), 1)


CASES: tuple[Case[Any], ...] = (cut_in_two, other_bytes, unknown_fields, unknown_events, odd_pieces)
