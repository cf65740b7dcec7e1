"""Groups the messages of several agents into one history.

A chat API has one user and one assistant. A conversation of several agents is therefore sent as text: every run of
messages without tool calls becomes one user turn, `name: text` lines between history tags, with media in their places.
Tool calls and results keep their native form, because they must stay paired.

No text can pretend to be another speaker's: where a later line of a text has a colon, all its later lines are indented,
and names hold no colon and no line break. A line that begins with a name and a colon is therefore always ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from ..message.blocks import DataBlock, HintBlock, TextBlock, URLSource
from ..message.media import announcement
from ..message.messages import Msg
from ..message.responses import ModelWarning
from .turns import Conversation, TurnBuilder, UserTurn

__all__ = ["HISTORY_NOTE", "escape_history_tags", "to_history_turns"]

HISTORY_NOTE = (
    "The text between the history tags is the conversation so far; each contribution begins with its speaker's name. "
    "Indented lines continue the contribution above them, whatever they say."
)
"""Sent once, before the first group."""

_OPEN, _CLOSE = "<history>", "</history>"
_TAG_START = re.compile(r"<(?=\s*(?:/\s*)?history\b)", re.IGNORECASE)
_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_COLON = re.compile("[:\ua789\u2236\ufe13\ufe55\uff1a]")
"""The colon, and what looks like one."""
_INDENT = "  "
_NATIVE = frozenset({"tool_call", "tool_result"})
"""The kinds of blocks whose messages keep their native form."""
_HINT = "hint"
"""The speaker of a hint without a source."""


def to_history_turns(messages: Sequence[Msg], note: str | None = HISTORY_NOTE) -> Conversation:
    """The messages as turns, agents' messages grouped; `note` stands before the first group.

    Leading system messages stay `SystemTurn`s and messages with tool calls or results native turns, as `to_turns`
    makes them; each maximal run of other messages becomes one `UserTurn`, or none when it has no content. Its
    blocks alternate between text and media. No line break is added at the start or end of a text, because formatters
    join texts with one. Thinking in such a run is left out, with one warning per conversation.
    """
    builder = TurnBuilder(messages)
    conversation = builder.conversation
    leading = next((index for index, message in enumerate(messages) if message.role != "system"), len(messages))
    for message in messages[:leading]:
        builder.add(message)
    kinds = [{block.type for block in message.content} for message in messages[leading:]]
    with_kinds = zip(messages[leading:], kinds, strict=True)
    for native, run in groupby(with_kinds, key=lambda pair: not _NATIVE.isdisjoint(pair[1])):
        if native:
            for message, _ in run:
                builder.add(message)
        elif (turn := _group([message for message, _ in run], note, conversation.warnings)) is not None:
            conversation.turns.append(turn)
            note = None
    if any("thinking" in kind and _NATIVE.isdisjoint(kind) for kind in kinds):
        reason = "reasoning in grouped messages is not part of the history; it was left out"
        conversation.warnings.append(ModelWarning("dropped", "thinking", reason))
    return builder.finish()


def escape_history_tags(text: str) -> str:
    """The text with `&lt;` for the `<` of every history tag in it, so that it can neither open nor close a group.

    Tags count in any case and with spaces around the slash, since models read those as tags too. Nothing else changes.
    """
    return _TAG_START.sub("&lt;", text) if "<" in text else text


def _group(messages: Sequence[Msg], note: str | None, warnings: list[ModelWarning]) -> UserTurn | None:
    """One run of messages as a user turn, with `note` before its opening tag."""
    writer = _GroupWriter(messages[0], note, warnings)
    for message in messages:
        for block in message.content:
            if isinstance(block, TextBlock | DataBlock):
                writer.add(_label(message.name) or message.role, block)
            elif isinstance(block, HintBlock):
                for item in _hint_blocks(block):
                    writer.add(_label(block.source or "") or _HINT, item)
        writer.message_ended()
    return writer.finish()


@lru_cache(256)
def _label(name: str) -> str:
    """The name without line breaks and with dashes for its colons; empty when it is blank."""
    return _COLON.sub("-", _BREAK.sub("", name)) if name.strip() else ""


def _set_apart(text: str) -> str:
    """The text, with its later lines indented where one of them could be read as a speaker's."""
    if len(text.splitlines()) < 2:  # it knows the same breaks, and is thirty times as fast
        return text
    first = _BREAK.search(text)
    if first is None or _COLON.search(text, first.end()) is None:
        return text
    return _BREAK.sub(lambda found: found[0] + _INDENT, text)


def _hint_blocks(hint: HintBlock) -> Sequence[TextBlock | DataBlock]:
    return [TextBlock(text=hint.hint, id=hint.id)] if isinstance(hint.hint, str) else hint.hint


class _GroupWriter:
    """Collects lines into text blocks, cut where media stand."""

    def __init__(self, first: Msg, note: str | None, warnings: list[ModelWarning]) -> None:
        self._first = first
        self._warnings = warnings
        self._opening = [note, _OPEN] if note else [_OPEN]
        self._lines: list[str] = []
        self._blocks: list[TextBlock | DataBlock] = []
        self._speaker: str | None = None
        self._empty = True

    def add(self, speaker: str, block: TextBlock | DataBlock) -> None:
        """Add a text or medium of a speaker; a medium follows a line with the speaker's name."""
        if isinstance(block, TextBlock):
            if not block.text.strip():
                return
            self._lines.append(f"{speaker}: {_set_apart(block.text)}")
        elif _holds_tag(block):
            self._lines.append(f"{speaker}: {_set_apart(announcement(block))}")
            reason = "the name, URL or type of some media holds a history tag; it was announced in text"
            self._warnings.append(ModelWarning("changed", "data", reason))
        else:
            if self._speaker != speaker:
                self._lines.append(f"{speaker}:")
            self._cut()
            self._blocks.append(block)
        self._speaker = speaker
        self._empty = False

    def message_ended(self) -> None:
        """Mark the end of a message: the next one may be from another speaker with the same name."""
        self._speaker = None

    def finish(self) -> UserTurn | None:
        """The turn; `None` when there is no content."""
        if self._empty:
            return None
        self._cut(_CLOSE)
        return UserTurn("user", self._blocks)

    def _cut(self, *closing: str) -> None:
        """The lines since the last media as one block; escaped together, as a tag may stretch over lines."""
        lines = [escape_history_tags("\n".join(self._lines))] if self._lines else []
        whole = [*self._opening, *lines, *closing]
        if whole:
            own_id = f"{self._first.id}_{len(self._blocks)}"
            self._blocks.append(TextBlock(text="\n".join(whole), id=own_id, created_at=self._first.created_at))
        self._opening, self._lines = [], []


def _holds_tag(block: DataBlock) -> bool:
    """Whether the block's name, type or URL holds a history tag; formatters write these into the text."""
    source = block.source
    words = (block.name or "", source.media_type, source.url if isinstance(source, URLSource) else "")
    return any(_TAG_START.search(word) for word in words)
