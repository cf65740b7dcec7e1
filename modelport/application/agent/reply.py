"""An agent's history: the messages it is given, and its reply while that grows."""

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
from ...domain.message.responses import ChatResponse, ChatUsage

__all__ = ["NewMessages", "Reply", "as_messages"]

NewMessages = Msg | Sequence[Msg] | str | None
"""Input of an agent: a message, several, the text of one, or nothing new."""


def as_messages(given: NewMessages) -> list[Msg]:
    """The input as a list of messages; raises `InvalidRequestError` for any other type."""
    if given is None:
        return []
    if isinstance(given, str):
        return [UserMsg("user", given)]
    messages: list[object] = list(given) if isinstance(given, Sequence) else [given]
    wrong = [type(message).__name__ for message in messages if not isinstance(message, Msg)]
    if wrong:
        raise InvalidRequestError(f"expected str or Msg objects, got {wrong[0]}")
    return [message for message in messages if isinstance(message, Msg)]


class Reply:
    """One reply, which is one assistant message: texts, tool calls and their results, in order.

    The message is appended to the history with its first content. However the reply ends, `settle` leaves a valid
    message: of an interrupted model call only the text is kept, and a tool call without a result gets one that names
    the reason.
    """

    def __init__(self, history: list[Msg], name: str) -> None:
        self.message = AssistantMsg(name, [], usage=Usage())
        self.pending: list[ToolCallBlock] = []
        """The tool calls of the last answer whose results are not in the message yet."""
        self.settled = False
        self._history = history
        self._results: dict[int, ToolResultBlock] = {}
        self._texts: dict[str, list[str]] = {}

    @property
    def id(self) -> str:
        """The id of the reply and of its message."""
        return self.message.id

    def add_delta(self, blocks: Sequence[ContentBlock]) -> None:
        """Collect the text of one delta, in case the answer is interrupted."""
        self._check()
        for block in blocks:
            if isinstance(block, TextBlock):
                self._texts.setdefault(block.id, []).append(block.text)

    def answered(self, answer: ChatResponse) -> None:
        """Add a whole answer to the message."""
        self._check()
        self._texts.clear()
        self._keep(answer.content)
        self.message.finish_reason = answer.finish_reason
        self.pending = [block for block in answer.content if isinstance(block, ToolCallBlock)]
        self.used(answer.usage)

    def used(self, used: ChatUsage | None) -> None:
        """Add the usage of a model call to the message's."""
        total = self.message.usage
        if used is not None and total is not None:
            for name in Usage.model_fields:
                setattr(total, name, getattr(total, name) + getattr(used, name))

    def returned(self, index: int, result: ToolResultBlock) -> None:
        """Take the result of the pending call with that index; all results are added in order, after the last one."""
        self._check()
        self._results[index] = result
        if len(self._results) == len(self.pending):
            self._close_calls("")

    def settle(self, error: str | None = None) -> None:
        """End the reply; `error` is the reason, if it did not end by itself. Further calls do nothing."""
        if self.settled:
            return
        self.settled = True
        texts = {block_id: "".join(pieces) for block_id, pieces in self._texts.items()}
        self._keep([TextBlock(id=block_id, text=text) for block_id, text in texts.items() if text.strip()])
        self._close_calls(error or "the tool was not run")
        self.message.error = error
        self.message.finished_at = new_timestamp()

    def _close_calls(self, reason: str) -> None:
        """Add the results in the order of the calls; `reason` is the output of those that are missing."""
        results = []
        for index, call in enumerate(self.pending):
            call.state = ToolCallState.FINISHED
            missing = ToolResultBlock(id=call.id, name=call.name, output=reason, state=ToolResultState.INTERRUPTED)
            results.append(self._results.get(index, missing))
        self._keep(results)
        self.pending = []
        self._results.clear()

    def _keep(self, blocks: Sequence[ContentBlock]) -> None:
        if blocks and not self.message.content:
            self._history.append(self.message)
        self.message.content.extend(blocks)

    def _check(self) -> None:
        if self.settled:
            raise InvalidRequestError("this reply ended when the agent's next one started; read it to its end first")
