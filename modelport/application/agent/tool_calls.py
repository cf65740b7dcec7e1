"""Runs the tool calls of one turn concurrently; an error in a tool becomes the result of its call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence

from ...domain.errors import InvalidRequestError
from ...domain.message.blocks import DataBlock, TextBlock, ToolCallBlock, ToolResultBlock, ToolResultState
from ...domain.message.events import (
    Event,
    ToolResultDataDeltaEvent,
    ToolResultEndEvent,
    ToolResultStartEvent,
    ToolResultTextDeltaEvent,
    data_of,
)
from ...domain.unicode import well_formed
from ..call.tasks import cancel_all
from ..structured.reading import InvalidAnswerError
from ..tools.function_tool import FunctionTool, ToolFunction
from .reply import Reply
from .tool_output import output_of, text_of

__all__ = ["result_events", "run_call", "run_calls", "tools_by_name"]

_log = logging.getLogger(__name__)
_CANCELLED = "the tool cancelled itself"


def tools_by_name(tools: Sequence[ToolFunction | FunctionTool]) -> dict[str, FunctionTool]:
    """Each tool by its name; raises `InvalidRequestError` for a name that occurs twice."""
    found: dict[str, FunctionTool] = {}
    for given in tools:
        tool = given if isinstance(given, FunctionTool) else FunctionTool(given)
        if tool.name in found:
            raise InvalidRequestError(
                f"two tools have the name {tool.name!r}; pass one as FunctionTool(…, schema=…) with another name"
            )
        found[tool.name] = tool
    return found


async def run_calls(reply: Reply, tools: Mapping[str, FunctionTool], most: int) -> AsyncGenerator[Event, None]:
    """Run the reply's pending calls concurrently; adds each result to the reply and yields its events.

    Only the first `most` calls are run. The others fail, which their results tell the model.
    """
    calls = list(reply.pending)
    for call in calls:
        yield ToolResultStartEvent(reply_id=reply.id, tool_call_id=call.id, tool_call_name=call.name)
    # not a TaskGroup: its body must not contain a `yield`, and these tasks raise nothing
    running = {
        asyncio.create_task(run_call(call, tools) if number < most else _not_run(call, most)): number
        for number, call in enumerate(calls)
    }
    try:
        waiting: set[asyncio.Task[ToolResultBlock]] = set(running)
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=running.__getitem__):
                call = calls[running[task]]
                result = _failed(call, _CANCELLED) if task.cancelled() else task.result()
                reply.returned(running[task], result)
                for event in result_events(reply.id, result):
                    yield event
    finally:
        await cancel_all(running)


async def run_call(call: ToolCallBlock, tools: Mapping[str, FunctionTool]) -> ToolResultBlock:
    """The result of one call; an error in the tool is one too."""
    try:
        tool = tools.get(call.name)
        if tool is None:
            return _failed(call, f"there is no tool {call.name!r}; the tools are {sorted(tools)}")
        return _returned(call, await tool(call.input))
    except InvalidAnswerError as error:
        return _failed(call, f"the arguments are not valid: {error}")
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return _failed(call, _CANCELLED)
    except Exception as error:
        _log.warning("the tool %r failed", call.name, exc_info=True)
        return _failed(call, f"{type(error).__name__}: {text_of(error)}")


async def _not_run(call: ToolCallBlock, most: int) -> ToolResultBlock:
    return _failed(call, f"not run: one turn has at most {most} tool calls; make the others in the next turn")


def _failed(call: ToolCallBlock, message: str) -> ToolResultBlock:
    return ToolResultBlock(id=call.id, name=call.name, output=well_formed(message), state=ToolResultState.ERROR)


def _returned(call: ToolCallBlock, value: object) -> ToolResultBlock:
    output = output_of(value)
    return ToolResultBlock(id=call.id, name=call.name, output=output, state=ToolResultState.SUCCESS)


def result_events(reply_id: str, result: ToolResultBlock) -> list[Event]:
    """The events of a result."""
    events: list[Event] = []
    output = [TextBlock(text=result.output)] if isinstance(result.output, str) else result.output
    for block in output:
        if isinstance(block, DataBlock):
            data = data_of(block)
            events.append(
                ToolResultDataDeltaEvent(reply_id=reply_id, tool_call_id=result.id, block_id=block.id, **data)
            )
        elif block.text:
            events.append(ToolResultTextDeltaEvent(reply_id=reply_id, tool_call_id=result.id, delta=block.text))
    ended = ToolResultEndEvent(reply_id=reply_id, tool_call_id=result.id, state=result.state)
    result.finished_at = ended.created_at
    events.append(ended)
    return events
