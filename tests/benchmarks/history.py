"""What long conversations, many tools and large media cost a call, besides what every call costs.

    python -m tests.benchmarks.history [--smoke]

Requests are answered from memory, so nothing but the work of this process is measured. Beside each stands
`orjson.dumps` of the same body, which is already a body: nothing was rendered for it. What a history adds to a call is
the cost of the call with it less that of a call with one message.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import statistics
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import Any

import orjson

from modelport import credential, model
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    UserMsg,
)
from tests.benchmarks.history_memory import ANSWERS, Memory, call_then_stop
from tests.benchmarks.table import Row, main

Json = dict[str, Any]  # Any: a provider's JSON
_KEY = {"api_key": "planted-word"}
MODELS: dict[str, tuple[str, str, Json, str]] = {
    "openai-chat": ("OpenAIChatModel", "OpenAICredential", _KEY, "gpt-4.1"),
    "openai-responses": ("OpenAIResponseModel", "OpenAICredential", _KEY, "gpt-4.1"),
    "anthropic": ("AnthropicChatModel", "AnthropicCredential", _KEY, "claude-opus-5-5"),
    "gemini": ("GeminiChatModel", "GeminiCredential", _KEY, "gemini-2.5-flash"),
    "ollama": ("OllamaChatModel", "OllamaCredential", {}, "qwen3:8b"),
    "moonshot": ("MoonshotChatModel", "MoonshotCredential", _KEY, "kimi-k2.6"),
}
AS_DUMPED = 1.2
"""Goal: a history, a turn or a set of tools costs at most this many times the bare `orjson.dumps` of the body."""
PEAK = 1.3
ASK = [UserMsg("user", "And now?")]


def made(api: str, memory: Memory) -> Any:  # Any: a chat model
    cls, of, given, name = MODELS[api]
    return getattr(model, cls)(
        getattr(credential, of)(**given), name, stream=False, transport=memory, card_checks="off"
    )


def cpu(calls: int, work: Callable[[], object]) -> float:
    """Microseconds of CPU of one run: the median."""
    spent = []
    for _ in range(calls):
        begun = time.process_time_ns()
        work()
        spent.append(time.process_time_ns() - begun)
    return statistics.median(spent) / 1e3


async def acpu(calls: int, work: Callable[[], Awaitable[object]]) -> float:
    """As `cpu`, for calls."""
    spent = []
    for _ in range(calls):
        begun = time.process_time_ns()
        await work()
        spent.append(time.process_time_ns() - begun)
    return statistics.median(spent) / 1e3


def chat(count: int) -> list[Msg]:
    """Questions and answers of a few lines."""
    messages: list[Msg] = [SystemMsg("system", "Be brief.")]
    for number in range(count // 2):
        messages.append(UserMsg("user", f"Question {number}: " + "why is the sky blue and the grass green? " * 5))
        messages.append(AssistantMsg("bot", f"Answer {number}: " + "because light scatters in the air. " * 6))
    return [*messages, UserMsg("user", "And now?")]


def turns(count: int) -> list[Msg]:
    """An agent's reply after that many turns, each with a call and its result."""
    reply = AssistantMsg("bot", [])
    for number in range(count):
        facts = {"id": f"call_{number}", "name": "look_up"}
        call = ToolCallBlock(**facts, input='{"q": "x"}')
        result = ToolResultBlock(**facts, output="found " * 30, state=ToolResultState.SUCCESS)
        reply.content += [TextBlock(text=f"Step {number}: " + "thinking aloud " * 10), call, result]
    return [UserMsg("user", "Go."), reply]


