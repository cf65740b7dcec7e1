"""No piece of a stream is lost: where one event's text is told on, so is that of every event like it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .case import Case, case, require, require_equal
from .cassettes import Taped
from .chat_history import leaves
from .frames import events
from .hearing import hear, question, said
from .over import A_STREAM, good, streams

if TYPE_CHECKING:
    from .chat import ChatContract

__all__ = ["CASES"]

_WORDS = 2
_Place = tuple[str, ...]


@case("No piece of text, thought or call is lost", streams, A_STREAM)
async def no_piece_lost(contract: ChatContract, tape: Taped) -> str:
    told_on = await _told_by_frame(contract, tape)
    found = [dict(_texts(frame, tape.content_type)) for frame in tape.frames]
    places = {
        place for texts, told in zip(found, told_on, strict=True) for place, text in texts.items() if text == told
    }
    pieces = 0
    for number, texts in enumerate(found):
        later = "".join(told_on[number:])
        for place in places & texts.keys():
            pieces += 1
            lost = f"{texts[place]!r} of event {number} is not told on, as others at {'.'.join(place)} are"
            require(texts[place] in later, lost)
    return f"{pieces} pieces"


async def _told_by_frame(contract: ChatContract, tape: Taped) -> list[str]:
    """What was said on by the time that each event had come, and the next had not."""
    model, mutant = contract.play(tape, tape.answer(tape.frames))
    told = [""] * len(tape.frames)
    async for response in await model(question()):  # type: ignore[union-attr]  # a stream, as asked
        if not response.is_last:
            told[max(mutant.sent, 1) - 1] += "".join(map(said, response.content))
    return told


def _texts(frame: bytes, content_type: str) -> Iterator[tuple[_Place, str]]:
    """The texts of an event by their place, which says the event's type and no numbers."""
    for _, text, _ in events(frame, content_type):
        value = json.loads(text)
        kind = str(value.get("type", "")) if isinstance(value, dict) else ""
        yield from ((place, leaf) for place, leaf in _leaves(value, (kind,)) if leaf)


def _leaves(value: Any, place: _Place) -> Iterator[tuple[_Place, str]]:  # Any: JSON
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*place, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, (*place, "*"))
    elif isinstance(value, str):
        yield place, value


@case("Whatever the server says in words is told on", good, "a cassette of an answer")
async def words_are_told(contract: ChatContract, tape: Taped) -> str:
    model, _ = contract.play(tape, tape.answer(), stream=tape.streamed)
    whole = (await hear(model)).whole()
    facts = json.dumps([dict(whole.metadata), [block.model_dump(mode="json") for block in whole.content]])
    known = {*leaves(json.loads(facts)), *leaves(tape.interaction.asked.body)}
    heard = "\n".join([*map(said, whole.content), *known])
    sentences = [text for text in _spoken(tape) if text.count(" ") >= _WORDS]
    lost = [text[:80] for text in dict.fromkeys(sentences) if text.strip() not in heard]
    require_equal("what the server said and nobody hears", lost, [])
    return f"{len(sentences)} texts"


def _spoken(tape: Taped) -> Iterator[str]:
    """The texts of the answer, streamed or not."""
    if not tape.streamed:
        yield from leaves(json.loads(tape.body))
    for frame in tape.frames if tape.streamed else ():
        yield from (text for _, text in _texts(frame, tape.content_type))


CASES: tuple[Case[Any], ...] = (no_piece_lost, words_are_told)
