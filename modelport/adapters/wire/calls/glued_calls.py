"""Cuts the arguments of a tool call where a second object begins: `{…}{…}` is two calls of one tool.

Servers glue calls when they give two the same index, id or `call_id`, or when a model writes both into one call. No
JSON text has an object directly behind an object, so that nothing else is cut. Facts:
docs/protocols/transport.md#streamed-tool-calls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....domain.ids import new_id
from ....domain.structured.json_text import ValueEnd
from ..json_text import parse_json

__all__ = ["GluedCalls"]

_BLANK = re.compile(r"\s*+")


class GluedCalls:
    """The arguments of one call while they arrive; a text without `{` is scanned only when a later one has it."""

    __slots__ = ("_broken", "_closed", "_end", "_id", "_pieces", "_scanned")

    def __init__(self, call_id: str) -> None:
        self._id = call_id
        self._broken = False
        self._begin()

    def continued(self, text: str) -> str:
        """Take a text without `{`; the id of the call that it belongs to."""
        self._pieces.append(text)
        return self._id

    def feed(self, text: str) -> Sequence[tuple[str, str]]:
        """The parts of the text with the ids of the calls that they belong to."""
        if "{" not in text or self._broken:
            return ((self.continued(text), text),)
        self._catch_up()
        parts, start = [], 0
        while (cut := self._cut(text, start)) is not None:
            parts.append((self._id, text[start:cut]))
            start = cut
            self._id = f"call_{new_id()}"
            self._begin()
        self._pieces.append(text[start:])
        self._scanned = len(self._pieces)
        return [*parts, (self._id, text[start:])]

    def _begin(self) -> None:
        self._pieces: list[str] = []
        self._scanned = 0
        self._end = ValueEnd()
        self._closed = self._broken = False

    def _catch_up(self) -> None:
        """Scan the pieces that came since the last scan."""
        for piece in self._pieces[self._scanned :]:
            self._closed = self._closed or self._end.feed(piece) is not None
        self._scanned = len(self._pieces)

    def _cut(self, text: str, start: int) -> int | None:
        """Where in the text the next object begins, once the one at `start` is whole; scans the text."""
        position = start
        if not self._closed:
            end = self._end.feed(text, start)
            if end is None:
                return None
            self._closed, position = True, end
        following = _BLANK.match(text, position).end()  # type: ignore[union-attr]  # matches everywhere
        if not text.startswith("{", following):
            return None
        if self._is_object(text[start:position]):
            return following
        self._broken = True
        return None

    def _is_object(self, last: str) -> bool:
        try:
            return isinstance(parse_json("".join([*self._pieces, last])), dict)
        except ValueError:
            return False
