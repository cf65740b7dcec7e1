"""What was rendered for an earlier call, for the messages of a later one that begins with the same.

A conversation is rendered turn by turn, and what a turn becomes depends on the turns before it: neighbours are joined,
ids are made unique, warnings come once. Therefore not single messages are kept but the state of the rendering at a
place, a checkpoint. A later call whose messages are the same up to there goes on from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import ref

from ...domain.chat.pieces import Place, pieces
from ...domain.chat.turns import Progress, TurnBuilder
from ...domain.message.blocks import ToolResultBlock
from ...domain.message.messages import Msg
from ...ports.codec.rendering import Chunk, KeptArray, RenderContext, Rendered, TurnWriter
from .formatter import FormatterBase
from .trail import Extent, Trail

__all__ = ["Recall", "find_recall"]

_MOST = 1024
"""How many messages of one setting have entries; the ones used last are kept."""
_MOST_SETTINGS = 64
_BRANCHES = 4
"""How many checkpoints may end in one message."""
_MOST_HELD = 500_000
"""How many messages and calls all checkpoints may list, each of its own: some 50 MB."""
_SETTINGS = frozenset({"input_types", "conversation_history_prompt"})


class Checkpoint:
    """The state of a rendering at a place. It holds no message, and is dropped with the message that it ends in."""

    __slots__ = ("among", "chunks", "extent", "held", "previous", "progress", "trail", "writer", "written")

    def __init__(
        self,
        trail: Trail,
        extent: Extent,
        progress: Progress,
        writer: TurnWriter,
        chunks: tuple[Chunk, ...],
        previous: Checkpoint | None,
    ) -> None:
        self.trail = trail
        self.extent = extent
        self.progress = progress
        self.writer = writer
        self.chunks = chunks
        self.written = sum(len(chunk.values) for chunk in chunks)
        self.previous = previous
        self.among: list[Checkpoint] | None = None
        """Where the store has it."""
        self.held = len(writer.messages) + len(progress.calls_by_id)


_Entry = tuple[ref[Msg], list[Checkpoint]]


class _Store:
    """Checkpoints by the setting of their rendering and the message that they end in.

    An entry without checkpoints says that the message was sent once: only messages that come again are worth keeping.
    Every step is one operation of a `dict`, so threads may use it at once: the worst is an entry that is not found.
    """

    def __init__(self) -> None:
        self.tables: dict[object, dict[int, _Entry]] = {}
        self._held = 0
        """At least what all checkpoints list."""

    def find(self, key: object, messages: Sequence[Msg]) -> tuple[Checkpoint | None, bool]:
        """The checkpoint that covers most of these messages, and whether any of them was sent before."""
        table = self.tables.get(key)
        if not table:
            return None, False
        seen = False
        for own_id in filter(table.__contains__, map(id, reversed(messages))):
            entry = table.get(own_id)
            if entry is None or entry[0]() is None:
                continue
            seen = True
            for checkpoint in reversed(entry[1]):
                if checkpoint.trail.fits(checkpoint.extent, messages):
                    table.pop(own_id, None)
                    table[own_id] = entry  # used last
                    return checkpoint, True
        return None, seen

    def note(self, key: object, messages: Sequence[Msg]) -> None:
        """Remember that these messages were sent."""
        for message in messages:
            self._entry(key, message)

    def put(self, key: object, message: Msg, checkpoint: Checkpoint) -> None:
        """Keep it. The one before the one that it goes on from is of no more use."""
        kept = self._entry(key, message)[1]
        kept.append(checkpoint)
        del kept[:-_BRANCHES]
        checkpoint.among = kept
        before = checkpoint.previous
        if before is not None and before.previous is not None:
            unused, before.previous = before.previous, None
            if unused.among is not None and unused in unused.among:
                unused.among.remove(unused)
        self._held += checkpoint.held
        if self._held > _MOST_HELD:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        """Drop entries, the oldest of the oldest setting first, until half of what is allowed is left."""
        entries = [(table, own_id, entry) for table in [*self.tables.values()] for own_id, entry in [*table.items()]]
        held = sum(checkpoint.held for _, _, entry in entries for checkpoint in [*entry[1]])
        for table, own_id, entry in entries:
            if held <= _MOST_HELD // 2:
                break
            held -= sum(checkpoint.held for checkpoint in [*entry[1]])
            table.pop(own_id, None)
        self._held = held

    def _entry(self, key: object, message: Msg) -> _Entry:
        table = self.tables.get(key)
        if table is None:
            table = self.tables[key] = {}
            while len(self.tables) > _MOST_SETTINGS:
                self.tables.pop(next(iter(self.tables), key), None)
        own_id = id(message)
        entry = table.get(own_id)
        if entry is None or entry[0]() is not message:
            entry = table[own_id] = (ref(message, partial(_forget, table, own_id)), [])
            while len(table) > _MOST:
                table.pop(next(iter(table), own_id), None)
        return entry


def _forget(table: dict[int, _Entry], own_id: int, dead: ref[Msg]) -> None:
    """Drop the entry of a message that is gone, unless another with its id has come."""
    entry = table.get(own_id)
    if entry is not None and entry[0] is dead:
        table.pop(own_id, None)


_STORE = _Store()


class Recall:
    """One call's messages: those that were rendered before, and `rest`, the pieces that follow them."""

    def __init__(
        self, formatter: FormatterBase, key: object, messages: Sequence[Msg], checkpoint: Checkpoint | None
    ) -> None:
        self._formatter = formatter
        self._key = key
        self._messages = messages
        self._start = checkpoint
        cut = [*pieces(messages, checkpoint.extent.place if checkpoint else (0, 0))]
        self.rest = [piece for piece, _ in cut]
        self._places = [place for _, place in cut]

    def render(self, context: RenderContext) -> Rendered:
        """All messages in the provider's terms; `context` has the media of `rest`."""
        # What media are may change while a call waits for them: such a call keeps nothing.
        last = self._start
        writer = last.writer.branch(context) if last else self._formatter.turn_writer(context)
        builder = TurnBuilder(self.rest, last.progress if last else None)
        kept_after = set() if context.media else self._kept_after(builder)
        turns = builder.conversation.turns
        for index, piece in enumerate(self.rest):
            builder.add(piece)
            for turn in turns:
                writer.add(turn)
            turns.clear()
            if index in kept_after and getattr(writer, "keepable", False):  # an application's may not have it
                last = self._keep(self._places[index], builder.progress(index), writer, context, last) or last
        rendered = writer.rendered(builder.finish().warnings)
        whole = last is not None and rendered.messages is writer.messages
        return _with_chunks(rendered, writer, last) if whole else rendered

    def _kept_after(self, builder: TurnBuilder) -> set[int]:
        """The pieces after which the rendering is kept: the last one, and the last one before the last message.

        In the last message it is the last run of results, since a reply goes on there. Nothing is kept where a later
        piece has the result of an earlier call.
        """
        apart = builder.pairs.reaching_over()
        places = [(place, index) for index, place in enumerate(self._places) if index not in apart]
        whole = len(self._messages) - 1
        earlier = [index for place, index in places if place <= (whole, 0)]
        inside = [index for place, index in places if (whole, 0) < place < (whole + 1, 0)]
        return {*earlier[-1:], *(inside or [index for _, index in places])[-1:]}

    def _keep(
        self, place: Place, progress: Progress, writer: TurnWriter, context: RenderContext, last: Checkpoint | None
    ) -> Checkpoint | None:
        messages, branch = self._messages, writer.branch(context)
        if type(branch) is not type(writer):  # a subclass of an application's, which would lose what it changes
            return None
        trail, extent = (last.trail, last.extent) if last else (Trail(), Extent())
        try:
            trail, extent = trail.extended(extent, messages, place)
        except ValueError:
            return None
        chunks = last.chunks if last else ()
        written, settled = (last.written if last else 0), writer.settled()
        if settled > written:
            chunks = _with(chunks, Chunk(writer.messages[written:settled]))
        kept = Checkpoint(trail, extent, progress, branch, chunks, last)
        _STORE.put(self._key, messages[place[0] if place[1] else place[0] - 1], kept)
        return kept


