"""Fragments of streamed tool calls to the calls they belong to.

Facts: docs/protocols/transport.md#streamed-tool-calls.

Servers number calls, or not; repeat ids, change them or send none; split names from ids; and send arguments whole, in
pieces, as objects or twice. A call is finished only by the end of the answer, never because its text happens to parse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, NamedTuple

from ....domain.ids import new_id
from ....domain.records import record
from ..json_text import dump_json

__all__ = ["CallPiece", "ToolCallTracker"]


class CallPiece(NamedTuple):
    """More of one tool call: its id, the tool's name and the text that was added to its arguments."""

    id: str
    text: str
    name: str


@record(slots=True)
class _Call:
    index: int | None
    id: str = ""
    name: str = ""
    sent: str = ""
    """The id that its blocks carry; empty until the first block went out."""
    shown: str = ""
    """The application's name of the tool."""
    held: list[str] = field(default_factory=list)
    """Arguments that wait for the name, or for an id that may still come."""
    pieces: list[str] = field(default_factory=list)
    size: int = 0
    fragments: int = 0


class ToolCallTracker:
    """The tool calls of one answer. `names` maps tool names on the wire to the application's."""

    __slots__ = ("_by_id", "_by_index", "_calls", "_names", "_sent")

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._sent: set[str] = set()
        self._names = names or {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, fragment: dict[str, Any]) -> CallPiece | None:
        """One element of `tool_calls`, as OpenAI-shaped servers stream it; the piece it gives, if any."""
        function = fragment.get("function") or {}
        call = self._by_index.get(fragment.get("index", -1))
        if call is not None and call.sent and "id" not in fragment and "name" not in function:
            return self._continued(call, function.get("arguments"))
        index, arguments = fragment.get("index"), _text(function.get("arguments"))
        call_id, name = _word(fragment.get("id")), _word(function.get("name"))
        call = self._find(index, call_id, name, arguments)
        if call_id and not call.id:
            call.id = call_id
            self._by_id[call_id] = call
        call.name = call.name or name
        call.fragments += 1
        if arguments and not _repeats(call, arguments):
            call.held.append(arguments)
            call.pieces.append(arguments)
            call.size += len(arguments)
        if not call.name or not (call.id or call.sent or call.fragments > 1):
            return None
        return self._delta(call)

    def _continued(self, call: _Call, arguments: Any) -> CallPiece | None:  # Any: as in `feed`
        """More arguments of a call that has begun; most fragments are of this kind."""
        text = arguments if arguments.__class__ is str else _text(arguments)
        if not text or _repeats(call, text):
            return None
        call.pieces.append(text)
        call.size += len(text)
        return CallPiece(call.sent, text, call.shown)

    def end(self, index: int | None) -> None:
        """The call of that index is whole: what comes under the index from now on is another call."""
        self._by_index.pop(-1 if index is None else index, None)

    def finish(self) -> list[CallPiece]:
        """At the end of the answer: what was held back, and `{}` for calls without arguments."""
        pieces = []
        for call in self._calls:
            if not call.size:
                call.held.append("{}")
                call.size = 2
            if call.held or not call.sent:
                call.name = call.name or "unknown"
                pieces.append(self._delta(call))
        return pieces

    def _find(self, index: Any, call_id: str, name: str, arguments: str) -> _Call:
        if isinstance(index, int):
            call = self._by_index.get(index)
            if call is None or _is_another(call, call_id, name, arguments):
                call = self._by_index[index] = self._new(index)
            return call
        if call_id:
            found = self._by_id.get(call_id)
            return found if found and not _is_another(found, call_id, name, arguments) else self._new(None)
        if name and not (self._calls and self._calls[-1].name in ("", name) and arguments[:1] not in ("", "{")):
            return self._new(None)
        return self._calls[-1] if self._calls else self._new(None)

    def _new(self, index: int | None) -> _Call:
        call = _Call(index)
        self._calls.append(call)
        return call

    def _delta(self, call: _Call) -> CallPiece:
        if not call.sent:
            call.sent = call.id if call.id and call.id not in self._sent else f"call_{new_id()}"
            self._sent.add(call.sent)
            call.shown = self._names.get(call.name, call.name)
        arguments = "".join(call.held)
        call.held.clear()
        return CallPiece(call.sent, arguments, call.shown)


def _is_another(call: _Call, call_id: str, name: str, arguments: str) -> bool:
    """Whether a fragment starts a new call under an index that is in use."""
    other_id = bool(call_id and call.id and call_id != call.id)
    other_name = bool(name and call.name and name != call.name)
    starts = bool(name) and arguments.lstrip()[:1] in ("", "{")
    return (other_id or other_name) and starts


def _repeats(call: _Call, arguments: str) -> bool:
    """Whether a server sends the whole arguments once more at the end."""
    return (
        len(arguments) == call.size
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
