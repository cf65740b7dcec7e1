"""Tools for an agent, and checks of the results of their calls."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from modelport.agent import Agent, FunctionTool
from modelport.message import ToolResultBlock
from modelport.testing.servers.http import ScriptedServer
from tests.application.agent.agent_support import body_is_legal, calling, chat, saying

__all__ = ["Place", "called", "results", "weather"]


class Place(BaseModel):
    """Where it is."""

    city: str
    country: str = "CN"


def weather(
    place: str, unit: Literal["C", "F"] = "C", *, days: Annotated[int, Field(ge=1, description="How many")] = 1
) -> str:
    """The weather of a place.

    It is a guess.

    Args:
        place: where, as a person would
            write it.
        unit (str): of the temperature
        days: ignored, for the annotation says more

    Returns:
        some words: not an argument.
    """
    return f"{place}: 21 {unit}, {days}"


def results(agent: Agent) -> list[ToolResultBlock]:
    return [block for message in agent.history for block in message.content if isinstance(block, ToolResultBlock)]


async def called(tool: Any, arguments: str, *, name: str | None = None) -> ToolResultBlock:
    """The result of one call of this tool by a model."""
    given = tool if isinstance(tool, FunctionTool) else FunctionTool(tool)
    async with ScriptedServer([calling(("1", name or given.name, arguments)), saying("Done")]) as server:
        agent = Agent("assistant", chat(server.base_url), tools=[given])
        await agent.reply("Go")
        assert body_is_legal(server.requests[1].json())
    (result,) = results(agent)
    return result
