"""The conversation of a session, as the server of OpenAI's realtime protocol keeps it: items, and messages of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ....domain.ids import new_id
from ....domain.message.blocks import TextBlock, ToolCallBlock, ToolResultBlock
from ....domain.message.messages import AssistantMsg, Msg, SystemMsg, UserMsg
from ....domain.realtime.playout import Playout
from ...wire.realtime import text_of

__all__ = ["Conversation", "Item"]

Json = dict[str, Any]  # Any: JSON
_TOOL = "tool"
_MESSAGES: dict[str, Callable[[str, str], Msg]] = {"user": UserMsg, "assistant": AssistantMsg, "system": SystemMsg}


@dataclass(slots=True)
class Item:
    """A message, a call or the result of one. `playout` has the speech of an answer, with its times."""

    wire: Json
    playout: Playout = field(default_factory=Playout)
    text: str = ""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.wire["id"])

    @property
    def role(self) -> str:
        """Of a message: `user`, `assistant` or `system`."""
        return text_of(self.wire, "role")


class Conversation:
    """The items in order."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}

    @property
    def last(self) -> Item | None:
        """The newest item."""
        return next(reversed(self._items.values()), None)

    def add(self, wire: Json) -> tuple[Item, str | None]:
        """A further item, with an id if it has none, and the id of the one before."""
        previous = self.last.id if self.last is not None else None
        content = wire.get("content")
        parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
        item = Item({**wire, "id": text_of(wire, "id") or new_id()})
        item.text = "".join(text_of(part, "text", "transcript") for part in parts)
        self._items[item.id] = item
        return item, previous

    def delete(self, item_id: str) -> bool:
        """Forget an item; `False` when there is none."""
        return self._items.pop(item_id, None) is not None

    def truncate(self, item_id: str, heard_ms: float) -> bool:
        """Keep what was heard of an answer; `False` when there is none."""
        item = self._items.get(item_id)
        if item is None:
            return False
        item.text = item.playout.heard_text(heard_ms)
        return True

    def messages(self, instructions: str) -> list[Msg]:
        """What the chat model is asked; the contributions of one side are joined."""
        messages: list[Msg] = [SystemMsg("system", instructions)]
        names: dict[str, str] = {}
        for item in self._items.values():
            block, role = _block(item, names)
            if block is None:
                continue
            if messages[-1].role == role:
                messages[-1].content.append(block)
            else:
                message = _MESSAGES[role](role, "")
                message.content = [block]
                messages.append(message)
        return messages


def _block(item: Item, names: dict[str, str]) -> tuple[TextBlock | ToolCallBlock | ToolResultBlock | None, str]:
    """An item as a block and its side; no block for an empty one."""
    kind, call_id = item.wire.get("type"), text_of(item.wire, "call_id")
    if kind == "function_call":
        names[call_id] = text_of(item.wire, "name") or _TOOL
        return ToolCallBlock(id=call_id, name=names[call_id], input=text_of(item.wire, "arguments")), "assistant"
    if kind == "function_call_output":
        output = text_of(item.wire, "output")
        return ToolResultBlock(id=call_id, name=names.get(call_id, _TOOL), output=output), "assistant"
    if item.role not in _MESSAGES or not item.text.strip():
        return None, item.role
    return TextBlock(text=item.text), item.role
