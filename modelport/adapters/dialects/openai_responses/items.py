"""The output items of a streamed response, and which of them an event belongs to.

`output_index` is the surest key; some servers leave it out, some change the ids between events, some never announce an
item.

Facts: docs/protocols/openai-responses.md#quirks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...wire.decoder import Json

__all__ = ["Item", "OutputItems", "Part"]


@dataclass(slots=True)
class Part:
    """One text of an item: a content part of a message or a section of reasoning."""

    block_id: str
    size: int = 0
    """Characters delivered so far."""


@dataclass(slots=True)
class Item:
    """One output item."""

    kind: str
    """The wire's `type`."""
    block_id: str = ""
    """The block of reasoning or of a call, once something of it was delivered."""
    name: str = ""
    """The application's name of the called tool."""
    wire_name: str = ""
    """The tool's name in an event that does not say the call's id."""
    phase: str | None = None
    parts: dict[Any, Part] = field(default_factory=dict)
    """By content index; reasoning by group and index (Any: either key)."""
    held: list[str] = field(default_factory=list)
    """Arguments that wait for the tool's name."""
    size: int = 0
    """Characters of reasoning or arguments so far."""
    closed: bool = False


class OutputItems:
    """The items of one response, in the order they were announced."""

    __slots__ = ("_by_id", "_by_index", "_by_kind", "_open")

    def __init__(self) -> None:
        self._by_kind: dict[str, list[Item]] = {}
        self._open: dict[str, list[Item]] = {}
        """By kind, without those at the end that were seen to be closed."""
        self._by_index: dict[Any, Item] = {}  # Any: an index, or nothing
        self._by_id: dict[Any, Item] = {}  # Any: an id, or nothing

    def __bool__(self) -> bool:
        return bool(self._by_kind)

    def of_kind(self, kind: str) -> Sequence[Item]:
        """The items of a type, in order."""
        return self._by_kind.get(kind, ())

    def add(self, index: Any, raw: Json) -> Item:  # Any: an index, or nothing
        """A new item, as `output_item.added` announces it or a whole answer holds it."""
        item = Item(str(raw.get("type")), phase=raw.get("phase"))
        self._by_kind.setdefault(item.kind, []).append(item)
        self._open.setdefault(item.kind, []).append(item)
        if index is not None:
            self._by_index[index] = item
        for key in ("id", "call_id"):
            if raw.get(key):
                self._by_id[raw[key]] = item
        return item

    def is_closed(self, event: Json) -> bool:
        """Whether the item that an event names is complete."""
        item = self._by_index.get(event.get("output_index")) or self._by_id.get(event.get("item_id"))
        return item is not None and item.closed

    def of_event(self, event: Json, kind: str) -> Item:
        """The open item that a delta continues; a new one when there is none."""
        index, item_id = event.get("output_index"), event.get("item_id")
        item = self._by_index.get(index)
        if item is not None and item.kind == kind and not item.closed:
            return item
        return self._found(kind, item_id, last=index is None or item is not None) or self.add(
            index, {"type": kind, "id": item_id}
        )

    def of_done(self, event: Json, raw: Json) -> Item:
        """The item that `output_item.done` completes; a new one when it was never announced."""
        index, kind = event.get("output_index"), str(raw.get("type"))
        item = self._by_index.get(index)
        if item is not None and item.kind == kind and not item.closed:
            return item
        found = self._found(kind, raw.get("id"), last=False)
        found = found or self._found(kind, raw.get("call_id"), last=index is None or item is not None)
        return found or self.add(index, raw)

    def _found(self, kind: str, item_id: Any, *, last: bool) -> Item | None:  # Any: whatever JSON stands there
        """By id; or, where nothing else identifies it, the last open one of its type."""
        item = self._by_id.get(item_id)
        if item is not None and item.kind == kind and not item.closed:
            return item
        if not last:
            return None
        left = self._open.get(kind, [])
        while left and left[-1].closed:
            left.pop()
        return left[-1] if left else None
