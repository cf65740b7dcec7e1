"""Tools: functions and schemas that a model may call, and which of them it may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports
from .domain.chat.tools import ToolChoice, ToolSchema

if TYPE_CHECKING:
    from .application.tools.function_tool import FunctionTool
    from .application.tools.schemas import tool
    from .application.tools.signature import Hidden

__all__ = ["FunctionTool", "Hidden", "ToolChoice", "ToolSchema", "tool"]

__getattr__ = lazy_exports(
    __name__,
    {
        "FunctionTool": "application.tools.function_tool",
        "Hidden": "application.tools.signature",
        "tool": "application.tools.schemas",
    },
)
