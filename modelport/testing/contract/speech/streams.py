"""Speech is one file with all the audio that was sent, streamed or whole, however the network cuts it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from ....domain.message.wav import pcm_of_wav
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import End
from ..model.byte_changes import require_same
from ..model.selectors import AN_ANSWER, good, some
from ..model.timeouts import turns
from .base import TTSContractBase
from .collect import TEXT, Spoken, audio_of
from .units import AN_EVENT, as_unit, audio_in, in_two, over_events, unit_bytes, with_unknown

__all__ = ["CASES"]


@case("One call reads some recording to its end")
async def reads_to_the_end(contract: TTSContractBase, variant: str) -> str:
    if not contract.good():
        others = ", ".join(map(str, contract.unfinished()))
        require(not others, f"one call reads none of {others} to the end: it waits, or leaves messages unread")
        raise NotApplicableError(f"needs {AN_ANSWER}")
    return f"{len(contract.good())} cassettes"


@case("A stream is one file: a streaming header, whole samples, and an end without audio", good, AN_ANSWER)
async def stream_is_one_file(contract: TTSContractBase, tape: Any) -> str:
    model, wire = contract.play(tape, tape.answer(contract.units(tape)))
    result = await contract.ask(model, tape)
    spoken: Spoken = result.whole()
    response = result.response
    require(spoken.audio, "the stream has no audio")
    require(response.provider and response.model, "the last response does not name provider and model")
    require_equal("attempts", [one.status_code for one in response.attempts], [tape.status])
    require_equal("requests", len(wire.requests), 1)
    require_equal("answers left open", wire.unclosed, 0)
    return f"{len(spoken.audio)} bytes of {spoken.media_type}"


@case("The audio is what the server sent, each byte once", over_events, AN_EVENT)
async def nothing_lost(contract: TTSContractBase, tape: Any) -> str:
    spoken: Spoken = await contract.expected(tape)
    sent = b"".join(audio for unit in contract.units(tape) for audio in audio_in(unit))
    if not sent:
        raise NotApplicableError("the audio in the messages is not found")
    require_equal("the audio", spoken.audio, pcm_of_wav(sent) if spoken.media_type == "audio/wav" else sent)
    return f"{len(sent)} bytes"


@case("Audio is handed out while the server still sends", good, AN_ANSWER)
async def audio_at_once(contract: TTSContractBase, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    units = contract.units(tape)
    if len(units) < 2:
        raise NotApplicableError("needs a cassette of an answer that comes in pieces")
    model, wire = contract.play(tape, tape.answer(units[:-1], End.HANG))
    received: list[bytes] = []

    async def read() -> None:
        async for response in await model.synthesize(TEXT):
            received.append(audio_of(response))

    call = asyncio.ensure_future(read())
    try:
        await asyncio.wait_for(wire.waiting.wait(), contract.patience)
        await turns()
        require(not call.done(), "the stream ended before the server had")
        require(b"".join(received).endswith(wanted.audio), "audio that had come was not handed out")
    finally:
        call.cancel()
        await asyncio.wait([call], timeout=contract.patience)
    require_equal("answers left open", wire.unclosed, 0)


@case("Without a stream it is one finished file of the same samples, with correct sizes", good, AN_ANSWER)
async def whole_file(contract: TTSContractBase, tape: Any) -> None:
    model, wire = contract.play(tape, tape.answer(), stream=False)
    result = await contract.ask(model, tape)
    require_equal("the audio", result.whole(), await contract.expected(tape))
    require_equal("answers left open", wire.unclosed, 0)


@case("Usage is counted where the server counts it", good, AN_ANSWER)
async def usage(contract: TTSContractBase, tape: Any) -> None:
    spoken = await contract.expected(tape)
    if b"usage" not in b"".join(unit_bytes(unit) for unit in contract.units(tape)):
        raise NotApplicableError("the server counts nothing here")
    used = spoken.usage
    require(used is not None, "the server counts, but the response has no usage")
    counts = (used.characters, used.input_tokens, used.output_tokens)
    require(max(counts) > 0 and min(counts) >= 0, f"the server counts, but usage is {used}")


_UNKNOWN = '{"type":"modelport.unknown","modelport_unknown":{"depth":7}}'


@case("Unknown fields change nothing", over_events, AN_EVENT)
async def unknown_fields(contract: TTSContractBase, tape: Any) -> None:
    changed = [with_unknown(unit, getattr(tape, "content_type", "")) for unit in contract.units(tape)]
    await require_same(contract, tape, [changed], _without_usage)


@case("Unknown events change nothing", over_events, AN_EVENT)
async def unknown_events(contract: TTSContractBase, tape: Any) -> None:
    units = contract.units(tape)
    for place in some(range(1, len(units)), contract.limit // 10):
        unit = as_unit(units[place], _UNKNOWN)
        await require_same(contract, tape, [[*units[:place], unit, *units[place:]]])


@case("Audio that is cut inside samples is joined again", over_events, AN_EVENT)
async def odd_pieces(contract: TTSContractBase, tape: Any) -> str:
    wanted: Spoken = await contract.expected(tape)
    units = contract.units(tape)
    for first in (1, 2, 3):
        pieces = [piece for unit in units for piece in in_two(unit, wanted, first)]
        if len(pieces) == len(units):
            raise NotApplicableError("the audio in the messages is not found")
        await require_same(contract, tape, [pieces])
    return f"{len(pieces) - len(units)} pieces cut in two"


def _without_usage(spoken: Spoken) -> Spoken:
    """Raw usage may repeat what was changed."""
    return replace(spoken, usage=None)


CASES: tuple[Case[Any], ...] = (
    reads_to_the_end,
    stream_is_one_file,
    nothing_lost,
    audio_at_once,
    whole_file,
    usage,
    unknown_fields,
    unknown_events,
    odd_pieces,
)
