"""Speech as a stream and as a whole: one file, all that was said, at once and with true sizes.

Speech means the same, however the network cuts it and whatever a server adds to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ....domain.speech.responses import pcm_of_wav
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.frames import content_free, cut_positions, with_line_ends
from ..core.mutated_transport import End
from ..core.recordings import Taped
from ..model.asking_over import AN_ANSWER, all_over_http, good
from ..model.selectors import some
from ..model.timeouts import turns
from .collect import Spoken, audio_of
from .units import AN_EVENT, as_unit, audio_in, in_two, over_events, over_sse, unit_bytes, with_unknown

if TYPE_CHECKING:
    from .contract import TTSContract

__all__ = ["CASES"]


@case("There is an answer that is heard to its end")
async def heard_at_all(contract: TTSContract, variant: str) -> str:
    if not contract.good():
        others = ", ".join(map(str, contract.unfinished()))
        require(not others, f"of {others} none is gone through by one call: it waits, or leaves something unheard")
        raise NotApplicableError(f"needs {AN_ANSWER}")
    return f"{len(contract.good())} cassettes"


@case("A stream is one file: a streaming header, samples cut nowhere, and an end that repeats nothing", good, AN_ANSWER)
async def stream_is_one_file(contract: TTSContract, tape: Any) -> str:
    played = contract.play(tape, tape.answer(contract.units(tape)))
    answered = await played.ask()
    spoken: Spoken = answered.whole()
    response = answered.response
    require(spoken.audio, "nothing is heard")
    require(response.provider and response.model, "the last response does not say who was asked")
    require_equal("attempts", [one.status_code for one in response.attempts], [tape.status])
    require_equal("requests", len(played.wire.requests), 1)
    require_equal("answers left open", played.wire.unclosed, 0)
    return f"{len(spoken.audio)} bytes of {spoken.media_type}"


@case("What is heard is what the server said, each byte once", over_events, AN_EVENT)
async def nothing_lost(contract: TTSContract, tape: Any) -> str:
    spoken: Spoken = await contract.expected(tape)
    said = b"".join(audio for unit in contract.units(tape) for audio in audio_in(unit))
    if not said:
        raise NotApplicableError("where the audio is in a message is not found")
    require_equal("the audio", spoken.audio, pcm_of_wav(said) if spoken.media_type == "audio/wav" else said)
    return f"{len(said)} bytes"


@case("Audio is heard while the server still speaks", good, AN_ANSWER)
async def heard_at_once(contract: TTSContract, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    played = contract.play(tape, tape.answer(contract.units(tape)[:-1], End.HANG))
    heard: list[bytes] = []

    async def listen_on() -> None:
        async for response in await played.model.synthesize("The bell rings."):
            heard.append(audio_of(response))

    call = asyncio.ensure_future(listen_on())
    try:
        await asyncio.wait_for(played.wire.waiting.wait(), contract.patience)
        await turns()
        require(not call.done(), "the stream ended before the server had")
        require(b"".join(heard).endswith(wanted.audio), "audio that had come was not handed out")
    finally:
        call.cancel()
        await asyncio.wait([call], timeout=contract.patience)
    require_equal("answers left open", played.wire.unclosed, 0)


@case("Without a stream it is one finished file of the same samples, with true sizes", good, AN_ANSWER)
async def whole_file(contract: TTSContract, tape: Any) -> None:
    played = contract.play(tape, tape.answer(), stream=False)
    answered = await played.ask()
    require_equal("what is heard", answered.whole(), await contract.expected(tape))
    require_equal("answers left open", played.wire.unclosed, 0)


@case("What was used is counted where the server counts it", good, AN_ANSWER)
async def usage(contract: TTSContract, tape: Any) -> None:
    spoken = await contract.expected(tape)
    if b"usage" not in b"".join(unit_bytes(unit) for unit in contract.units(tape)):
        raise NotApplicableError("the server counts nothing here")
    used = spoken.usage
    require(used is not None, "the server counts, but the response has no usage")
    counts = (used.characters, used.input_tokens, used.output_tokens)
    require(max(counts) > 0 and min(counts) >= 0, f"the server counts, and usage says {used}")


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


CASES: tuple[Case[Any], ...] = (
    heard_at_all,
    stream_is_one_file,
    nothing_lost,
    heard_at_once,
    whole_file,
    usage,
    cut_in_two,
    other_bytes,
    unknown_fields,
    unknown_events,
    odd_pieces,
)
