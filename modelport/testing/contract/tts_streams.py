"""Speech as a stream and as a whole: one file, all that was said, at once and with true sizes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ...domain.speech import pcm_of_wav
from .asking_over import AN_ANSWER, good
from .case import Case, NotApplicableError, case, require, require_equal
from .mutant import End
from .silence import turns
from .tts_hearing import Spoken, audio_of
from .tts_units import AN_EVENT, audio_in, over_events, unit_bytes

if TYPE_CHECKING:
    from .tts import TTSContract

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


CASES: tuple[Case[Any], ...] = (
    heard_at_all,
    stream_is_one_file,
    nothing_lost,
    heard_at_once,
    whole_file,
    usage,
)
