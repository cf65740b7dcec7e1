"""Tools and which of them a model may call."""

from .domain.tool_choice import ToolChoice, ToolSchema

__all__ = ["ToolChoice", "ToolSchema"]
