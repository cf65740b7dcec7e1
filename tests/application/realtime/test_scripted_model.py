"""The double for applications, and what bounds the queue and hides the key."""

from __future__ import annotations

import asyncio

from modelport.application.realtime.event_queue import EventQueue
from modelport.event import ReplyEndEvent
from modelport.message import ToolCallBlock
from modelport.realtime import RealtimeAgent, SessionErrorEvent, SpeechStartedEvent
from modelport.testing import ScriptedRealtimeModel

from .support import Talk


def look(place: str) -> str:
    """Look."""
    return f"{place} is blue"


async def test_a_scripted_model_speaks_calls_and_refuses_further_requests() -> None:
    call = ToolCallBlock(id="c1", name="look", input='{"place":"sky"}')
    model = ScriptedRealtimeModel([call, "It is blue.", "Bye."])
    agent = RealtimeAgent("pilot", model, tools=[look])
    errors = []
    async with agent.session() as session:
        for question in ("The sky?", "Goodbye.", "Still there?"):
            await session.conversation.send_text(question)
            async for event in session:
                if isinstance(event, SessionErrorEvent):
                    errors.append(event.error)
                if isinstance(event, ReplyEndEvent | SessionErrorEvent):
                    break
    texts = [message.get_text_content() for message in agent.history]
    assert texts == ["The sky?", "It is blue.", "Goodbye.", "Bye.", "Still there?"]
    assert "no further reply" in errors[0]
    assert len(asyncio.all_tasks()) == 1


async def test_small_events_are_bounded_too() -> None:
    queue = EventQueue(limit=1000)
    queue.put(SpeechStartedEvent(item_id="u1") for _ in range(15))
    assert not queue.full
    queue.put([SpeechStartedEvent(item_id="u1")])
    assert queue.full
    await queue.get()
    assert not queue.full


async def test_a_refusal_that_repeats_the_key_does_not_show_it() -> None:
    error = {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "not with the key sk-key-42-42-PlantedWord7"},
    }
    async with Talk() as talk:
        await talk.say(error)
        (event,) = talk.of("SESSION_ERROR")
        assert "sk-key-42-42" not in event.error
