"""A chat endpoint that streams its answers as server-sent events, and runs a tool."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from modelport import Modelport
from modelport.agent import Agent
from modelport.error import ModelError
from modelport.event import ReplyEndEvent, TextBlockDeltaEvent, ToolCallStartEvent, ToolResultEndEvent

SETTINGS = Path(os.environ.get("CHAT_SETTINGS", Path(__file__).with_name("modelport.yaml")))
STOCK = {"lamp": 12, "chair": 0}


class Question(BaseModel):
    """What a browser sends."""

    conversation: str = Field(description="any text that names the conversation", max_length=64)
    text: str = Field(min_length=1, max_length=8000)


async def stock(article: str) -> str:
    """How many pieces of an article are in stock?

    Args:
        article: its name in the singular, such as "lamp"
    """
    return f"{article}: {STOCK.get(article, 0)}"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    """One hub for the server: built before the first request, closed after the last one."""
    async with Modelport.from_file(SETTINGS) as hub:
        hub.chat("assistant")  # a mistake in the settings stops the start, not the first customer
        app.state.hub = hub
        app.state.agents = {}
        yield


app = FastAPI(lifespan=lifespan)


def agent_of(request: Request, conversation: str) -> Agent:
    """The agent of a conversation. A real application stores `agent.history`, a list of pydantic models."""
    agents: dict[str, Agent] = request.app.state.agents
    if conversation not in agents:
        hub: Modelport = request.app.state.hub
        agents[conversation] = Agent("shop", hub.chat("assistant"), system_prompt="You sell furniture.", tools=[stock])
    return agents[conversation]


@app.post("/chat", response_class=EventSourceResponse)
async def chat(question: Question, request: Request) -> AsyncGenerator[ServerSentEvent, None]:
    """Events `text`, `tool` and `tool_result` while the reply is written, and `end` or `error` at last.

    When the browser goes away, this generator is closed, and with it the reply and the request to the provider.
    """
    agent = agent_of(request, question.conversation)
    try:
        async with aclosing(agent.reply_stream(question.text)) as events:
            async for event in events:
                if isinstance(event, TextBlockDeltaEvent):
                    yield ServerSentEvent(event="text", data=event.delta)
                elif isinstance(event, ToolCallStartEvent):
                    yield ServerSentEvent(event="tool", data=event.tool_call_name)
                elif isinstance(event, ToolResultEndEvent):
                    yield ServerSentEvent(event="tool_result", data=event.state)
                elif isinstance(event, ReplyEndEvent) and event.error is None:
                    yield ServerSentEvent(event="end", data={"finish_reason": event.finish_reason})
    except ModelError as error:
        yield ServerSentEvent(event="error", data={"kind": type(error).__name__, "retryable": error.retryable})


@app.get("/conversations/{conversation}")
async def history(conversation: str, request: Request) -> list[dict[str, Any]]:
    """The messages so far, also of a reply that was broken off."""
    agents: dict[str, Agent] = request.app.state.agents
    messages = agents[conversation].history if conversation in agents else []
    return [message.model_dump(mode="json", include={"name", "role", "content", "error"}) for message in messages]


@app.get("/health")
async def health(request: Request) -> dict[str, str]:
    """For a load balancer: which model answers. It sends no request to the provider, which would cost tokens."""
    model = request.app.state.hub.chat("assistant")
    return {"status": "ok", "model": f"{model.provider}/{model.model}"}
