"""A user's program: a hub, whole and streamed calls, a tool loop, structured output, errors and usage."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from modelport import Modelport
from modelport.agent import Agent
from modelport.error import ModelError, RateLimitError, StructuredOutputError
from modelport.event import TextBlockDeltaEvent, ToolResultEndEvent
from modelport.message import AssistantMsg, DataBlock, Msg, SystemMsg, ToolResultBlock, UserMsg
from modelport.model import ChatModelBase, ChatResponse, ChatUsage
from modelport.tool import ToolChoice, tool

SETTINGS = {
    "credentials": {"work": {"provider": "openai", "api_key": "sk-test", "base_url": "${OPENAI_BASE_URL}"}},
    "chat": {
        "fast": {"credential": "work", "model": "gpt-4.1-mini"},
        "down": {"provider": "ollama", "model": "q", "retry": {"max_retries": 0}},
    },
    "default_chat": "fast",
}


class Order(BaseModel):
    """What a customer orders."""

    article: Literal["lamp", "chair"]
    pieces: int = Field(default=1, ge=1)


@dataclass
class Shop:
    stock: dict[str, int]

    def look_up(self, article: str) -> int:
        """How many are there?"""
        return self.stock.get(article, 0)


@tool(name="opening_hours", description="When is the shop open?")
def hours(day: str) -> list[str]:
    return [f"{day} 9-12", f"{day} 14-18"]


async def by_hand(model: ChatModelBase, shop: Shop) -> ChatResponse:
    messages: list[Msg] = [
        SystemMsg("system", "You sell."),
        UserMsg("user", ["Lamps?", DataBlock.from_url("https://x.y/a.png")]),
    ]
    response = await model.generate(
        messages, tools=[shop.look_up, hours], tool_choice=ToolChoice("auto"), thinking="low"
    )
    results = [ToolResultBlock(id=call.id, output=str(shop.look_up(**call.arguments))) for call in response.tool_calls]
    messages += [response.to_message("shop"), AssistantMsg("shop", results)]
    return await model.generate(messages, tools=[shop.look_up, hours])


def store(history: list[Msg]) -> None:
    lines = "\n".join(message.model_dump_json() for message in history)
    Path("history.json").write_text(lines)
    assert [Msg.model_validate_json(line) for line in lines.splitlines()] == history


async def main() -> None:
    spent = ChatUsage()
    async with Modelport.from_mapping(SETTINGS, os.environ) as hub:
        model = hub.chat()
        final = await by_hand(model, Shop({"lamp": 3}))
        print(final.text, final.finish_reason, [warning.setting for warning in final.warnings])
        spent.input_tokens += final.usage.input_tokens
        async with await model.generate_stream([UserMsg("user", "Hello")], stop=["\n"]) as stream:
            async for text in stream.texts():
                print(text, end="")
        whole = await stream.whole()
        print(whole.usage.output_tokens, len(whole.attempts), spent.input_tokens > 0)
        try:
            answer = await model.generate_structured_output([UserMsg("user", "Two chairs")], Order)
            order: Order = answer.value
            print(order.article, order.pieces + 1, answer.strategy)
        except (StructuredOutputError, RateLimitError) as error:
            print(error.retry_after, error.attempts)
        agent = Agent("clerk", model.with_options(temperature=0), system_prompt="Be brief.", tools=[hours])
        async for event in agent.reply_stream("When are you open?"):
            if isinstance(event, TextBlockDeltaEvent):
                print(event.delta)
            elif isinstance(event, ToolResultEndEvent):
                print(event.state)
        try:
            await hub.chat("down").generate(agent.history)
        except ModelError as error:
            print(type(error).__name__, error.retryable)
        store(agent.history)


if __name__ == "__main__":
    asyncio.run(main())
