"""One strategy as it is asked: its messages, its tool, what goes on the wire, and where its answer is found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...domain.chat.tools import ToolChoice, ToolSchema, tool_name
from ...domain.message.blocks import TextBlock, ToolCallBlock, ToolResultBlock, ToolResultState
from ...domain.message.messages import AssistantMsg, Msg, UserMsg
from ...domain.message.responses import ChatResponse
from ...domain.structured.plan import TOOL_STRATEGIES, OutputRequest, OutputSchema, PlannedStrategy, Strategy
from ...domain.structured.schema_adapt import Adapted
from .output_spec import StructuredTarget

__all__ = ["TOOL_NAME", "Rung"]

TOOL_NAME = "generate_structured_output"

_TOOL_TOLD = "Give the final answer of this conversation as one object."
_CALL_TOLD = (
    "Give your answer by calling the tool `{name}`, once, with the whole answer as its arguments. "
    "Call no other tool and write nothing else."
)
_SCHEMA_TOLD = (
    "Answer with one JSON object and nothing else: no explanation, no code fence. "
    "It must follow this JSON Schema:\n{schema}"
)
_INVALID_TOLD = "That is not a valid answer:\n{errors}\n{again}"
_AGAIN_TOOL = "Call the tool `{name}` again with the whole corrected object."
_AGAIN_TEXT = "Write the whole corrected JSON object, and nothing else."


@dataclass(frozen=True, slots=True)
class Rung:
    """A strategy for one call. `adapted` is the schema that the model is held to or told."""

    planned: PlannedStrategy
    target: StructuredTarget
    adapted: Adapted
    other_tools: Sequence[ToolSchema] = ()

    @property
    def by_tool(self) -> bool:
        """Whether the object comes as the arguments of a tool call."""
        return self.planned.strategy in TOOL_STRATEGIES

    @property
    def tool(self) -> str:
        """The name of our tool, which no other has."""
        name, taken = TOOL_NAME, {tool_name(tool) for tool in self.other_tools}
        while name in taken:
            name += "_"
        return name

    @property
    def tools(self) -> list[ToolSchema] | None:
        """The tools to send."""
        if not self.by_tool:
            return list(self.other_tools) or None
        told = f"{_TOOL_TOLD} {self.target.description}".strip()
        function = {"name": self.tool, "description": told, "parameters": self.adapted.schema}
        return [*self.other_tools, {"type": "function", "function": function}]

    @property
    def choice(self) -> ToolChoice | None:
        """Our tool alone; or none of the caller's, since the answer is wanted now."""
        if self.by_tool:
            mode = self.tool if self.planned.strategy is Strategy.FORCED_TOOL else "auto"
            return ToolChoice(mode, [self.tool])
        return ToolChoice("none") if self.other_tools else None

    @property
    def output(self) -> OutputRequest:
        """What goes beside the arguments."""
        strategy, off = self.planned.strategy, self.planned.thinking_off
        schema = None
        if strategy is Strategy.NATIVE_SCHEMA:
            schema = OutputSchema(self.target.name, self.adapted.schema, self.adapted.rules.strict)
        return OutputRequest(schema=schema, json_mode=strategy is Strategy.JSON_MODE, thinking_off=off)

    def messages(self, messages: Sequence[Msg]) -> list[Msg]:
        """The conversation with what the model must be told; the caller's messages are shared, not changed."""
        told = self._instruction()
        if told is None:
            return list(messages)
        last = messages[-1]
        if last.role != "user":
            return [*messages, UserMsg("user", told)]
        return [*messages[:-1], last.model_copy(update={"content": [*last.content, TextBlock(text=told)]})]

    def _instruction(self) -> str | None:
        strategy = self.planned.strategy
        if strategy is Strategy.AUTO_TOOL:
            return _CALL_TOLD.format(name=self.tool)
        if strategy in (Strategy.JSON_MODE, Strategy.INSTRUCTION):
            return _SCHEMA_TOLD.format(schema=_compact(self.adapted.schema))
        return None

    def answer(self, response: ChatResponse) -> str:
        """The text that should be the object; a model that was offered the tool may have written it instead."""
        calls = [block for block in response.content if isinstance(block, ToolCallBlock)]
        ours = [call for call in calls if call.name == self.tool] if self.by_tool else []
        return ours[0].input if ours else response.text

    def grows(self, block: Any, calls: dict[str, bool]) -> str:  # Any: a content block
        """The piece of the object in one block of a delta; `calls` remembers which calls are ours."""
        if self.by_tool and isinstance(block, ToolCallBlock):
            ours = calls.setdefault(block.id, block.name == self.tool and not any(calls.values()))
            return block.input if ours else ""
        return block.text if not self.by_tool and isinstance(block, TextBlock) else ""

    def asked_again(self, messages: Sequence[Msg], response: ChatResponse, errors: Sequence[str]) -> list[Msg]:
        """The conversation with the invalid answer and what is wrong with it."""
        again = _AGAIN_TOOL.format(name=self.tool) if self.by_tool else _AGAIN_TEXT
        told = _INVALID_TOLD.format(errors="\n".join(f"- {error}" for error in errors), again=again)
        calls = [block for block in response.content if isinstance(block, ToolCallBlock)]
        results = [
            ToolResultBlock(id=call.id, name=call.name, output=told, state=ToolResultState.ERROR) for call in calls
        ]
        said = [AssistantMsg("assistant", [*response.content, *results])] if response.content else []
        return [*messages, *said, *([] if results else [UserMsg("user", told)])]


def _compact(schema: Mapping[str, Any]) -> str:  # Any: a JSON Schema
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
