"""The request of one structured-output strategy: messages, tools, output format, and where its answer is found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...domain.chat.tools import ToolChoice, ToolSchema, tool_name
from ...domain.message.blocks import TextBlock, ToolCallBlock, ToolResultBlock, ToolResultState
from ...domain.message.messages import AssistantMsg, Msg, UserMsg
from ...domain.message.responses import ChatResponse
from ...domain.structured.plan import TOOL_STRATEGIES, OutputRequest, OutputSchema, PlannedStrategy, Strategy
from ...domain.structured.schema_adapt import Adapted
from .output_spec import OutputSpec

__all__ = ["TOOL_NAME", "StrategyRequest"]

TOOL_NAME = "generate_structured_output"

_TOOL_DESCRIPTION = "Give the final answer of this conversation as one object."
_CALL_INSTRUCTION = (
    "Give your answer by calling the tool `{name}`, once, with the whole answer as its arguments. "
    "Call no other tool and write nothing else."
)
_SCHEMA_INSTRUCTION = (
    "Answer with one JSON object and nothing else: no explanation, no code fence. "
    "It must follow this JSON Schema:\n{schema}"
)
_INVALID_INSTRUCTION = "That is not a valid answer:\n{errors}\n{again}"
_AGAIN_TOOL = "Call the tool `{name}` again with the whole corrected object."
_AGAIN_TEXT = "Write the whole corrected JSON object, and nothing else."


@dataclass(frozen=True, slots=True)
class StrategyRequest:
    """One strategy of one call.

    Attributes:
        planned: the strategy, and why it is tried.
        spec: what a valid object is.
        adapted: the schema that is sent, as output format, tool parameters or part of the instruction.
        other_tools: the caller's tools.
        schema_unseen: whether the model does not see the schema of the output format.
        by_tool: whether the object comes as the arguments of a tool call.
    """

    planned: PlannedStrategy
    spec: OutputSpec
    adapted: Adapted
    other_tools: Sequence[ToolSchema] = ()
    schema_unseen: bool = False
    by_tool: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_tool", self.strategy in TOOL_STRATEGIES)  # asked for each delta

    @property
    def strategy(self) -> Strategy:
        """The strategy."""
        return self.planned.strategy

    @property
    def tool(self) -> str:
        """The name of our tool, different from the names of the caller's tools."""
        name, taken = TOOL_NAME, {tool_name(tool) for tool in self.other_tools}
        while name in taken:
            name += "_"
        return name

    @property
    def tools(self) -> list[ToolSchema] | None:
        """The tools to send."""
        if not self.by_tool:
            return list(self.other_tools) or None
        description = f"{_TOOL_DESCRIPTION} {self.spec.description}".strip()
        function = {"name": self.tool, "description": description, "parameters": self.adapted.schema}
        return [*self.other_tools, {"type": "function", "function": function}]

    @property
    def choice(self) -> ToolChoice | None:
        """Our tool alone; `none` when there are only the caller's tools, since the answer is due now."""
        if self.by_tool:
            mode = self.tool if self.strategy is Strategy.FORCED_TOOL else "auto"
            return ToolChoice(mode, [self.tool])
        return ToolChoice("none") if self.other_tools else None

    @property
    def output(self) -> OutputRequest:
        """The output format for the codec."""
        schema = None
        if self.strategy is Strategy.NATIVE_SCHEMA:
            schema = OutputSchema(self.spec.name, self.adapted.schema, self.adapted.rules.strict)
        is_json_mode = self.strategy is Strategy.JSON_MODE
        return OutputRequest(schema=schema, json_mode=is_json_mode, thinking_off=self.planned.thinking_off)

    def messages(self, messages: Sequence[Msg]) -> list[Msg]:
        """The conversation with the strategy's instruction, if it has one; the caller's messages are not changed."""
        instruction = self._instruction()
        if instruction is None:
            return list(messages)
        last = messages[-1]
        if last.role != "user":
            return [*messages, UserMsg("user", instruction)]
        return [*messages[:-1], last.model_copy(update={"content": [*last.content, TextBlock(text=instruction)]})]

    def _instruction(self) -> str | None:
        if self.strategy is Strategy.AUTO_TOOL:
            return _CALL_INSTRUCTION.format(name=self.tool)
        unseen = self.schema_unseen and self.strategy is Strategy.NATIVE_SCHEMA
        if unseen or self.strategy in (Strategy.JSON_MODE, Strategy.INSTRUCTION):
            return _SCHEMA_INSTRUCTION.format(schema=_compact(self.adapted.schema))
        return None

    def answer(self, response: ChatResponse) -> str:
        """The text that should be the object: our tool's arguments, or the response's text when there is no call."""
        if self.by_tool:
            for block in response.content:
                if isinstance(block, ToolCallBlock) and block.name == self.tool:
                    return block.input
        return response.text

    def delta_text(self, block: Any, calls: dict[str, bool]) -> str:  # Any: a content block
        """The piece of the object in one block of a delta; `calls` keeps, by id, which tool call is ours."""
        if not self.by_tool:
            return block.text if isinstance(block, TextBlock) else ""
        if not isinstance(block, ToolCallBlock):
            return ""
        if block.id not in calls:
            calls[block.id] = block.name == self.tool and not any(calls.values())
        return block.input if calls[block.id] else ""

    def asked_again(self, messages: Sequence[Msg], response: ChatResponse, errors: Sequence[str]) -> list[Msg]:
        """The conversation with the invalid answer, its errors and the request to correct it."""
        again = _AGAIN_TOOL.format(name=self.tool) if self.by_tool else _AGAIN_TEXT
        instruction = _INVALID_INSTRUCTION.format(errors="\n".join(f"- {error}" for error in errors), again=again)
        results = [
            ToolResultBlock(id=block.id, name=block.name, output=instruction, state=ToolResultState.ERROR)
            for block in response.content
            if isinstance(block, ToolCallBlock)
        ]
        answer = [AssistantMsg("assistant", [*response.content, *results])] if response.content else []
        return [*messages, *answer, *([] if results else [UserMsg("user", instruction)])]


def _compact(schema: Mapping[str, Any]) -> str:  # Any: a JSON Schema
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