async def added(
    memory: Memory, calls: int, call: Callable[[], Awaitable[object]], short: Callable[[], Awaitable[object]]
) -> tuple[float, float]:
    """Microseconds that the call costs more than the short one, and of dumping its body: medians.

    The calls have been made before, twice: what comes once is not kept. The three take turns, so that none finds its
    data in the processor's caches because it ran a moment ago; and the dumped body is held like a sent one.
    """
    for _ in range(2):
        await call()
    sent = memory.body
    body = orjson.loads(sent)

    async def dump() -> None:
        memory.body = orjson.dumps(body)

    spent: tuple[list[float], list[float], list[float]] = ([], [], [])
    for _ in range(calls):
        for times, work in zip(spent, (call, short, dump), strict=True):
            begun = time.process_time_ns()
            await work()
            times.append(time.process_time_ns() - begun)
    await call()
    assert memory.body == sent, "the same body each time"
    long_one, short_one, dumped = (statistics.median(times) / 1e3 for times in spent)
    return max(0.0, long_one - short_one), dumped


async def added_by(api: str, messages: list[Msg], calls: int) -> tuple[float, float]:
    """As `added`, for a history."""
    memory = Memory(ANSWERS[api])
    asked = made(api, memory)
    return await added(memory, calls, lambda: asked(messages), lambda: asked(ASK))


async def agent_rows(smoke: bool) -> list[Row]:
    """A whole run of an agent, and what the history adds to its last turn."""
    from modelport.agent import Agent

    count, found = (5, 3) if smoke else (200, 60), []
    last, calls = count

    def look_up(q: str) -> str:
        """Look it up.

        Args:
            q: what to look for
        """
        return "found " * 30

    memory = Memory(lambda number: call_then_stop(number, last))
    agent = Agent("bot", made("openai-chat", memory), tools=[look_up], max_turns=last + 1)
    begun = time.process_time()
    reply = await agent.reply("Go.")
    whole = (time.process_time() - begun) * 1e6 / last
    assert memory.sent == last and len(reply.content) == 3 * (last - 1) + 1, "every turn was made"
    found.append(Row(f"agent of {last} turns, a turn in all", whole, None, "", "µs of CPU", None))
    for api in MODELS if not smoke else ("openai-chat", "anthropic"):
        ours, bare = await added_by(api, turns(last), calls)
        what = f"history of an agent of {last} turns, added to a turn, {api}"
        found.append(Row(what, ours, bare, "orjson.dumps", "µs of CPU", AS_DUMPED))
    return found


async def message_rows(smoke: bool) -> list[Row]:
    """Many messages, beside the bare dump of the body."""
    count, calls = (20, 3) if smoke else (1000, 60)
    found = []
    for api in MODELS if not smoke else ("openai-chat", "gemini"):
        ours, bare = await added_by(api, chat(count), calls)
        what = f"{count:,} messages of history, added to a call, {api}"
        found.append(Row(what, ours, bare, "orjson.dumps", "µs of CPU", None))
    return found


async def sdk_row(smoke: bool) -> Row:
    """A whole call with a long history, beside OpenAI's SDK over a transport that answers from memory, too."""
    count, calls = (20, 2) if smoke else (1000, 10)
    messages = chat(count)
    memory = Memory(ANSWERS["openai-chat"])
    asked = made("openai-chat", memory)
    for _ in range(2):
        await asked(messages)
    ours = await acpu(calls, lambda: asked(messages))
    beside = None
    try:
        openai, httpx = import_module("openai"), import_module("httpx")
    except ImportError:
        pass
    else:
        answer = ANSWERS["openai-chat"](1)
        headers = {"content-type": "application/json"}
        answering = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, content=answer))
        client = openai.AsyncOpenAI(api_key="planted-word", http_client=httpx.AsyncClient(transport=answering))
        plain = orjson.loads(memory.body)["messages"]
        beside = await acpu(calls, lambda: client.chat.completions.create(model="gpt-4.1", messages=plain))
    return Row(f"{count:,} messages of history, a call", ours, beside, "openai", "µs of CPU", 1.0 if beside else None)


