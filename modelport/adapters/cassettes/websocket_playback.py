"""How connections go through recorded conversations: messages in, messages out, without sockets or waiting.

A connection takes the first conversation of its path and query that is free. When the client sends what that one
does not have, the connection goes over to another that begins with all that was sent, also to one that another
connection has taken, if the two can change places; server messages that were received by then stay
received. A server message is due when the client has sent as many messages as came before it in the recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ...domain.errors import ReplayMismatchError
from ...ports.websocket import Frame
from .mismatch import differing, nearest, used_up
from .websocket_file import Address, Conversation, ServerStep, ServerStop, address_of
from .websocket_ids import Ids, fitting

__all__ = ["Playback", "Shelf"]


class Playback:
    """One connection's way through a conversation."""

    def __init__(self, shelf: Shelf, conversation: Conversation, now: float) -> None:
        self._shelf = shelf
        self.conversation = conversation
        self.sent: list[Frame] = []
        self._times = [now]  # of the handshake, and of every message of the client's
        self._given = 0
        self._ids = Ids()
        self.on_change: Callable[[], None] = lambda: None
        """Called when something may be due earlier."""

    def open(self, now: float) -> None:
        """The handshake was answered."""
        self._times = [now]

    def take(self, frame: Frame, now: float) -> None:
        """Take a message of the client. Raises `ReplayMismatchError` when no conversation has it."""
        number = len(self.sent)
        known = self.conversation.client[number : number + 1]
        place = f"client message {number + 1}"
        if not known or self._ids.differences(place, frame, known[0]):
            self._shelf.change(self, frame)
        self.sent.append(frame)
        self._times.append(now)
        self.on_change()

    def become(self, conversation: Conversation, ids: Ids) -> None:
        """Go on with another conversation."""
        self.conversation, self._ids = conversation, ids
        self.on_change()

    @property
    def stop(self) -> ServerStop | None:
        """How the server ends the connection, once the client has sent all that it did."""
        last = self.conversation.server[-1] if self.conversation.server else None
        if last is None or last.after > len(self.sent) or not isinstance(last.does, ServerStop):
            return None
        return last.does

    def next(self) -> tuple[float, ServerStep] | None:
        """When the next step is due; `None` while the client has to send something first, and at the end."""
        step = next(iter(self.conversation.server[self._given : self._given + 1]), None)
        if step is None or step.after > len(self.sent):
            return None
        return self._times[step.after] + step.wait, step

    def give(self, step: ServerStep) -> Frame | ServerStop:
        """Take that step: what the client gets, with the ids that it sent."""
        self._given += 1
        return step.does if isinstance(step.does, ServerStop) else self._ids.rewritten(step.does)

    def end(self) -> None:
        """The connection is closed; its conversation stays used."""
        self._shelf.end(self)


class Shelf:
    """The conversations, and who plays which."""

    def __init__(self, conversations: Sequence[Conversation], source: str, repeat: bool) -> None:
        self._conversations: dict[Address, list[Conversation]] = {}
        for conversation in conversations:
            self._conversations.setdefault(conversation.address, []).append(conversation)
        self._source = source
        self._repeat = repeat
        self._uses = {conversation.place: 0 for conversation in conversations}
        self._playing: list[Playback] = []

    def begin(self, url: str, now: float) -> Playback:
        """A connection. Raises `ReplayMismatchError` when no conversation is left for it."""
        address = address_of(url)
        if address not in self._conversations:
            raise self._unknown(address)
        conversation = next(self._free(address), None)
        if conversation is None:
            raise used_up(f"WebSocket {address[0]}", len(self._conversations[address]), self._source)
        self._uses[conversation.place] += 1
        playback = Playback(self, conversation, now)
        if conversation.refusal is None:
            self._playing.append(playback)
        return playback

    def end(self, playback: Playback) -> None:
        """Exclude it from further exchanges."""
        if playback in self._playing:
            self._playing.remove(playback)

    def change(self, playback: Playback, frame: Frame) -> None:
        """Find another conversation for a connection that has sent this too."""
        sent = [*playback.sent, frame]
        for conversation in self._free(playback.conversation.address):
            fit = fitting(sent, conversation.client)
            if conversation.refusal is None and not fit.differences:
                self._uses[playback.conversation.place] -= 1
                self._uses[conversation.place] += 1
                playback.become(conversation, fit.ids)
                return
        if not self._exchanged(playback, sent):
            raise self._mismatch(playback, sent)

    def _exchanged(self, playback: Playback, sent: list[Frame]) -> bool:
        """Whether another connection could change places."""
        for other in self._playing:
            if other is playback or other.conversation.address != playback.conversation.address:
                continue
            fit = fitting(sent, other.conversation.client)
            theirs = fitting(other.sent, playback.conversation.client)
            if not fit.differences and not theirs.differences:
                mine = playback.conversation
                playback.become(other.conversation, fit.ids)
                other.become(mine, theirs.ids)
                return True
        return False

    def _free(self, address: Address) -> Iterator[Conversation]:
        """Those that may be played, the least played first."""
        for conversation in sorted(self._conversations[address], key=lambda one: self._uses[one.place]):
            if self._repeat or not self._uses[conversation.place]:
                yield conversation

    def _mismatch(self, playback: Playback, sent: list[Frame]) -> ReplayMismatchError:
        """The conversation that agrees longest with the client, and the differences after that."""
        recorded = [one for one in self._conversations[playback.conversation.address] if one.refusal is None]
        fits = [(fitting(sent, one.client), one) for one in recorded]
        mine = playback.conversation
        fit, closest = min(fits, key=lambda pair: (-pair[0].length, len(pair[0].differences), pair[1] is not mine))
        what = f"message {len(sent)} to WebSocket {mine.address[0]} is not on {self._source}"
        if not fit.differences:
            return ReplayMismatchError(f"{what} any more: {closest.place} was played; record it again, or repeat")
        return nearest(what, fit.differences, closest.place)

    def _unknown(self, address: Address) -> ReplayMismatchError:
        what = f"WebSocket {address[0]} is not on {self._source}"
        compared = [
            ([*differing("path", address[0], path), *differing("query", dict(address[1]), dict(query))], found[0])
            for (path, query), found in self._conversations.items()
        ]
        if not compared:
            return ReplayMismatchError(f"{what}: it holds no conversations; record some")
        found, closest = min(compared, key=lambda pair: (pair[1].address[0] != address[0], len(pair[0])))
        return nearest(what, found, closest.place)
