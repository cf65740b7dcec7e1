"""Tools as callers give them: schemas, functions, pydantic classes, and functions marked as tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

from ...domain.chat.tools import ToolLike, ToolSchema
from .function_tool import FunctionTool
from .signature import ToolFunction

__all__ = ["tool", "tool_schemas"]


def tool_schemas(tools: Sequence[ToolLike]) -> list[ToolSchema]:
    """Each tool as its schema; what is neither a schema nor callable stays as it is, for `validate_tools` to refuse.

    Raises `InvalidRequestError` for a function or class that no schema can describe.
    """
    if isinstance(tools, str | bytes | Mapping):
        return tools  # type: ignore[return-value]  # refused with a sentence of its own
    return [_schema(tool) for tool in tools]


def _schema(tool: Any) -> Any:  # Any: a caller's tool, and its schema
    if isinstance(tool, Mapping) or not callable(tool):
        return tool
    return (tool if isinstance(tool, FunctionTool) else FunctionTool(tool)).schema


@overload
def tool(function: ToolFunction, /) -> FunctionTool: ...
@overload
def tool(*, name: str | None = None, description: str | None = None) -> Callable[[ToolFunction], FunctionTool]: ...
def tool(
    function: ToolFunction | None = None, /, *, name: str | None = None, description: str | None = None
) -> FunctionTool | Callable[[ToolFunction], FunctionTool]:
    """Make a `FunctionTool` of the function below it: `@tool`, or `@tool(name="search")`.

    The tool goes to an agent or into a model's `tools`; `.function` is the function itself.
    """

    def made(given: ToolFunction) -> FunctionTool:
        return FunctionTool(given, name=name, description=description)

    return made if function is None else made(function)
