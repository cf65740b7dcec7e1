"""Messages as they were when they were rendered, to be compared with those of a later call.

All comparisons run in C over whole lists: a call looks at each of its messages again, and there may be thousands.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, takewhile
from operator import attrgetter, itemgetter
from threading import Lock
from typing import Any

from ...domain.chat.pieces import Place
from ...domain.message.blocks import ContentBlock, DataBlock, HintBlock, ToolResultBlock
from ...domain.message.messages import Msg

__all__ = ["Extent", "Trail"]

_fields = attrgetter("__dict__")
_role, _name, _content = itemgetter("role"), itemgetter("name"), itemgetter("content")
"""Of the fields: twice as fast as of the message itself."""
_UNSAID = frozenset({"id", "created_at", "finished_at"})
_LOCK = Lock()
"""Held while a trail is continued: calls of several threads may continue the same one."""
_VERSION = 2
"""The version of marshal's format in which equal values have equal bytes."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a trail belongs to one place in it."""

    place: Place = (0, 0)
    blocks: int = 0
    inner: int = 0
    head: tuple[str, str] | None = None
    """Role and name of the message that the place is inside of."""


@dataclass(slots=True)
class Trail:
    """The fields of messages and blocks, which is everything that their rendering depends on.

    Values are compared and not only identities, so that a block that was changed in place is noticed, too.
    """

    roles: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    fields: list[dict[str, Any]] = field(default_factory=list)  # Any: the fields of each block
    inner: list[tuple[int, object]] = field(default_factory=list)
    """What blocks hold that can change without a field of theirs being set, by their index."""
    instruction: int = 0
    """How many blocks at the start are the instruction's: many programs make that message anew for each call."""

    def extended(self, extent: Extent, messages: Sequence[Msg], place: Place) -> tuple[Trail, Extent]:
        """The trail up to a later place of these messages, which begin as this trail does up to `extent`.

        Raises `ValueError` for what cannot be compared. Lists are continued where `extent` is their end.
        """
        first, whole, part = extent.place[0], *place
        begun = messages[first:whole]
        contents = [message.content for message in begun]
        if part:
            contents.append(messages[whole].content[:part])
        blocks = [*chain.from_iterable(contents)][extent.place[1] :]
        fields = [dict(block.__dict__) for block in blocks]
        instruction = 0 if extent.blocks else _instruction(begun)
        fields[:instruction] = map(_said, fields[:instruction])
        inner = [(index, found) for index, block in enumerate(blocks, extent.blocks) if (found := _inner(block))]
        with _LOCK:
            end = (len(self.roles), len(self.fields), len(self.inner))
            trail = self if end == (first, extent.blocks, extent.inner) else self._until(extent)
            trail.roles += [message.role for message in begun]
            trail.names += [message.name for message in begun]
            trail.sizes += map(len, contents[: len(begun)])
            trail.fields += fields
            trail.instruction = trail.instruction or instruction
            trail.inner += inner
        head = (messages[whole].role, messages[whole].name) if part else None
        return trail, Extent(place, extent.blocks + len(blocks), extent.inner + len(inner), head)

    def _until(self, extent: Extent) -> Trail:
        whole, blocks, inner = extent.place[0], extent.blocks, extent.inner
        roles, names, sizes = self.roles[:whole], self.names[:whole], self.sizes[:whole]
        return Trail(roles, names, sizes, self.fields[:blocks], self.inner[:inner], min(self.instruction, blocks))

    def fits(self, extent: Extent, messages: Sequence[Msg]) -> bool:
        """Whether these messages begin as the trail does up to `extent`."""
        whole, part = extent.place
        if len(messages) < whole + (part > 0):
            return False
        try:
            begun = [*map(_fields, messages[:whole])]
            contents = [*map(_content, begun)]
            if [*map(len, contents)] != self.sizes[:whole] or [*map(_role, begun)] != self.roles[:whole]:
                return False
            if [*map(_name, begun)] != self.names[:whole]:
                return False
            if part:
                message = messages[whole]
                if (message.role, message.name) != extent.head or len(message.content) < part:
                    return False
                contents.append(message.content[:part])
            blocks = [*chain.from_iterable(contents)]
            fields, instruction = [*map(_fields, blocks)], min(self.instruction, extent.blocks)
            fields[:instruction] = map(_said, fields[:instruction])
            if fields != self.fields[: extent.blocks]:
                return False
            return all(_inner(blocks[index]) == kept for index, kept in self.inner[: extent.inner])
        except Exception:  # values of an application's that cannot be compared, such as arrays
            return False


def _instruction(messages: Sequence[Msg]) -> int:
    """How many blocks the system messages at the start have."""
    return sum(len(message.content) for message in takewhile(lambda message: message.role == "system", messages))


def _said(fields: dict[str, Any]) -> dict[str, Any]:  # Any: as above
    """The fields of a text without its id and times, which no request holds."""
    return {name: value for name, value in fields.items() if name not in _UNSAID} if "text" in fields else fields


def _inner(block: ContentBlock) -> list[object] | None:
    """What the block holds that can be changed inside, copied; `None` for none. Raises `ValueError` for no JSON."""
    owned = block.provider_data
    found: list[object] = []
    if owned is not None:
        found += (owned.provider, owned.family, marshal.dumps(owned.data, _VERSION))
    if isinstance(block, DataBlock):
        found.append(dict(block.source.__dict__))
    elif isinstance(block, ToolResultBlock | HintBlock):
        parts = block.output if isinstance(block, ToolResultBlock) else block.hint
        if not isinstance(parts, str):
            found.append([(type(part), dict(part.__dict__), _inner(part)) for part in parts])
    return found or None
