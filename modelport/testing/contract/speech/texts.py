"""Texts: blank ones, and ones that are longer than a request may be; and the voices of a card."""

from __future__ import annotations

import json
import re
from typing import Any

from ....domain.errors import InvalidRequestError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.recordings import Recording
from ..model.model_contract import require_error
from ..model.selectors import AN_ANSWER, CardOf, cards, simplest, some
from .base import TTSContractBase
from .collect import collect

__all__ = ["CASES"]

_LONGEST = 20_000
_SENTENCE = "Here a sentence of some length comes to its end. "
_VOICES = 6


@case("A blank text makes no request and gives no audio", simplest, AN_ANSWER)
async def blank_text(contract: TTSContractBase, tape: Any) -> None:
    for text in (None, "", " \n\t"):
        for stream in (True, False):
            model, wire = contract.play(tape, tape.answer(), stream=stream)
            spoken = (await collect(model, text)).whole()
            require_equal(f"the audio of {text!r}", (spoken.audio, spoken.media_type), (b"", None))
            require_equal(f"requests for {text!r}", len(wire.requests), 0)


@case("Anything but a text is refused before anything is sent", simplest, AN_ANSWER)
async def no_text(contract: TTSContractBase, tape: Any) -> None:
    for wrong in (5, b"bytes", ["text"], {"text": "a"}):
        model, wire = contract.play(tape, tape.answer())
        require_error(await collect(model, wrong), InvalidRequestError, f"{wrong!r}")
        require_equal(f"requests for {wrong!r}", len(wire.requests), 0)


@case("A text longer than a request may be is sent in several, in order, and gives one file", cards, "a card")
async def long_text(contract: TTSContractBase, of: CardOf) -> str:
    limit = of.card.max_characters
    if contract.realtime or limit is None or limit > _LONGEST:
        raise NotApplicableError("the card limits no request, or a conversation takes any number of pieces")
    text = _SENTENCE * (3 * limit // len(_SENTENCE))
    tape: Recording = contract.tape_for(of.card.name)
    model, wire = contract.play(tape, tape.answer(), name=of.card.name)
    result = await collect(model, text)
    single = (await contract.expected(tape)).audio
    texts = [_longest_text(json.loads(request.body)) for request in wire.requests]
    require(max(map(len, texts)) <= limit, f"a request holds {max(map(len, texts))} characters of {limit}")
    require_equal("the text of all requests", " ".join(texts).split(), text.split())
    require_equal("the audio", result.whole().audio, single * len(texts))
    require_equal("attempts", len(result.response.attempts), len(texts))
    return f"{len(texts)} requests"


def _longest_text(value: Any) -> str:  # Any: JSON
    """The longest string in it."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return max(map(_longest_text, inner), key=len, default="")
    return value if isinstance(value, str) else ""


@case("The voices of a card are sent by their names, the first one by default", cards, "a card")
async def voices(contract: TTSContractBase, of: CardOf) -> str:
    if not of.card.voices:
        raise NotApplicableError("the card names no voices")
    first, *_ = of.card.voices
    require(await _sent(contract, of.card.name, first), f"the first voice, {first}, is not the default")
    for voice in some(of.card.voices, _VOICES):
        parameters = contract.model.Parameters(voice=voice)
        require(await _sent(contract, of.card.name, voice, parameters=parameters), f"the voice {voice} is not sent")
    return f"{len(of.card.voices)} voices"


async def _sent(contract: TTSContractBase, name: str, voice: str, **options: Any) -> bool:  # Any: options of the model
    model, wire = contract.probe(name, **options)
    (await contract.ask(model)).whole()
    return re.search(rb'"' + re.escape(voice).encode() + rb'"', wire.sent_bytes) is not None


CASES: tuple[Case[Any], ...] = (blank_text, no_text, long_text, voices)