def tool(number: int) -> Json:
    """A tool with references, alternatives and limits in its schema."""
    point = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": ["number", "null"]}}}
    properties = {
        "a": {"type": "string", "description": "a", "maxLength": 10},
        "b": {"type": "integer", "minimum": 1, "maximum": 9},
        "c": {"type": "array", "items": {"$ref": "#/$defs/P"}},
        "d": {"anyOf": [{"type": "string", "enum": ["q", "w"]}, {"type": "null"}], "default": None},
    }
    parameters = {"type": "object", "$defs": {"P": point}, "properties": properties, "required": ["a", "b"]}
    text = "Does a thing with several arguments. " * 3
    return {"type": "function", "function": {"name": f"tool_{number}", "description": text, "parameters": parameters}}


async def tool_rows(smoke: bool) -> list[Row]:
    """Many tools, beside the bare dump of them."""
    count, calls = (3, 3) if smoke else (200, 60)
    found = []
    for api in MODELS:
        ours, bare = await _added_by_tools(api, [tool(number) for number in range(count)], calls)
        what = f"{count} tools, added to a call, {api}"
        found.append(Row(what, ours, bare, "orjson.dumps", "µs of CPU", AS_DUMPED))
    return found


async def _added_by_tools(api: str, tools: list[Json], calls: int) -> tuple[float, float]:
    """As `added`, for tools."""
    memory = Memory(ANSWERS[api])
    asked = made(api, memory)
    await asked(ASK, tools=tools)
    text = memory.body.decode()
    assert all(one["function"]["name"] in text for one in tools), "all tools are sent"
    return await added(memory, calls, lambda: asked(ASK, tools=tools), lambda: asked(ASK))


async def image_rows(smoke: bool) -> list[Row]:
    """Large images: the memory and the time of a call."""
    count, size, calls = (2, 100_000, 1) if smoke else (20, 1_000_000, 5)
    start = b"\x89PNG\r\n\x1a\n"
    datas = [base64.b64encode(start + bytes([number]) * size).decode() for number in range(count)]
    blocks = [DataBlock(source=Base64Source(data=data, media_type="image/png")) for data in datas]
    messages = [UserMsg("user", [TextBlock(text="look"), *blocks])]
    found = []
    for api in MODELS:
        ours, bare, peak, length = await _sent_images(api, messages, datas, calls)
        what = f"{count} images of {size / 1e6:g} MB"
        goal = None if smoke else PEAK
        found.append(Row(f"{what}, peak of memory, {api}", peak / 1e6, length / 1e6, "the body", "MB", goal))
        found.append(Row(f"{what}, a call, {api}", ours, bare, "orjson.dumps", "µs of CPU", None))
    return found


async def _sent_images(api: str, messages: list[Msg], datas: list[str], calls: int) -> tuple[float, float, int, int]:
    """Microseconds of a call and of a bare dump; bytes of the peak of memory and of the body."""
    memory = Memory(ANSWERS[api])
    asked = made(api, memory)
    await asked(messages)
    assert all(memory.body.count(data.encode()) == 1 for data in datas), "the images are sent"
    length = len(memory.body)
    peak = await _peak(memory, lambda: asked(messages))
    ours = await acpu(calls, lambda: asked(messages))
    return ours, cpu(calls, lambda: orjson.dumps({"x": datas})), peak, length


async def _peak(memory: Memory, call: Callable[[], Awaitable[object]]) -> int:
    """The most bytes that a call holds besides what was there before it."""
    memory.body = b""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        await call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


async def _all(smoke: bool) -> list[Row]:
    parts: Sequence[Callable[[bool], Awaitable[list[Row]]]] = (agent_rows, message_rows, tool_rows, image_rows)
    return [*[row for part in parts for row in await part(smoke)], await sdk_row(smoke)]


def rows(smoke: bool) -> list[Row]:
    """Agents, messages, tools and images."""
    return asyncio.run(_all(smoke))


if __name__ == "__main__":
    main(rows)
