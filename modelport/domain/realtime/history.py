"""The conversation of a realtime session: its items in the server's order, as messages for any chat model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from ..errors import ResponseDecodeError
from ..ids import new_timestamp
from ..message.blocks import (
    Base64Source,
    ContentBlock,
    DataBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolCallState,
    ToolResultBlock,
    ToolResultState,
)
from ..message.messages import Msg, Usage
from ..message.responses import FinishReason
from .playout import Playout
from .signals import ItemAdded

__all__ = ["INTERRUPTED", "MOST_ITEMS", "UNHEARD_SPEECH", "Item", "RealtimeHistory"]

MOST_ITEMS = 4000
"""Of a conversation, beside its seed: when there are more, the oldest turns are forgotten, up to half of them."""
_MOST_MEDIA = 64 * 1024 * 1024
"""Base64 characters of the images that are kept."""
_MOST_EXPECTED = 1000
"""Items that were sent and that the server may still give an id: some servers never do."""

INTERRUPTED = "interrupted"
"""The `error` of a reply that was cut short."""
UNHEARD_SPEECH = "[speech without a transcript]"
"""Stands for what the user said where it was not transcribed."""
_LONGEST_TEXT = 256 * 1024
"""Characters: some hours of speech."""
_NOT_RUN = "The call was interrupted before its result came."


class GrowingText:
    """Pieces of a text, joined when it is read: adding them one by one to a text would take quadratic time."""

    __slots__ = ("_length", "_pieces")

    def __init__(self, pieces: Sequence[str] = ()) -> None:
        self._pieces = list(pieces)
        self._length = sum(map(len, pieces))

    def add(self, piece: str) -> None:
        """Add a piece; raises `ResponseDecodeError` when the text gets longer than any turn of a conversation."""
        self._length += len(piece)
        if self._length > _LONGEST_TEXT:
            raise ResponseDecodeError(f"a turn of the conversation is longer than {_LONGEST_TEXT} characters")
        self._pieces.append(piece)

    @property
    def text(self) -> str:
        """All of it."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""


@dataclass(slots=True)
class Item:
    """One entry of the conversation: something said or typed, a call, or the model's thoughts."""

    id: str
    role: str
    spoken: bool = False
    transcribed: bool = False
    transcript_error: str | None = None
    media: Sequence[DataBlock] = ()
    reply_id: str = ""
    interrupted: bool = False
    heard_ms: int | None = None
    heard: str = ""
    call: ToolCallBlock | None = None
    result: ToolResultBlock | None = None
    silent: bool = False
    created_at: str = field(default_factory=new_timestamp)
    playout: Playout = field(default_factory=Playout)
    said: GrowingText = field(default_factory=GrowingText)
    thought: GrowingText = field(default_factory=GrowingText)

    @property
    def text(self) -> str:
        """What was said, typed or generated; `said.add` adds to it."""
        return self.said.text

    @text.setter
    def text(self, text: str) -> None:
        self.said = GrowingText([text])

    @property
    def media_size(self) -> int:
        """Base64 characters of its images."""
        return sum(len(block.source.data) for block in self.media if isinstance(block.source, Base64Source))

    @property
    def is_open(self) -> bool:
        """Whether it is a call without a result."""
        return self.call is not None and self.result is None

    def close_call(self) -> None:
        """The call gets no result any more."""
        if self.call is not None and self.result is None:
            self.result = ToolResultBlock(
                id=self.call.id, name=self.call.name, output=_NOT_RUN, state=ToolResultState.INTERRUPTED
            )


@dataclass(slots=True)
class ReplyFacts:
    """What is known of a whole reply."""

    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    error: str | None = None


