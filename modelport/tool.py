"""Tools and which of them a model may call."""

from .domain.chat.tools import ToolChoice, ToolSchema

__all__ = ["ToolChoice", "ToolSchema"]
