"""`--tools`: Python functions that the model may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...domain.errors import InvalidRequestError
from .imports import named_object

if TYPE_CHECKING:
    from ...application.tools.function_tool import FunctionTool

__all__ = ["tool_of"]


def tool_of(given: str) -> FunctionTool:
    """The function as a tool; a `UsageError` says what is wrong with it."""
    from ...application.tools.function_tool import FunctionTool

    found = named_object(given, "--tools")
    if isinstance(found, FunctionTool):
        return found
    if not callable(found):
        raise click.UsageError(f"--tools {given}: expected a function, got {type(found).__name__}")
    try:
        return FunctionTool(found)
    except InvalidRequestError as error:
        raise click.UsageError(f"--tools {given}: {error}") from error
