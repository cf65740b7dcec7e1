"""Agents: a model with a history and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .application.agent.agent import Agent
    from .application.tools.function_tool import FunctionTool
    from .application.tools.signature import Hidden

__all__ = ["Agent", "FunctionTool", "Hidden"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Agent": "application.agent.agent",
        "FunctionTool": "application.tools.function_tool",
        "Hidden": "application.tools.signature",
    },
)
