"""xAI's streams: arguments whole in one delta, reasoning sealed only at its end, two names for the last event."""

from __future__ import annotations

import pytest

from modelport.adapters.dialects.openai_responses.stream import OpenAIResponsesDecoder
from modelport.adapters.wire.framing import SSEFramer
from modelport.adapters.xai.profile import XAI_RESPONSES
from modelport.domain.chat.fold import ChatFold
from modelport.message import ToolCallBlock
from modelport.model import ChatResponse
from tests.adapters.openai_responses.wire import events_of, function_call, message, reasoning, sse

OUTPUT = [
    reasoning("Zwei Werkzeuge", encrypted="Zk3+/=", status="completed"),
    function_call("get_weather", '{"city":"Köln"}', "call-1-0"),
    function_call("get_time", "{}", "call-1-1"),
    message("Moment …", item_id="msg_2"),
]


def read(*chunks: bytes) -> ChatResponse:
    framer, decoder, fold = SSEFramer(), OpenAIResponsesDecoder(XAI_RESPONSES, {}), ChatFold()
    for chunk in chunks:
        delta = decoder.feed(framer.feed(chunk))
        assert decoder.failure is None
        if delta is not None:
            fold.add(delta)
    fold.add(decoder.finish())
    return fold.final([], 0.0)


def traffic(terminal: str = "response.completed") -> bytes:
    events = events_of(OUTPUT, size=50, terminal=terminal)
    for event in events:
        event.pop("obfuscation", None)
        if event["type"] == "response.output_item.added":
            event["item"].pop("encrypted_content", None)
    return sse(events)


@pytest.mark.parametrize("terminal", ["response.completed", "response.done"])
def test_a_cut_at_every_byte(terminal: str) -> None:
    data = traffic(terminal)
    for cut in range(len(data)):
        answer = read(data[:cut], data[cut:])
        calls = [block for block in answer.content if isinstance(block, ToolCallBlock)]
        assert [(call.id, call.input) for call in calls] == [("call-1-0", '{"city":"Köln"}'), ("call-1-1", "{}")]
        assert (answer.text, answer.finish_reason) == ("Moment …", "tool_calls")
        owned = answer.content[0].provider_data
        assert owned is not None and owned.provider == "xai" and owned.data["item"] == OUTPUT[0]
