"""Fragments of streamed tool calls to the calls they belong to. Facts: wire/transport, section 5.

Servers number calls, or not; repeat ids, change them or send none; split names from ids; and send arguments whole, in
pieces, as objects or twice. A call is finished only by the end of the answer, never because its text happens to parse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...domain.blocks import ToolCallBlock
from ...domain.identity import new_id
from .json_text import dump_json

__all__ = ["ToolCallTracker"]


@dataclass(slots=True)
class _Call:
    index: int | None
    id: str = ""
    name: str = ""
    sent: str = ""
    """The id that its blocks carry; empty until the first block went out."""
    held: list[str] = field(default_factory=list)
    """Arguments that wait for the name, or for an id that may still come."""
    pieces: list[str] = field(default_factory=list)
    size: int = 0
    fragments: int = 0
    extra: dict[str, Any] | None = None  # Any: fields of the provider's that must be sent back


class ToolCallTracker:
    """The tool calls of one answer. `names` maps tool names on the wire to the application's."""

    __slots__ = ("_by_index", "_calls", "_created_at", "_names")

    def __init__(self, created_at: str, names: Any = None) -> None:  # Any: a mapping of names, or nothing
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._created_at = created_at
        self._names = names or {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, fragment: dict[str, Any]) -> ToolCallBlock | None:
        """One element of `tool_calls`, as OpenAI-shaped servers stream it; the delta it gives, if any."""
        function = fragment.get("function") or {}
        index, arguments = fragment.get("index"), _text(function.get("arguments"))
        call_id, name = _word(fragment.get("id")), _word(function.get("name"))
        call = self._find(index, call_id, name, arguments)
        call.id = call.id or call_id
        call.name = call.name or name
        call.fragments += 1
        if arguments and not _repeats(call, arguments):
            call.held.append(arguments)
            call.pieces.append(arguments)
            call.size += len(arguments)
        if not call.name or not (call.id or call.sent or call.fragments > 1):
            return None
        return self._delta(call)

    def extra(self, fragment: dict[str, Any], data: dict[str, Any]) -> None:
        """Remember fields of the provider's for the call that the fragment last fed (Any: its JSON)."""
        call = self._find(fragment.get("index"), _word(fragment.get("id")), "", "")
        call.extra = {**(call.extra or {}), **data}

    def finish(self) -> list[ToolCallBlock]:
        """At the end of the answer: what was held back, and `{}` for calls without arguments."""
        blocks = []
        for call in self._calls:
            if not call.size:
                call.held.append("{}")
                call.size = 2
            if call.held or not call.sent:
                call.name = call.name or "unknown"
                blocks.append(self._delta(call))
        return blocks

    def _find(self, index: Any, call_id: str, name: str, arguments: str) -> _Call:
        if isinstance(index, int):
            call = self._by_index.get(index)
            if call is None or _is_another(call, call_id, name, arguments):
                call = self._by_index[index] = self._new(index)
            return call
        if call_id:
            found = next((call for call in self._calls if call.id == call_id), None)
            return found or self._new(None)
        if name and not (self._calls and self._calls[-1].name in ("", name) and arguments[:1] not in ("", "{")):
            return self._new(None)
        return self._calls[-1] if self._calls else self._new(None)

    def _new(self, index: int | None) -> _Call:
        call = _Call(index)
        self._calls.append(call)
        return call

    def _delta(self, call: _Call) -> ToolCallBlock:
        if not call.sent:
            taken = {other.sent for other in self._calls}
            call.sent = call.id if call.id and call.id not in taken else f"call_{new_id()}"
        arguments = "".join(call.held)
        call.held.clear()
        return ToolCallBlock(
            id=call.sent, name=self._names.get(call.name, call.name), input=arguments, created_at=self._created_at
        )


def _is_another(call: _Call, call_id: str, name: str, arguments: str) -> bool:
    """Whether a fragment starts a new call under an index that is in use."""
    other_id = bool(call_id and call.id and call_id != call.id)
    other_name = bool(name and call.name and name != call.name)
    starts = bool(name) and arguments.lstrip()[:1] in ("", "{")
    return (other_id or other_name) and starts


def _repeats(call: _Call, arguments: str) -> bool:
    """Whether a server sends the whole arguments once more at the end."""
    return (
        call.size == len(arguments)
        and len(call.pieces) > 1
        and arguments.startswith("{")
        and arguments.endswith("}")
        and "".join(call.pieces) == arguments
    )


def _text(arguments: Any) -> str:  # Any: a string, an object or nothing
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else dump_json(arguments).decode()


def _word(value: Any) -> str:  # Any: whatever stands in the fragment
    return value if isinstance(value, str) and value.strip() else ""
