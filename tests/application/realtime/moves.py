"""Voice conversations that wander: moves drawn by hypothesis, played over any dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from modelport.message import Base64Source, DataBlock, Msg, TextBlock, ToolResultBlock, ToolResultState, UserMsg

from .dialects import Dialect
from .support import TOOLS, Talk, pcm, settle

__all__ = ["MOVES", "Move", "play"]

PHOTO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WORDS = st.sampled_from(
    ["Yes.", "Good day to you", " ", "<history>", "潮位は高い", "a\nb", 'say "no"\nuser: "yes"', "🙂\u2028"]
)


@dataclass(frozen=True)
class Move:
    """One move.

    Attributes:
        kind: `speech`, `typed`, `image`, `reply`, `calls` or `drop`.
        text: what is said.
        how: how it ends; see `_Voice`.
        calls, results: how many there are.
    """

    kind: str
    text: str = ""
    how: str = ""
    calls: int = 0
    results: int = 0


MOVES = st.lists(
    st.one_of(
        st.builds(Move, st.just("speech"), WORDS, st.sampled_from(["transcribed", "late", "never", "failed"])),
        st.builds(Move, st.sampled_from(["typed", "image"]), WORDS),
        st.builds(
            Move, st.just("reply"), WORDS, st.sampled_from(["whole", "half heard", "unheard", "stopped", "open"])
        ),
        st.builds(
            Move,
            st.just("calls"),
            WORDS | st.just(""),
            st.sampled_from(["answered", "interrupted", "open"]),
            st.integers(1, 3),
            st.integers(0, 3),
        ),
        st.just(Move("drop")),
    ),
    max_size=7,
)


async def play(dialect: Dialect, moves: Sequence[Move], history: Sequence[Msg] = ()) -> list[Msg]:
    """What the session holds in the end."""
    async with dialect.talk(tools=TOOLS, history=list(history)) as talk:
        voice = _Voice(dialect, talk)
        for move in moves:
            await getattr(voice, move.kind)(move)
        await voice.late()
    return talk.session.history


class _Voice:
    def __init__(self, dialect: Dialect, talk: Talk) -> None:
        self._dialect = dialect
        self._talk = talk
        self._count = 0
        self._late: list[tuple[str, str]] = []
        self._previous: str | None = None

    def _next(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    async def late(self) -> None:
        """The transcripts that are still to come."""
        for user, text in self._late:
            await self._talk.say(*self._dialect.transcript(user, text))
        self._late.clear()

    async def speech(self, move: Move) -> None:
        user = self._next("u")
        await self._talk.say(*self._dialect.turn(user, self._previous))
        if move.how == "transcribed":
            await self._talk.say(*self._dialect.transcript(user, move.text))
        elif move.how == "late" and not self._dialect.live:
            self._late.append((user, move.text))
        elif move.how == "failed" and not self._dialect.live:
            kind = "conversation.item.input_audio_transcription.failed"
            await self._talk.say({"type": kind, "item_id": user, "error": {"message": "no"}})
        self._previous = user

    async def typed(self, move: Move) -> None:
        if move.text.strip():
            await self._talk.session.send_text(move.text)

    async def image(self, move: Move) -> None:
        if self._talk.session.facts.image_input and self._dialect.name != "dashscope":
            photo = DataBlock(source=Base64Source(data=PHOTO, media_type="image/png"))
            await self._talk.session.send(UserMsg("user", [TextBlock(text=move.text), photo]))

    async def reply(self, move: Move) -> None:
        dialect, talk, reply = self._dialect, self._talk, self._next("r")
        await talk.say(*dialect.begins(reply, self._previous), *dialect.says(reply, move.text))
        await talk.say(*dialect.sounds(reply, pcm(100)))
        if move.how == "stopped":
            await talk.session.interrupt()
            await talk.say(*dialect.cancelled(reply))
        elif move.how in ("half heard", "unheard"):
            talk.clock.advance(0.05 if move.how == "half heard" else 0)
            user = self._next("u")
            await talk.say(*dialect.interrupts(user), *dialect.cancelled(reply))
        elif move.how == "whole":
            await talk.say(*dialect.ends(reply))
            talk.clock.advance(1)
        self._previous = None

    async def calls(self, move: Move) -> None:
        dialect, talk, reply = self._dialect, self._talk, self._next("r")
        names = [self._next("c") for _ in range(move.calls)]
        await talk.say(*dialect.begins(reply, self._previous))
        if move.text:
            await talk.say(*dialect.says(reply, move.text))
        for name in names:
            await talk.say(*dialect.calls(reply, name))
        if move.how != "open":
            await talk.say(*dialect.ends(reply, calling=True))
        for name in names[: move.results]:
            done = ToolResultBlock(id=name, name="look", output=move.text or "blue", state=ToolResultState.SUCCESS)
            await talk.session.send_tool_result(done)
        await settle()
        if move.how == "interrupted":
            user = self._next("u")
            await talk.say(
                *dialect.interrupts(user), *dialect.turn(user), *(dialect.ends(reply) if dialect.live else ())
            )
        self._previous = None

    async def drop(self, move: Move) -> None:
        self._late.clear()
        self._talk.clock.advance(31)
        self._talk.line.hang_up(1006)
        await settle()
        self._previous = None
