"""Tool schemas and tool choice: validation, and the nearest choice that a model accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidRequestError, UnsupportedFeatureError
from ..message.responses import ModelWarning
from ..records import record

if TYPE_CHECKING:
    from ..card.capabilities import ToolChoiceFacts

__all__ = [
    "PlannedChoice",
    "ToolChoice",
    "ToolLike",
    "ToolSchema",
    "allowed_tools",
    "check_choice",
    "plan_choice",
    "tool_name",
    "validate_tools",
]

ToolSchema = dict[str, Any]
"""A tool as `{"type": "function", "function": {"name", "description", "parameters"}}` (Any: a JSON Schema inside)."""

ToolLike = ToolSchema | Callable[..., Any]
"""A tool as callers may give it: a schema, a function, a pydantic class or a `FunctionTool` (Any: what it returns)."""

_MODES = frozenset({"auto", "none", "required"})


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """`mode` is `auto`, `none`, `required` or the name of one tool; `tools` is an optional allow-list of names."""

    mode: str = "auto"
    tools: Sequence[str] | None = None

    @property
    def named_tool(self) -> str | None:
        """The tool that must be called, when `mode` names one."""
        return None if self.mode in _MODES else self.mode

    @property
    def forces_call(self) -> bool:
        """Whether the answer must hold a tool call."""
        return self.mode not in ("auto", "none")


def tool_name(tool: ToolSchema) -> str:
    """The function's name of one tool schema."""
    return str(tool["function"]["name"])


def validate_tools(tools: Sequence[ToolSchema] | None, choice: ToolChoice | None) -> None:
    """Raise `InvalidRequestError` for a malformed tool, or a choice of a tool that is not among them."""
    if isinstance(tools, str | bytes | Mapping):
        raise InvalidRequestError(f"tools is a {type(tools).__name__}; pass a list of function tools")
    if not tools and choice is None:
        return
    names = _names(tools or ())
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidRequestError(f"tool {twice!r} is given twice; give each tool a different name")
    if choice is None:
        return
    check_choice(choice)
    if choice.forces_call and not names:
        raise InvalidRequestError(f"tool_choice {choice.mode!r} needs tools; pass `tools` as well")
    unknown = [name for name in choice.tools or () if name not in names]
    if unknown:
        raise InvalidRequestError(f"tool_choice allows {unknown}, which are not among the tools {names}")
    allowed = list(choice.tools or names)
    if choice.named_tool and choice.named_tool not in allowed:
        raise InvalidRequestError(
            f"tool_choice names {choice.named_tool!r}; use auto, none, required or one of {allowed}"
        )


def check_choice(choice: object) -> None:
    """Raise `InvalidRequestError` unless this is a `ToolChoice` with a mode and a list of names."""
    if not isinstance(choice, ToolChoice):
        raise InvalidRequestError(f"tool_choice is a {type(choice).__name__}; pass ToolChoice('auto') or another mode")
    mode: object = choice.mode
    if not isinstance(mode, str) or not mode:
        raise InvalidRequestError(f"the mode of tool_choice is {mode!r}; use auto, none, required or a tool's name")
    if isinstance(choice.tools, str):
        raise InvalidRequestError(f"the tools of tool_choice are {choice.tools!r}; pass a list of names")


def allowed_tools(tools: Sequence[ToolSchema] | None, choice: ToolChoice | None) -> list[ToolSchema]:
    """The tools on the choice's allow-list, in their order; all without one."""
    if not tools:
        return []
    if choice is None or not choice.tools:
        return list(tools)
    return [tool for tool in tools if tool_name(tool) in choice.tools]


@record(frozen=True, slots=True)
class PlannedChoice:
    """A choice that the model accepts, the tools to send with it, and warnings for what was changed."""

    mode: str | None
    """`auto`, `none`, `required` or a tool's name; `None` to send no choice."""
    tools: list[ToolSchema]
    warnings: list[ModelWarning]


def plan_choice(
    tools: Sequence[ToolSchema], choice: ToolChoice | None, facts: ToolChoiceFacts | None, *, thinking: bool = False
) -> PlannedChoice:
    """The nearest choice that the model accepts: allow-lists filter tools, a name may become `required`.

    `facts` are the choices that the model accepts (`None`: all), `thinking` whether it will think in this call. Raises
    `UnsupportedFeatureError` when no legal request forces the call.
    """
    if choice is None or not tools:
        return PlannedChoice(None, list(tools), [])
    left = allowed_tools(tools, choice)
    mode = choice.mode
    if not choice.forces_call or facts is None:
        return PlannedChoice(mode, left, [])
    free = facts.with_thinking or not thinking
    if choice.named_tool and not (facts.named and free):
        left = [tool for tool in left if tool_name(tool) == mode]
        mode = "required"
    if mode == "required" and not (facts.required and free):
        if facts.named and free and len(left) == 1:
            return PlannedChoice(tool_name(left[0]), left, [])
        raise UnsupportedFeatureError(f"tool_choice {choice.mode!r}: {_why_not(facts, free=free)}")
    return PlannedChoice(mode, left, [])


def _why_not(facts: ToolChoiceFacts, *, free: bool) -> str:
    """Why no call can be forced, and what the caller can do."""
    if not (facts.required or facts.named):
        return "the model cannot be forced to call a tool; pass ToolChoice('auto') and ask for the call in the prompt"
    if not free:
        return "the model cannot be forced to call a tool while it thinks; switch that off or pass ToolChoice('auto')"
    return "the model can be forced to call only one tool; name it, or pass ToolChoice('auto')"


def _names(tools: Sequence[ToolSchema]) -> list[str]:
    """The names of the tools; looks at all of them at once where nothing is unusual."""
    try:
        functions = [tool["function"] for tool in tools]
        names: list[str] = [function["name"] for function in functions]
        parameters = [function.get("parameters") for function in functions]
    except (TypeError, KeyError, AttributeError, IndexError):
        return [_checked_name(index, tool) for index, tool in enumerate(tools)]
    usual = {*map(type, tools), *map(type, functions)} <= {dict} and {*map(type, names)} <= {str} and all(names)
    if usual and {*map(type, parameters)} <= {dict, type(None)}:
        return names
    return [_checked_name(index, tool) for index, tool in enumerate(tools)]


def _checked_name(index: int, tool: object) -> str:
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or not name:
        raise InvalidRequestError(
            f"tools[{index}] is not a function tool; write "
            '{"type": "function", "function": {"name": …, "description": …, "parameters": {…}}}'
        )
    if isinstance(function, dict) and not isinstance(function.get("parameters") or {}, Mapping):
        raise InvalidRequestError(f"the parameters of the tool {name!r} are not a JSON Schema; pass it as a dict")
    return name
