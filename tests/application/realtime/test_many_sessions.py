"""Two hundred conversations at once on one model: none gets a frame of another, and each gets all of its own."""

from __future__ import annotations

import asyncio
import base64

import pytest

from modelport.event import DataBlockDeltaEvent, ReplyEndEvent

from .dialects import Dialect, dialects
from .support import Json, Line, Talk

SESSIONS, FRAMES = 200, 10


class Speakers:
    """A server that answers each question with audio that names the question and the frame."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def greet(self, line: Line) -> None:
        line.slow = True
        line.reacts = lambda frame: self._answer(line, frame)
        self._dialect.greets(line)

    def _answer(self, line: Line, frame: Json) -> None:
        text = str(frame)
        if "Number " not in text:
            return
        number = int(text.split("Number ")[1].split(".")[0])
        dialect = self._dialect
        line.say(*dialect.begins("r1"))
        for place in range(FRAMES):
            line.say(*dialect.sounds("r1", audio(number, place)))
        line.say(*dialect.ends("r1"))


def audio(number: int, place: int) -> bytes:
    """Ten milliseconds that are of one session and one frame alone."""
    return number.to_bytes(4, "little") + place.to_bytes(4, "little") + bytes(472)


@pytest.mark.parametrize("dialect", dialects("openai", "gemini"), ids=str)
async def test_every_session_gets_its_own_frames_in_order(dialect: Dialect) -> None:
    talk: Talk = dialect.talk()
    talk.server.greet = Speakers(dialect).greet

    async def converse(number: int) -> list[bytes]:
        heard: list[bytes] = []
        async with talk.model.connect() as session:
            await session.send_text(f"Number {number}.")
            async for event in session:
                if isinstance(event, DataBlockDeltaEvent):
                    heard.append(base64.b64decode(event.data or ""))
                elif isinstance(event, ReplyEndEvent):
                    assert event.error is None
                    break
            assert len(session.history) == 2
        return heard

    found = await asyncio.gather(*map(converse, range(SESSIONS)))
    assert found == [[audio(number, place) for place in range(FRAMES)] for number in range(SESSIONS)]
    assert len(talk.server.lines) == SESSIONS
    assert all(line.closed and not line.waiting - 1 for line in talk.server.lines), "nothing but the close is left"
    assert len(asyncio.all_tasks()) == 1
