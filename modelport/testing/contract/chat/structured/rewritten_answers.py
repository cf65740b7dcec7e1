"""Recorded answers whose text, or whose first tool call, is replaced by another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .....domain.message.blocks import TextBlock, ToolCallBlock
from ...core.frames import events
from ...core.mutated_transport import MutatedAnswer
from ...core.recordings import Recording
from ..base import ChatContractBase
from ..collect import collect, question, text_of

__all__ = ["RewritableAnswer", "rewritable_answer"]

Json = Any
"""A JSON value."""
_Path = tuple[str | int, ...]


@dataclass(frozen=True)
class _Frame:
    """An event, or a body, with the JSON in it; none where there is none."""

    before: bytes
    value: Json
    after: bytes

    def with_value(self, value: Json) -> bytes:
        """The event with other JSON."""
        return self.before + json.dumps(value).encode() + self.after if self.value is not None else self.before


@dataclass(frozen=True)
class RewritableAnswer:
    """A recorded answer whose text, or the arguments of whose first call, can be replaced.

    Attributes:
        tape: the answer.
        name: of the tool that is called; empty where the text is replaced.
        text: the recorded text or arguments.
        frames: the events of it, or the one body.
        pieces: which piece of it comes with which event: the number of the event and the place in its JSON.
    """

    tape: Recording
    name: str
    text: str
    frames: Sequence[_Frame]
    pieces: Sequence[tuple[int, _Path]]

    def __str__(self) -> str:
        return self.tape.name

    def answer(self, text: str, name: str = "") -> MutatedAnswer:
        """The answer with this text, or with a call of that tool and this text as its arguments."""
        shares = dict(zip(self.pieces, _cut(text, len(self.pieces)), strict=True))
        swapped = [
            frame.with_value(self._swapped(frame.value, (number,), shares, text, name))
            for number, frame in enumerate(self.frames)
        ]
        return self.tape.answer(swapped)

    def _swapped(self, value: Json, place: _Path, shares: dict[tuple[int, _Path], str], text: str, name: str) -> Json:
        share = shares.get((int(place[0]), place[1:]))
        if share is not None or (isinstance(value, str) and value == self.text):
            given = text if share is None else share
            return json.loads(given) if isinstance(value, dict) else given
        if isinstance(value, str) and name and self.name and value == self.name:
            return name
        if isinstance(value, dict):
            return {key: self._swapped(each, (*place, key), shares, text, name) for key, each in value.items()}
        if isinstance(value, list):
            return [self._swapped(each, (*place, key), shares, text, name) for key, each in enumerate(value)]
        return value


async def rewritable_answer(
    contract: ChatContractBase, tape: Recording, *, call: bool = False
) -> RewritableAnswer | None:
    """The answer, if its text or its first call can be replaced; `None` where it is not found in the bytes as it is."""
    frames = [*_frames(tape)]
    texts, name = await _texts_by_frame(contract, tape, call)
    found = [_places(frame.value, text) if text else [] for frame, text in zip(frames, texts, strict=True)]
    usual = Counter(_shape(place) for places in found for place in places).most_common(1)
    pieces = [
        (number, next(place for place in places if _shape(place) == usual[0][0]))
        for number, places in enumerate(found)
        if any(_shape(place) == usual[0][0] for place in places)
    ]
    whole = "".join(texts)
    if not pieces or "".join(texts[number] for number, _ in pieces) != whole:
        return None
    return RewritableAnswer(tape, name, whole, frames, pieces)


def _frames(tape: Recording) -> Iterator[_Frame]:
    if not tape.streamed:
        yield _Frame(b"", json.loads(tape.body), b"")
        return
    for frame in tape.frames:
        before, text, after = next(events(frame, tape.content_type), (frame, b"null", b""))
        yield _Frame(before, json.loads(text), after)


async def _texts_by_frame(contract: ChatContractBase, tape: Recording, call: bool) -> tuple[list[str], str]:
    """The text of the block that was handed out after each event; and the name of the tool."""
    model, wire = contract.play(tape, tape.answer(tape.frames if tape.streamed else None), stream=tape.streamed)
    steps = [] if tape.streamed else [((await collect(model)).whole(), 1)]
    if tape.streamed:
        steps = [(step, max(wire.sent, 1)) async for step in await model(question()) if not step.is_last]
    texts = [""] * (len(tape.frames) if tape.streamed else 1)
    block_id, name = None, ""
    for step, number in steps:
        for block in step.content:
            wanted = isinstance(block, ToolCallBlock) if call else isinstance(block, TextBlock)
            if wanted and block_id in (None, block.id):
                block_id, name = block.id, getattr(block, "name", "") or name
                texts[number - 1] += text_of(block)
    return texts, name


def _places(value: Json, text: str, place: _Path = ()) -> list[_Path]:
    """Where the text stands in the JSON, as a text or, where it is the JSON of an object, as that."""
    if value == text or (isinstance(value, dict) and text[:1] == "{" and value == _object(text)):
        return [place]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in inner for found in _places(each, text, (*place, key))]


def _object(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _shape(place: _Path) -> _Path:
    """The place without the numbers in it, which may count along."""
    return tuple("*" if isinstance(key, int) else key for key in place)


def _cut(text: str, count: int) -> list[str]:
    """The text in so many pieces."""
    ends = [len(text) * number // count for number in range(count + 1)]
    return [text[start:end] for start, end in pairwise(ends)]
