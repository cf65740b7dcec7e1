"""An agent's history: what it is told, and its reply as it grows, legal to send wherever it ends."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.errors import InvalidRequestError
from ...domain.ids import new_timestamp
from ...domain.message.blocks import (
    ContentBlock,
    TextBlock,
    ToolCallBlock,
    ToolCallState,
    ToolResultBlock,
    ToolResultState,
)
from ...domain.message.messages import AssistantMsg, Msg, Usage, UserMsg
from ...domain.message.responses import ChatResponse

__all__ = ["Reply", "Said", "as_messages"]

Said = Msg | Sequence[Msg] | str | None
"""What an agent is told: a message, several, the text of one, or nothing new."""


def as_messages(said: Said) -> list[Msg]:
    """The messages that are meant; raises `InvalidRequestError`."""
    if said is None:
        return []
    if isinstance(said, str):
        return [UserMsg("user", said)]
    messages: list[object] = list(said) if isinstance(said, Sequence) else [said]
    wrong = [type(message).__name__ for message in messages if not isinstance(message, Msg)]
    if wrong:
        raise InvalidRequestError(f"an agent was told a {wrong[0]}; tell it a str or Msg objects")
    return [message for message in messages if isinstance(message, Msg)]


class Reply:
    """One reply, which is one assistant message: texts, calls and their results, in their order.

    The message joins the history with its first content. However the reply ends, `settle` leaves a whole message: of
    a model call that was cut off only its text stays, and a call without a result gets one that says so.
    """

    def __init__(self, history: list[Msg], name: str) -> None:
        self.message = AssistantMsg(name, [], usage=Usage())
        self.pending: list[ToolCallBlock] = []
        """The calls of the last answer that no result has been kept for."""
        self.settled = False
        self._history = history
        self._results: dict[int, ToolResultBlock] = {}
        self._texts: dict[str, list[str]] = {}

    @property
    def id(self) -> str:
        """The id of the reply and of its message."""
        return self.message.id

    def heard(self, blocks: Sequence[ContentBlock]) -> None:
        """Remember one delta, in case the answer ends in its middle."""
        self._check()
        for block in blocks:
            if isinstance(block, TextBlock):
                self._texts.setdefault(block.id, []).append(block.text)

    def answered(self, answer: ChatResponse) -> None:
        """Keep a whole answer."""
        self._check()
        self._texts.clear()
        self._keep(answer.content)
        self.message.finish_reason = answer.finish_reason
        self.pending = [block for block in answer.content if isinstance(block, ToolCallBlock)]
        used, total = answer.usage, self.message.usage
        if used is not None and total is not None:
            for name in Usage.model_fields:
                setattr(total, name, getattr(total, name) + getattr(used, name))

    def returned(self, number: int, result: ToolResultBlock) -> None:
        """Take the result of the pending call of that number; once all have come they are kept in order."""
        self._check()
        self._results[number] = result
        if len(self._results) == len(self.pending):
            self._close_calls("")

    def settle(self, error: str | None = None) -> None:
        """The reply is over; `error` says why, unless the model had done. Later calls of this do nothing."""
        if self.settled:
            return
        self.settled = True
        texts = ("".join(pieces) for pieces in self._texts.values())
        self._keep([TextBlock(text=text) for text in texts if text.strip()])
        self._close_calls(error or "the tool was not run")
        self.message.error = error
        self.message.finished_at = new_timestamp()

    def _close_calls(self, reason: str) -> None:
        """The results so far, in the order of the calls, and `reason` for each that is missing."""
        results = []
        for number, call in enumerate(self.pending):
            call.state = ToolCallState.FINISHED
            missing = ToolResultBlock(id=call.id, name=call.name, output=reason, state=ToolResultState.INTERRUPTED)
            results.append(self._results.get(number, missing))
        self._keep(results)
        self.pending = []
        self._results.clear()

    def _keep(self, blocks: Sequence[ContentBlock]) -> None:
        if blocks and not self.message.content:
            self._history.append(self.message)
        self.message.content.extend(blocks)

    def _check(self) -> None:
        if self.settled:
            raise InvalidRequestError("this reply ended when the agent's next one began; read one to its end first")
