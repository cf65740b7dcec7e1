"""The result of a tool as text, which is all that realtime wires take."""

from __future__ import annotations

from ...domain.message.blocks import TextBlock, ToolResultBlock
from ...domain.message.media import announcement

__all__ = ["output_text"]


def output_text(result: ToolResultBlock) -> str:
    """The texts of a result; media in it are announced in their places, since they cannot be sent."""
    if isinstance(result.output, str):
        return result.output
    parts = [block.text if isinstance(block, TextBlock) else announcement(block) for block in result.output]
    return "\n".join(parts)
