"""Which result belongs to which tool call, over all messages of a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from ..message.blocks import ToolCallBlock, ToolResultBlock
from ..message.messages import Msg

__all__ = ["Pairs"]


class Pairs:
    """Pairs each result with the latest preceding call that has its id.

    An id may be used again later in a conversation; a call without a result must not take that of a later call. Calls
    are numbered in their order, since one block may stand at several places.
    """

    def __init__(self, messages: Sequence[Msg]) -> None:
        self.answers: list[ToolResultBlock | None] = []
        """The result of each call."""
        self.orphans: list[tuple[int, ToolResultBlock]] = []
        """Results without a call, with the index of their message."""
        self._calls: list[tuple[int, str]] = []
        self._answered_in: list[int] = []
        self._open: dict[str, list[tuple[int, int]]] = {}
        self._batch = 0
        self._calling = True
        for index, message in enumerate(messages):
            if message.role == "user":
                self._batch += 1
            for block in message.content:
                if isinstance(block, ToolCallBlock):
                    self._call(index, block)
                elif isinstance(block, ToolResultBlock):
                    self._result(index, block)

    def reaching_over(self) -> set[int]:
        """The indices of messages at or before which a call stands that a later message answers."""
        return {
            between
            for (index, _), answered in zip(self._calls, self._answered_in, strict=True)
            for between in range(index, answered)
        }

    def unanswered(self, last: int) -> set[str]:
        """The ids of calls without a result, up to the message with this index."""
        facts = zip(self._calls, self.answers, strict=True)
        return {call_id for (index, call_id), answer in facts if answer is None and index <= last}

    def _call(self, index: int, call: ToolCallBlock) -> None:
        if not self._calling:
            self._calling = True
            self._batch += 1
        waiting = self._open.setdefault(call.id, [])
        if waiting and waiting[-1][0] != self._batch:
            waiting.clear()
        waiting.append((self._batch, len(self.answers)))
        self.answers.append(None)
        self._answered_in.append(index)
        self._calls.append((index, call.id))

    def _result(self, index: int, result: ToolResultBlock) -> None:
        self._calling = False
        waiting = self._open.get(result.id)
        if waiting:
            number = waiting.pop(0)[1]
            self.answers[number] = result
            self._answered_in[number] = index
        else:
            self.orphans.append((index, result))
