"""An error whose body never comes is that error, and one turn runs a limited number of tool calls."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from modelport.agent import Agent
from modelport.credential import OpenAICredential
from modelport.error import AuthenticationError, InvalidRequestError, ModelError, PermissionDeniedError
from modelport.message import ToolCallBlock, ToolResultBlock, UserMsg
from modelport.model import OpenAIChatModel
from modelport.testing import ScriptedChatModel
from modelport.transport import Timeouts


@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationError), (403, PermissionDeniedError)])
async def test_an_error_whose_body_stalls_is_that_error(status: int, kind: type[ModelError]) -> None:
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        while await reader.readline() not in (b"\r\n", b""):
            pass
        requests += 1
        writer.write(b"HTTP/1.1 %d No\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{" % status)
        await writer.drain()
        with suppress(asyncio.CancelledError):  # at the end of the test
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        credential = OpenAICredential(api_key="k-PlantedWord7", base_url=f"http://127.0.0.1:{port}/v1")
        model = OpenAIChatModel(credential, "m", stream=False, max_retries=2, timeouts=Timeouts(idle=0.2))
        async with asyncio.timeout(20):
            with pytest.raises(kind):
                await model([UserMsg(name="user", content="hello")])
    assert requests == 1


@pytest.mark.parametrize(("options", "run"), [({}, 256), ({"max_tool_calls": 3}, 3), ({"max_tool_calls": 400}, 300)])
async def test_a_turn_runs_a_limited_number_of_tool_calls(options: dict[str, int], run: int) -> None:
    ran = 0

    async def note() -> str:
        """Count."""
        nonlocal ran
        ran += 1
        return "yes"

    calls = [ToolCallBlock(id=f"c{number}", name="note", input="{}") for number in range(300)]
    agent = Agent("a", ScriptedChatModel([calls, "done"], stream=False), tools=[note], **options)  # type: ignore[arg-type]
    reply = await agent.reply("go")
    results = [block for block in reply.content if isinstance(block, ToolResultBlock)]
    assert ran == run and len(results) == 300
    assert sum("not run" in str(block.output) for block in results) == 300 - run
    with pytest.raises(InvalidRequestError):
        Agent("a", ScriptedChatModel([]), max_tool_calls=0)
