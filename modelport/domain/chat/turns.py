"""Converts messages to turns in the order that every API requires: tool calls, then their results, then the rest.

A message may hold several tool calls with their results, and histories may be damaged: results without a call, calls
without a result, results far from their call. They are paired, or left out with a warning, for all formatters. The
arguments of every call are the text of a JSON object, as every API demands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..message.blocks import (
    ContentBlock,
    DataBlock,
    HintBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from ..message.messages import Msg
from ..message.responses import ModelWarning
from ..records import record
from .arguments import legal_arguments
from .pairing import Pairs

__all__ = [
    "AssistantTurn",
    "Conversation",
    "HintTurn",
    "Progress",
    "SystemTurn",
    "ToolTurn",
    "Turn",
    "TurnBuilder",
    "UserTurn",
    "says_something",
    "to_turns",
]

Answers = Iterator[ToolResultBlock | None]
"""The results of the calls that follow, in their order."""

AssistantBlock = TextBlock | ThinkingBlock | DataBlock | ToolCallBlock


@dataclass(slots=True)
class SystemTurn:
    """An instruction."""

    name: str
    texts: list[TextBlock]


@dataclass(slots=True)
class UserTurn:
    """The input of a user or another agent."""

    name: str
    blocks: list[TextBlock | DataBlock]


@dataclass(slots=True)
class HintTurn:
    """A hint that the application adds to the conversation."""

    source: str | None
    blocks: list[TextBlock | DataBlock]


@dataclass(slots=True)
class AssistantTurn:
    """The model's output; the results of its tool calls are in the `ToolTurn` that follows.

    It may hold only thinking: a formatter whose API does not take such a turn leaves it out with a warning.
    """

    name: str
    blocks: list[AssistantBlock]

    @property
    def calls(self) -> list[ToolCallBlock]:
        """The tool calls, in order."""
        return [block for block in self.blocks if isinstance(block, ToolCallBlock)]


@dataclass(slots=True)
class ToolTurn:
    """The results of the previous turn's calls, in the order of the calls."""

    results: list[ToolResultBlock]


Turn = SystemTurn | UserTurn | HintTurn | AssistantTurn | ToolTurn


@record(slots=True)
class Conversation:
    """The turns, with a warning for each block that was left out."""

    turns: list[Turn] = field(default_factory=list)
    warnings: list[ModelWarning] = field(default_factory=list)
    calls_by_id: dict[str, int] = field(default_factory=dict)


def to_turns(messages: Sequence[Msg]) -> Conversation:
    """The messages as turns: no blank text, every call followed by its result, no result without a call."""
    builder = TurnBuilder(messages)
    for message in messages:
        builder.add(message)
    return builder.finish()


def says_something(messages: Sequence[Msg]) -> bool:
    """Whether any of these messages can be sent, besides instructions and thinking.

    Blank text, calls without a result and results without a call are not sent. Instructions alone count only when
    the caller gives nothing else.
    """
    for message in reversed(messages):
        if message.role == "user" and _without_blank(message.content):
            return True
    turns = to_turns(messages).turns
    if all(message.role == "system" for message in messages):
        return bool(turns)
    return any(_speaks(turn) for turn in turns)


def _speaks(turn: Turn) -> bool:
    if isinstance(turn, AssistantTurn):
        return not all(isinstance(block, ThinkingBlock) for block in turn.blocks)
    return not isinstance(turn, SystemTurn)


@dataclass(slots=True)
class Progress:
    """What the turns of further messages depend on, after some messages."""

    warnings: list[ModelWarning] = field(default_factory=list)
    calls_by_id: dict[str, int] = field(default_factory=dict)
    orphans: list[ToolResultBlock] = field(default_factory=list)
    """Results without a call."""
    unanswered: frozenset[str] = frozenset()
    """The ids of calls that were left out: no result of these may follow."""