class RealtimeHistory:
    """Items by id and in order. A message stands where its turn began, whenever its transcript came.

    Of a very long conversation the newest 2,000 items are kept at least, and no more than twice as many.

    Args:
        seed: the messages that the session began with; they stand first, unchanged.
        name: the assistant's name in its messages.
    """

    def __init__(self, seed: Sequence[Msg] = (), name: str = "assistant") -> None:
        self.seed = list(seed)
        self.name = name
        self.replies: dict[str, ReplyFacts] = {}
        self._items: dict[str, Item] = {}
        self._order: list[str] = []
        self._same: dict[str, str] = {}
        self._expected: list[tuple[str, str | None]] = []

    def get(self, item_id: str) -> Item | None:
        """The item with this id, or with another id of the server's."""
        return self._items.get(self._same.get(item_id, item_id))

    def item(self, item_id: str, role: str) -> Item:
        """The item with this id; a new one has no place yet."""
        item = self.get(item_id)
        if item is None:
            if len(self._items) >= MOST_ITEMS:
                self._forget_oldest(MOST_ITEMS // 2)
            item = self._items[item_id] = Item(item_id, role)
        return item

    def forget_media(self) -> None:
        """Forget old turns where the images of the conversation have become too many."""
        if sum(item.media_size for item in self._items.values() if item.media) > _MOST_MEDIA:
            self._forget_oldest(MOST_ITEMS)

    def _forget_oldest(self, most: int) -> None:
        """Forget items from the beginning, but none behind a call without a result; a user's turn then comes first."""
        order = self._placed()
        gone = _too_many(order, most)
        turns = (place for place in range(gone, len(order)) if order[place].role == "user")
        turn = next(turns, gone)
        if not any(item.is_open for item in order[gone:turn]):
            gone = turn
        self._order = self._order[gone:]
        kept = set(self._order)
        placed = kept.union(item.id for item in order[:gone])
        kept.update([item_id for item_id in self._items if item_id not in placed][-most:])
        self._items = {item_id: item for item_id, item in self._items.items() if item_id in kept}
        self._same = {name: item_id for name, item_id in self._same.items() if item_id in kept}
        used = {item.reply_id for item in self._items.values()}
        self.replies = {reply_id: facts for reply_id, facts in self.replies.items() if reply_id in used}

    def place(self, item: Item, previous: str | None = None) -> None:
        """Put an item after another one, where that is known; else a new one goes to the end."""
        after = self._same.get(previous, previous) if previous is not None else None
        known = after is not None and after != item.id and after in self._order
        if item.id in self._order:
            if not known:
                return
            self._order.remove(item.id)
        self._order.insert(self._order.index(after) + 1 if known and after else len(self._order), item.id)

    def forget(self, item_id: str) -> None:
        """Remove an item, which was never part of the conversation."""
        item = self._items.pop(self._same.get(item_id, item_id), None)
        if item is not None and item.id in self._order:
            self._order.remove(item.id)

    def expect(self, items: Iterable[tuple[str, str | None]]) -> None:
        """These items were sent to the server, in this order; it may give them other ids."""
        self._expected.extend(items)
        del self._expected[:-_MOST_EXPECTED]

    def added(self, signal: ItemAdded) -> None:
        """The server says that an item stands in its conversation: an old one, one that we sent, or a new one."""
        if signal.kind == "call_result":
            self._same[signal.item_id] = self._call_item(signal.call_id) or signal.item_id
            return
        own = self._own(signal)
        if own is not None and own != signal.item_id:
            self._same[signal.item_id] = own
        item = self.get(signal.item_id)
        if item is None:
            if own is not None or self._is_replay(signal):
                return
            item = self.item(signal.item_id, "user" if signal.kind == "user" else signal.kind)
            item.spoken = signal.spoken
            item.text, item.transcribed = signal.text or "", bool(signal.text)
        self.place(item, signal.previous)

    def _own(self, signal: ItemAdded) -> str | None:
        """The id under which we sent this item, if we did."""
        for index, (item_id, text) in enumerate(self._expected):
            if item_id == signal.item_id or (text is not None and text == signal.text):
                del self._expected[index]
                return item_id
        return None

    def _is_replay(self, signal: ItemAdded) -> bool:
        """Whether the server repeats something that is part of the conversation already."""
        if not signal.text or signal.kind == "call":
            return False
        for item in self._items.values():
            if item.text == signal.text and (item.role == "user") == (signal.kind == "user"):
                self._same[signal.item_id] = item.id
                return True
        return any(msg.get_text_content() == signal.text for msg in self.seed)

    def _call_item(self, call_id: str | None) -> str | None:
        return next((item.id for item in self._items.values() if item.call and item.call.id == call_id), None)

    def call(self, call_id: str) -> Item | None:
        """The item of a call."""
        found = self._call_item(call_id)
        return self._items[found] if found else None

    def open_calls(self) -> list[Item]:
        """The calls without a result."""
        return [item for item in self._placed() if item.is_open]

    def unanswered(self) -> str | None:
        """The words of the user's with which the conversation ends, typed or transcribed."""
        last = self._items[self._order[-1]] if self._order else None
        return last.text or None if last is not None and last.role == "user" else None

    def _placed(self) -> list[Item]:
        return [self._items[item_id] for item_id in self._order]

    def messages(self) -> list[Msg]:
        """The conversation so far, legal for any chat model. A reply that goes on is included as far as it came."""
        messages = list(self.seed)
        used: set[str] = set()
        for reply_id, run in groupby(self._placed(), key=lambda item: item.reply_id):
            items = list(run)
            if reply_id:
                messages.append(self._reply(reply_id, items, repeated=reply_id in used))
                used.add(reply_id)
            else:
                messages.extend(_user_message(item) for item in items if _is_turn(item))
        return messages

    def _reply(self, reply_id: str, items: list[Item], repeated: bool) -> Msg:
        facts = self.replies.get(reply_id) or ReplyFacts()
        metadata: dict[str, Any] = {"item_ids": [item.id for item in items]}  # Any: JSON values
        content: list[ContentBlock] = []
        results: list[ToolResultBlock] = []
        for item in items:
            if item.call is None:
                content.extend(results)
                results.clear()
            content.extend(_assistant_blocks(item))
            if item.result is not None:
                results.append(item.result)
            if item.spoken:
                metadata["spoken"] = True
            if item.interrupted and item.call is None:
                metadata["generated_text"] = item.text
                metadata["heard_ms"] = item.heard_ms or 0
        content.extend(results)
        cut = any(item.interrupted for item in items)
        return Msg(
            id=f"{reply_id}-{items[0].id}" if repeated else reply_id,
            name=self.name,
            role="assistant",
            content=content,
            created_at=items[0].created_at,
            metadata=metadata,
            usage=None if repeated else facts.usage,
            finish_reason=facts.finish_reason,
            error=INTERRUPTED if cut else facts.error,
        )


def _too_many(items: Sequence[Item], most: int) -> int:
    """How many of the first ones have to go: never the last one, and none behind a call without a result."""
    held = sum(item.media_size for item in items)
    gone = 0
    while gone < len(items) - 1 and not items[gone].is_open and (len(items) - gone > most or held > _MOST_MEDIA):
        held -= items[gone].media_size
        gone += 1
    return gone


def _assistant_blocks(item: Item) -> list[ContentBlock]:
    blocks: list[ContentBlock] = []
    if item.thought.text:
        blocks.append(ThinkingBlock(thinking=item.thought.text))
    text = item.heard if item.interrupted and item.spoken else item.text
    if text:
        blocks.append(TextBlock(text=text))
    if item.call is not None:
        done = item.result is not None
        state = ToolCallState.FINISHED if done else item.call.state
        blocks.append(item.call.model_copy(update={"state": state}))
    return blocks


def _is_turn(item: Item) -> bool:
    """Whether an item outside of replies says something."""
    if item.role == "user":
        return not item.silent
    return bool(item.text)


def _user_message(item: Item) -> Msg:
    metadata: dict[str, Any] = {"item_ids": [item.id]}  # Any: JSON values
    content: list[TextBlock | DataBlock] = [*item.media]
    if item.spoken:
        metadata["spoken"] = True
        metadata["transcribed"] = item.transcribed
        if item.transcript_error:
            metadata["transcript_error"] = item.transcript_error
    text = item.text or (UNHEARD_SPEECH if item.spoken else "")
    if text:
        content.insert(0, TextBlock(text=text))
    role = "system" if item.role == "system" else "assistant" if item.role == "assistant" else "user"
    return Msg(
        id=item.id,
        name=role,
        role=role,
        content=content,
        created_at=item.created_at,
        finished_at=item.created_at,
        metadata=metadata,
    )
