"""The application: it writes headlines, and answers letters with a tool."""

from __future__ import annotations

from pydantic import BaseModel, Field

from modelport import Modelport
from modelport.agent import Agent
from modelport.error import ModelError
from modelport.message import SystemMsg, UserMsg
from modelport.model import ChatModelBase

PAGES = {"harbour": 3, "weather": 7}


class Headline(BaseModel):
    """What the model has to give."""

    title: str = Field(max_length=60)
    urgent: bool = False


async def headline(hub: Modelport, article: str) -> Headline:
    """The headline of an article."""
    messages = [SystemMsg("system", "You edit a newspaper."), UserMsg("user", f"Write a headline for: {article}")]
    answer = await hub.chat("editor").generate_structured_output(messages, Headline)
    return answer.value


def page_of(topic: str) -> str:
    """The page of today's paper that a topic is on.

    Args:
        topic: one word in lower case
    """
    return f"page {PAGES[topic]}" if topic in PAGES else "not in today's paper"


async def answer_letter(model: ChatModelBase, letter: str) -> str:
    """A reply to a reader; a fixed one when the model cannot be reached."""
    agent = Agent("desk", model, system_prompt="Answer readers in one sentence.", tools=[page_of])
    try:
        reply = await agent.reply(letter)
    except ModelError:
        return "Thank you for your letter. We will answer tomorrow."
    return reply.get_text_content() or ""