def _with_chunks(rendered: Rendered, writer: TurnWriter, last: Checkpoint | None) -> Rendered:
    if last is None:
        return rendered
    left = writer.messages[last.written :]
    chunks = (*last.chunks, Chunk(left)) if left else last.chunks
    return replace(rendered, kept=KeptArray(chunks, writer.messages))


def _with(chunks: tuple[Chunk, ...], last: Chunk) -> tuple[Chunk, ...]:
    """The chunks with a further one, joined so that each is longer than the next: then they are few."""
    while chunks and len(chunks[-1].values) <= len(last.values):
        last = Chunk([*chunks[-1].values, *last.values])
        chunks = chunks[:-1]
    return (*chunks, last)


def find_recall(formatter: FormatterBase, messages: Sequence[Msg], context: RenderContext) -> Recall | None:
    """What is known of these messages; `None` when they come for the first time, or nothing can be kept of them."""
    key = _key(formatter, context)
    if key is None:
        return None
    checkpoint, seen = _STORE.find(key, messages)
    if not seen:
        _STORE.note(key, messages[-2:])
        return None
    recall = Recall(formatter, key, messages, checkpoint)
    if checkpoint is not None and _answers(recall.rest, checkpoint.progress.unanswered):
        return Recall(formatter, key, messages, None)
    return recall


def _key(formatter: FormatterBase, context: RenderContext) -> object:
    """What rendering depends on besides the messages; `None` for what an application has changed."""
    cls = type(formatter)
    standard = (
        cls.format is FormatterBase.format
        and cls.prepare is FormatterBase.prepare
        and cls.render is FormatterBase.render
        and cls.conversation is FormatterBase.conversation
    )
    if not standard or cls.multi_agent or not vars(formatter).keys() <= _SETTINGS:
        return None
    own, types = formatter.input_types, context.input_types
    return cls, context.family, None if own is None else (*own,), None if types is None else (*types,)


def _answers(messages: Sequence[Msg], unanswered: frozenset[str]) -> bool:
    """Whether a result of one of these calls is among the messages."""
    if not unanswered:
        return False
    blocks: Any = (block for message in messages for block in message.content)
    return any(isinstance(block, ToolResultBlock) and block.id in unanswered for block in blocks)