class TurnBuilder:
    """Makes turns message by message. It needs all messages first, since a result may be far from its call.

    `after` is the progress of another builder, whose messages these follow.
    """

    def __init__(self, messages: Sequence[Msg], after: Progress | None = None) -> None:
        after = after or Progress()
        self.conversation = Conversation(warnings=[*after.warnings], calls_by_id={**after.calls_by_id})
        self.pairs = Pairs(messages)
        self._after = after
        self._answers = iter(self.pairs.answers)

    def add(self, message: Msg) -> None:
        """Add the turns of one message, in its native role."""
        turns = self.conversation.turns
        if message.role == "system":
            texts = [block for block in message.content if isinstance(block, TextBlock) and block.text.strip()]
            if texts:
                turns.append(SystemTurn(message.name, texts))
        elif message.role == "user":
            _add_user(self.conversation, message.name, message.content)
        else:
            _add_assistant(self.conversation, message, self._answers)

    def progress(self, last: int) -> Progress:
        """The progress, the message with this index being the last one that was added."""
        found = [result for index, result in self.pairs.orphans if index <= last]
        return Progress(
            [*self.conversation.warnings],
            {**self.conversation.calls_by_id},
            [*self._after.orphans, *found],
            self._after.unanswered | self.pairs.unanswered(last),
        )

    def finish(self) -> Conversation:
        """The conversation, with a warning for each result without a call."""
        for orphan in [*self._after.orphans, *(result for _, result in self.pairs.orphans)]:
            reason = f"the result {orphan.id!r} of {orphan.name!r} has no call"
            _left_out(self.conversation, "tool_result", reason)
        return self.conversation


def _add_user(conversation: Conversation, name: str, blocks: Sequence[ContentBlock]) -> None:
    kept = _without_blank(blocks)
    if kept:
        conversation.turns.append(UserTurn(name, kept))


def _without_blank(blocks: Sequence[ContentBlock]) -> list[TextBlock | DataBlock]:
    kept: list[TextBlock | DataBlock] = []
    for block in blocks:
        if isinstance(block, DataBlock) or (isinstance(block, TextBlock) and block.text.strip()):
            kept.append(block)
    return kept


def _add_assistant(conversation: Conversation, message: Msg, answers: Answers) -> None:
    """The turns of an assistant message, divided at each result and hint."""
    pending: list[AssistantBlock] = []
    for block in message.content:
        if isinstance(block, ToolResultBlock | HintBlock):
            _flush(conversation, message.name, pending, answers)
            pending = []
            if isinstance(block, HintBlock):
                _add_hint(conversation, block)
        elif not (isinstance(block, TextBlock) and not block.text.strip()):
            pending.append(block)
    _flush(conversation, message.name, pending, answers)


def _add_hint(conversation: Conversation, hint: HintBlock) -> None:
    blocks = [TextBlock(text=hint.hint, id=hint.id)] if isinstance(hint.hint, str) else hint.hint
    kept = _without_blank(blocks)
    if kept:
        conversation.turns.append(HintTurn(hint.source, kept))


def _flush(conversation: Conversation, name: str, blocks: list[AssistantBlock], answers: Answers) -> None:
    """One assistant turn and the results of its calls; calls without a result are left out."""
    kept: list[AssistantBlock] = []
    results: list[ToolResultBlock] = []
    for block in blocks:
        if isinstance(block, ToolCallBlock):
            found = next(answers, None)
            if found is None:
                _left_out(conversation, "tool_call", f"the call {block.id!r} of {block.name!r} has no result")
                continue
            block = _with_legal_arguments(conversation, block)
            block, result = _with_own_id(conversation, block, found)
            results.append(result)
        kept.append(block)
    if kept:
        conversation.turns.append(AssistantTurn(name, kept))
    if results:
        conversation.turns.append(ToolTurn(results))


def _with_legal_arguments(conversation: Conversation, call: ToolCallBlock) -> ToolCallBlock:
    text, fault = legal_arguments(call.input)
    if text == call.input:
        return call
    if fault:
        message = f"the arguments of the call {call.id!r} of {call.name!r} {fault}; they were sent inside an object"
        conversation.warnings.append(ModelWarning("changed", "tool_call", message))
    return call.model_copy(update={"input": text})


def _with_own_id(
    conversation: Conversation, call: ToolCallBlock, result: ToolResultBlock
) -> tuple[ToolCallBlock, ToolResultBlock]:
    """The pair with an id that is unique in the conversation: some servers restart their ids in each answer."""
    used = conversation.calls_by_id
    own, times = call.id, used.get(call.id, 0)
    while own in used:  # a generated id may be in use, too
        times += 1
        own = f"{call.id}_{times}"
    used[call.id] = max(times, 1)
    if own == call.id:
        return call, result
    used[own] = 1
    return call.model_copy(update={"id": own}), result.model_copy(update={"id": own})


def _left_out(conversation: Conversation, setting: str, reason: str) -> None:
    message = f"{reason}; it was left out of the request"
    conversation.warnings.append(ModelWarning("dropped", setting, message))
