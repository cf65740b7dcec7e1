"""Messages to the input items of Responses.

Facts: docs/protocols/openai-responses.md#input-items, docs/protocols/openai-responses.md#round-trip-rules.

The ids of messages and calls stay out, since nothing is stored at the provider; reasoning goes back whole, directly
before the items it led to, and only to the provider that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ....application.model.formatter import FormatterBase
from ....domain.chat.names import legal_name, short_id
from ....domain.chat.turns import AssistantTurn, HintTurn, SystemTurn, ToolTurn, Turn, UserTurn
from ....domain.message.blocks import DataBlock, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock, URLSource
from ....domain.message.responses import ModelWarning
from ....ports.codec.rendering import RenderContext, Rendered, TurnWriter
from .parts import PartWriter
from .profile import CALL_FACTS, OpenAIResponsesProfile

__all__ = ["DialectResponseFormatter"]

Json = dict[str, Any]  # Any: the provider's JSON

_ID_LENGTH = 60
"""With `rs_` before it, an id is at most 64 characters."""


class DialectResponseFormatter(FormatterBase):
    """Each message as input items; media of tools stay in the tool's output."""

    profile: ClassVar[OpenAIResponsesProfile]

    def needs_download(self, block: DataBlock) -> bool:
        """Whether the server does not fetch this URL itself."""
        return isinstance(block.source, URLSource) and PartWriter(self.profile).needs_download(block.source)

    def turn_writer(self, context: RenderContext) -> TurnWriter:
        """The writer of the request's `input`."""
        return _Writer(self.profile, context)


class _Writer:
    keepable = True

    def __init__(self, profile: OpenAIResponsesProfile, context: RenderContext) -> None:
        self.profile = profile
        self.messages: list[Json] = []
        self.warnings: list[ModelWarning] = []
        self._parts = PartWriter(profile, context, self.warnings)
        self._family = context.family
        self._marks = context.marks
        self._reasons: set[str] = set()

    def add(self, turn: Turn) -> None:
        if isinstance(turn, SystemTurn):
            marked = bool(self._marks)
            content = self._parts.content(turn.texts) if marked else "\n".join(block.text for block in turn.texts)
            self.messages.append({"role": "system", "content": content})
        elif isinstance(turn, UserTurn | HintTurn):
            self.messages.append({"role": "user", "content": self._parts.content(turn.blocks)})
        elif isinstance(turn, AssistantTurn):
            self._assistant(turn)
        elif isinstance(turn, ToolTurn):
            self.messages += [self._result(result) for result in turn.results]

    def rendered(self, warnings: Sequence[ModelWarning]) -> Rendered:
        return Rendered(self.messages, [*warnings, *self.warnings])

    def branch(self, context: RenderContext) -> TurnWriter:
        other = _Writer(self.profile, context)
        other.messages += self.messages
        other.warnings += self.warnings
        other._reasons |= self._reasons
        return other

    def settled(self) -> int:
        return len(self.messages)

    def _assistant(self, turn: AssistantTurn) -> None:
        items: list[Json] = []
        for block in turn.blocks:
            if isinstance(block, ThinkingBlock):
                items += self._reasoning(block)
            elif isinstance(block, ToolCallBlock):
                items.append(self._call(block))
            elif isinstance(block, TextBlock):
                self._text(items, block)
            else:
                items.append(_said(self._parts.announce(block)))
        while items and items[-1].get("type") == "reasoning":
            items.pop()
            self._drop("what it led to is not in the conversation")
        self.messages += items

    def _reasoning(self, block: ThinkingBlock) -> list[Json]:
        """The reasoning item as it came, without nulls; nothing if another provider made it or a part is missing."""
        item = self._own(block).get("item")
        if not isinstance(item, dict):
            self._drop("it was made elsewhere")
        elif not item.get("encrypted_content") or item.get("status") == "incomplete":
            self._drop("it is not complete")
        else:
            keys = self.profile.reasoning_keys
            kept = {key: value for key, value in item.items() if value is not None and (keys is None or key in keys)}
            return [{"id": f"rs_{short_id(block.id, _ID_LENGTH)}", **kept, "summary": kept.get("summary") or []}]
        return []

    def _drop(self, reason: str) -> None:
        if reason not in self._reasons:
            self._reasons.add(reason)
            message = f"reasoning of earlier turns was left out for {self.profile.provider}: {reason}"
            self.warnings.append(ModelWarning("dropped", "thinking", message))

    def _text(self, items: list[Json], block: TextBlock) -> None:
        """A text as a message of its own, or as the end of the message it came in."""
        own = self._own(block)
        if own.get("same_message") and items and items[-1].get("role") == "assistant":
            items[-1]["content"] += "\n" + block.text
            return
        items.append(_said(block.text))
        if own.get("phase"):
            items[-1]["phase"] = own["phase"]

    def _call(self, block: ToolCallBlock) -> Json:
        own = self._own(block)
        return {
            "type": "function_call",
            "call_id": short_id(block.id, self.profile.max_id_length),
            "name": legal_name(block.name),
            "arguments": block.input,
            **{key: own[key] for key in CALL_FACTS if key in own},
        }

    def _result(self, result: ToolResultBlock) -> Json:
        output = result.output
        content: Any = output if isinstance(output, str) else self._parts.content(output, tool=True)
        if isinstance(content, str) and not content.strip():
            content = "(no output)"
        call_id = short_id(result.id, self.profile.max_id_length)
        return {"type": "function_call_output", "call_id": call_id, "output": content}

    def _own(self, block: TextBlock | ThinkingBlock | ToolCallBlock) -> Json:
        """This provider's replay data of the block."""
        owned = block.provider_data
        return dict(owned.data) if owned and owned.owned_by(self.profile.provider, self._family) else {}


def _said(text: str) -> Json:
    """A message of the assistant. A string is the only content that needs no stored id beside it."""
    return {"type": "message", "role": "assistant", "content": text}
