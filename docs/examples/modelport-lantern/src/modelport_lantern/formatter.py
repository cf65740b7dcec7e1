"""Renders messages as Lantern's turns. Lantern accepts text only. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelport.formatter import FormatterBase, RenderContext, Rendered
from modelport.message import DataBlock, Msg, TextBlock, ThinkingBlock, ToolCallBlock
from modelport.model import ModelWarning
from modelport.provider import AssistantTurn, SystemTurn, ToolTurn, Turn, announcement, split_tool_output

__all__ = ["LanternChatFormatter", "LanternMultiAgentFormatter"]


class LanternChatFormatter(FormatterBase):
    """For one user and one assistant."""

    def render(self, msgs: Sequence[Msg], context: RenderContext) -> Rendered:
        """Return one Lantern turn for each turn that has text."""
        conversation = self.conversation(msgs)
        warnings = list(conversation.warnings)
        turns: list[dict[str, Any]] = []  # Any: JSON
        for turn in conversation.turns:
            text = "\n".join(each for each in _texts(turn, warnings) if each.strip())
            if text:
                turns.append({"by": _speaker(turn), "says": text})
        return Rendered(turns, warnings)


class LanternMultiAgentFormatter(LanternChatFormatter):
    """For several agents, whose messages are written into one history."""

    multi_agent = True


def _speaker(turn: Turn) -> str:
    if isinstance(turn, SystemTurn):
        return "house"
    return "lantern" if isinstance(turn, AssistantTurn) else "guest"


def _texts(turn: Turn, warnings: list[ModelWarning]) -> list[str]:
    """The turn as text. Other content is described in text or left out; both add a warning."""
    if isinstance(turn, SystemTurn):
        return [block.text for block in turn.texts]
    if isinstance(turn, ToolTurn):
        outputs = [(result.name, *split_tool_output(result)) for result in turn.results]
        return [
            line for name, text, media in outputs for line in (f"{name} gave: {text}", *_announced(media, warnings))
        ]
    texts = []
    for block in turn.blocks:
        if isinstance(block, TextBlock):
            texts.append(block.text)
        elif isinstance(block, DataBlock):
            texts += _announced([block], warnings)
        elif isinstance(block, ToolCallBlock):
            texts.append(f"(calls {block.name} with {block.input})")
        elif isinstance(block, ThinkingBlock):
            warnings.append(ModelWarning("dropped", "thinking", "Lantern accepts no thinking of earlier turns"))
    return texts


def _announced(media: Sequence[DataBlock], warnings: list[ModelWarning]) -> list[str]:
    if media:
        warnings.append(ModelWarning("changed", "media", "Lantern accepts text only; media were described in text"))
    return [announcement(block) for block in media]
