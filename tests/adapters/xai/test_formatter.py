"""Messages to Responses input, for Grok: what differs from OpenAI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelport.adapters.dialects.openai_responses.stream import OpenAIResponsesDecoder
from modelport.adapters.openai.responses_profile import OPENAI_RESPONSES
from modelport.adapters.xai.profile import XAI_RESPONSES
from modelport.formatter import XAIChatFormatter, XAIMultiAgentFormatter
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    Msg,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    URLSource,
    UserMsg,
)
from modelport.ports.codec.rendering import RenderContext, Rendered
from modelport.testing.servers.strict import violations_of
from tests.adapters.openai_responses.wire import Json, function_call, message, reasoning, refusal, response

PNG = Base64Source(data="iVBORw0KGgo=", media_type="image/png")
PDF = Base64Source(data="JVBERi0=", media_type="application/pdf")


def render(*msgs: Msg, **context: Any) -> Rendered:
    rendered = XAIChatFormatter().render(msgs, RenderContext(**context))
    body = {"model": "grok-4.3", "input": rendered.messages, "store": False, "include": ["reasoning.encrypted_content"]}
    assert violations_of("xai", body) == []
    return rendered


def settings_of(rendered: Rendered) -> list[tuple[str, str]]:
    return [(warning.kind, warning.setting) for warning in rendered.warnings]


def answer_of(output: Sequence[Json], profile: Any = XAI_RESPONSES) -> list[Any]:
    return list(OpenAIResponsesDecoder(profile, {}).body(response(output)).content)


def test_every_reasoning_item_goes_back_also_that_of_tools_the_server_ran() -> None:
    output = [
        reasoning("Search first.", encrypted="Ab+/", status="completed"),
        {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search"}},
        reasoning(encrypted="tco_sealed", item_id="tco_1", status="completed"),
        function_call("get_weather", '{"city":"Bern"}', "call-5d2f8a10-0"),
    ]
    result = ToolResultBlock(id="call-5d2f8a10-0", name="get_weather", output="20 °C")
    rendered = render(UserMsg("u", "Weather?"), AssistantMsg("bot", [*answer_of(output), result]))
    assert rendered.messages[1:] == [
        output[0],
        output[2],
        {"type": "function_call", "call_id": "call-5d2f8a10-0", "name": "get_weather", "arguments": '{"city":"Bern"}'},
        {"type": "function_call_output", "call_id": "call-5d2f8a10-0", "output": "20 °C"},
    ]
    assert not rendered.warnings


def test_reasoning_keeps_the_keys_that_are_taken_back() -> None:
    item = reasoning("Hm", content=[{"type": "reasoning_text", "text": "raw"}])
    (sent, _) = render(AssistantMsg("bot", answer_of([item, message("Yes")]))).messages
    assert sent == reasoning("Hm")


def test_openais_reasoning_is_not_sent_here() -> None:
    foreign = answer_of([reasoning("Hm"), message("Yes", phase="final_answer")], OPENAI_RESPONSES)
    rendered = render(AssistantMsg("bot", foreign))
    assert rendered.messages == [{"type": "message", "role": "assistant", "content": "Yes"}]
    assert settings_of(rendered) == [("dropped", "thinking")]


def test_a_refusal_goes_back_as_text() -> None:
    (item,) = render(AssistantMsg("bot", answer_of([refusal("I cannot.")]))).messages
    assert item["content"] == "I cannot."


def test_documents_only_by_url() -> None:
    url = URLSource(url="https://host/b.pdf", media_type="application/pdf")
    rendered = render(UserMsg("u", [DataBlock(source=PNG), DataBlock(source=url), DataBlock(source=PDF)]))
    image, by_url, announced = rendered.messages[0]["content"]
    assert image["type"] == "input_image" and by_url == {"type": "input_file", "file_url": "https://host/b.pdf"}
    assert announced["type"] == "input_text" and settings_of(rendered) == [("changed", "data")]
    formatter = XAIChatFormatter()
    assert not formatter.needs_download(DataBlock(source=URLSource(url="file:///a.pdf", media_type="application/pdf")))
    assert formatter.needs_download(DataBlock(source=URLSource(url="file:///a.png", media_type="image/png")))


def test_what_tools_return() -> None:
    url = URLSource(url="https://host/b.pdf", media_type="application/pdf")
    output = [TextBlock(text="Both:"), DataBlock(source=PNG), DataBlock(source=url)]
    call, result = ToolCallBlock(id="c", name="f", input="{}"), ToolResultBlock(id="c", name="f", output=output)
    rendered = render(AssistantMsg("bot", [call, result]))
    text, image, announced = rendered.messages[1]["output"]
    assert (text["type"], image["type"], announced["type"]) == ("input_text", "input_image", "input_text")
    assert "https://host/b.pdf" in announced["text"] and settings_of(rendered) == [("changed", "data")]


def test_multi_agent() -> None:
    assert XAIMultiAgentFormatter().multi_agent and not XAIChatFormatter().multi_agent
