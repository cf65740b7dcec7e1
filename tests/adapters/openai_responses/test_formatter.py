"""Messages to Responses input, for OpenAI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from modelport.adapters.dialects.openai_responses.stream import OpenAIResponsesDecoder
from modelport.adapters.openai.responses_profile import OPENAI_RESPONSES
from modelport.domain.message.blocks import ProviderData
from modelport.error import InvalidRequestError
from modelport.formatter import FormatterBase, OpenAIResponseFormatter, OpenAIResponseMultiAgentFormatter, Rendered
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    HintBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    URLSource,
    UserMsg,
)
from modelport.ports.codec.rendering import RenderContext
from modelport.testing.servers.strict import violations_of
from tests.adapters.openai_responses.wire import Json, function_call, message, reasoning, refusal, response

PNG = Base64Source(data="iVBORw0KGgo=", media_type="image/png")
PDF = Base64Source(data="JVBERi0=", media_type="application/pdf")


def render(*msgs: Msg, formatter: FormatterBase | None = None, **context: Any) -> Rendered:
    rendered = (formatter or OpenAIResponseFormatter()).render(msgs, RenderContext(**context))
    body = {"model": "gpt-5.6", "input": rendered.messages, "store": False, "include": ["reasoning.encrypted_content"]}
    assert violations_of("openai_responses", body) == []
    return rendered


def items(*msgs: Msg, **context: Any) -> list[Json]:
    rendered = render(*msgs, **context)
    assert not rendered.warnings
    return rendered.messages


def settings_of(rendered: Rendered) -> list[tuple[str, str]]:
    return [(warning.kind, warning.setting) for warning in rendered.warnings]


def spoken(text: str, **fields: Any) -> Json:
    return {"type": "message", "role": "assistant", "content": text, **fields}


def answer_of(output: Sequence[Json]) -> list[Any]:
    """The blocks that the model's answer became."""
    return list(OpenAIResponsesDecoder(OPENAI_RESPONSES, {}).body(response(output)).content)


def result(call_id: str, output: Any = "20 °C") -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name="get_weather", output=output)


def test_roles() -> None:
    hint = HintBlock(hint="The user is in Zürich.")
    conversation = [SystemMsg("s", "Be brief."), UserMsg("Anna", "Hi"), AssistantMsg("bot", "Hello")]
    assert items(*conversation, AssistantMsg("bot", [hint]), SystemMsg("s", "Be polite.")) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        spoken("Hello"),
        {"role": "user", "content": "The user is in Zürich."},
        {"role": "system", "content": "Be polite."},
    ]


def test_media_a_user_sends() -> None:
    blocks: list[TextBlock | DataBlock] = [
        TextBlock(text="Look"),
        DataBlock(source=PNG),
        DataBlock(source=URLSource(url="https://host/a.webp", media_type="image/webp")),
        DataBlock(source=PDF, name="a.pdf"),
        DataBlock(source=Base64Source(data="aGk=", media_type="text/plain; charset=utf-8")),
        DataBlock(source=URLSource(url="https://host/b.pdf", media_type="application/pdf")),
    ]
    (item,) = items(UserMsg("u", blocks))
    assert item["content"] == [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBORw0KGgo="},
        {"type": "input_image", "detail": "auto", "image_url": "https://host/a.webp"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        {
            "type": "input_file",
            "filename": "document.txt",
            "file_data": "data:text/plain; charset=utf-8;base64,aGk=",
        },
        {"type": "input_file", "file_url": "https://host/b.pdf"},
    ]


def test_media_the_api_or_the_model_does_not_take_are_announced() -> None:
    sound = DataBlock(source=Base64Source(data="aGk=", media_type="audio/wav"), name="bell")
    rendered = render(UserMsg("u", [TextBlock(text="Listen"), sound]))
    assert settings_of(rendered) == [("changed", "data")]
    assert rendered.messages[0]["content"].startswith("Listen\n[Here was an audio named 'bell' (audio/wav)")
    blind = render(UserMsg("u", [DataBlock(source=PNG)]), input_types=["text/plain"])
    assert settings_of(blind) == [("changed", "data")] and isinstance(blind.messages[0]["content"], str)


def test_urls_the_server_cannot_fetch_are_fetched_by_us() -> None:
    formatter = OpenAIResponseFormatter()
    local = DataBlock(source=URLSource(url="file:///data/a.png", media_type="image/png"))
    assert formatter.needs_download(local)
    assert formatter.needs_download(DataBlock(source=URLSource(url="s3://b/a.pdf", media_type="application/pdf")))
    assert not formatter.needs_download(DataBlock(source=URLSource(url="https://h/a.png", media_type="image/png")))
    assert not formatter.needs_download(DataBlock(source=URLSource(url="file:///a.wav", media_type="audio/wav")))
    assert not formatter.needs_download(DataBlock(source=PNG))
    (item,) = items(UserMsg("u", [local]), media={"file:///data/a.png": PNG})
    assert item["content"][0]["image_url"] == "data:image/png;base64,iVBORw0KGgo="


def test_a_whole_answer_goes_back_as_it_came() -> None:
    output = [
        reasoning("First", "Second", status="completed"),
        message("I will look.", phase="commentary"),
        reasoning(item_id="rs_2"),
        function_call("get_weather", '{"city":  "Zürich"}', "call_1", namespace="home"),
        function_call("get_time", "{}", "call_2"),
    ]
    answer = answer_of(output)
    final = answer_of([reasoning("Done", item_id="rs_3"), message("20 °C", "and sunny", phase="final_answer")])
    got = items(
        UserMsg("u", "Weather?"),
        AssistantMsg("bot", [*answer, result("call_1"), result("call_2", "noon"), *final]),
        UserMsg("u", "Thanks"),
    )
    call = {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": '{"city":  "Zürich"}'}
    assert got[1:-1] == [
        output[0],
        spoken("I will look.", phase="commentary"),
        output[2],
        {**call, "namespace": "home"},
        {"type": "function_call", "call_id": "call_2", "name": "get_time", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "20 °C"},
        {"type": "function_call_output", "call_id": "call_2", "output": "noon"},
        reasoning("Done", item_id="rs_3"),
        spoken("20 °C\nand sunny", phase="final_answer"),
    ]


def test_replay_survives_storage() -> None:
    stored = AssistantMsg("bot", answer_of([reasoning("Hm"), message("Yes")])).model_dump_json()
    assert items(Msg.model_validate_json(stored))[0] == reasoning("Hm")


def test_a_refusal_goes_back_as_text() -> None:
    """A refusal part stands only in an output message with a stored id, and nothing is stored."""
    assert items(AssistantMsg("bot", answer_of([refusal("I cannot.")]))) == [spoken("I cannot.")]


def test_reasoning_that_another_server_wrote_with_nulls_has_what_strict_servers_require() -> None:
    item = {"type": "reasoning", "encrypted_content": "abc", "content": None, "status": None, "summary": None}
    own = ThinkingBlock(id="b1", thinking="", provider_data=ProviderData(provider="openai", data={"item": item}))
    got, _ = items(AssistantMsg("bot", [own, TextBlock(text="Yes")]))
    assert got == {"type": "reasoning", "id": "rs_b1", "encrypted_content": "abc", "summary": []}


@pytest.mark.parametrize(
    "owned",
    [
        None,
        ProviderData(provider="anthropic", data={"signature": "abc"}),
        ProviderData(provider="xai", data={"item": reasoning("x")}),
        ProviderData(provider="openai", data={}),
        ProviderData(provider="openai", data={"item": reasoning("x", encrypted=None)}),
        ProviderData(provider="openai", data={"item": reasoning("x", encrypted="")}),
        ProviderData(provider="openai", data={"item": reasoning("x", status="incomplete")}),
        ProviderData(provider="openai", family="other", data={"item": reasoning("x")}),
    ],
)
def test_reasoning_nobody_here_can_read_is_dropped(owned: ProviderData | None) -> None:
    thought = ThinkingBlock(thinking="secret of another", provider_data=owned)
    twice = AssistantMsg("bot", [thought, TextBlock(text="Yes"), thought, TextBlock(text="No")])
    rendered = render(twice)
    assert rendered.messages == [spoken("Yes"), spoken("No")]
    assert settings_of(rendered) == [("dropped", "thinking")]


def test_reasoning_never_stands_alone() -> None:
    own = ThinkingBlock(thinking="x", provider_data=ProviderData(provider="openai", data={"item": reasoning("x")}))
    unanswered = ToolCallBlock(id="call_9", name="get_time", input="{}")
    rendered = render(UserMsg("u", "Hi"), AssistantMsg("bot", [TextBlock(text="A"), own, unanswered]))
    assert rendered.messages[1:] == [spoken("A")]
    assert settings_of(rendered) == [("dropped", "tool_call"), ("dropped", "thinking")]


def test_foreign_history() -> None:
    call_id = "toolu_" + "x" * 90
    call = ToolCallBlock(
        id=call_id, name="wetter für", input="", provider_data=ProviderData(provider="gemini", data={"namespace": "x"})
    )
    got = items(AssistantMsg("bot", [call, result(call_id)]))
    assert got[0]["call_id"] == got[1]["call_id"] and len(got[0]["call_id"]) <= 64
    assert set(got[0]) == {"type", "call_id", "name", "arguments"} and got[0]["arguments"] == "{}"
    assert got == items(AssistantMsg("bot", [call, result(call_id)]))


def test_what_tools_return() -> None:
    calls = [ToolCallBlock(id=f"c{n}", name="get_weather", input="{}") for n in range(4)]
    outputs: list[Any] = [
        [TextBlock(text="A map:"), DataBlock(source=PNG), TextBlock(text=" "), DataBlock(source=PDF, name="m.pdf")],
        [TextBlock(text="one"), TextBlock(text="two")],
        "",
        [],
    ]
    results = [result(call.id, output) for call, output in zip(calls, outputs, strict=True)]
    got = items(AssistantMsg("bot", [*calls, *results]))[4:]
    assert got[0]["output"] == [
        {"type": "input_text", "text": "A map:"},
        {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBORw0KGgo="},
        {"type": "input_file", "filename": "m.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
    ]
    assert [item["output"] for item in got[1:]] == ["one\ntwo", "(no output)", "(no output)"]


def test_empty_text_never_leaves() -> None:
    blank = TextBlock(text=" \n")
    conversation = [
        SystemMsg("s", ""),
        UserMsg("u", [blank, TextBlock(text="Hi")]),
        AssistantMsg("bot", [blank, TextBlock(text="Yes")]),
        AssistantMsg("bot", [blank]),
    ]
    assert items(*conversation) == [{"role": "user", "content": "Hi"}, spoken("Yes")]


def test_calls_and_results_that_have_no_partner() -> None:
    call = ToolCallBlock(id="c1", name="get_time", input="{}")
    rendered = render(UserMsg("u", "Hi"), AssistantMsg("bot", [call, result("c2")]))
    assert rendered.messages == [{"role": "user", "content": "Hi"}]
    assert settings_of(rendered) == [("dropped", "tool_call"), ("dropped", "tool_result")]


def test_media_the_model_made_are_announced_to_it() -> None:
    rendered = render(AssistantMsg("bot", [DataBlock(source=PNG)]))
    assert settings_of(rendered) == [("changed", "data")]
    assert rendered.messages[0]["content"].startswith("[Here was an image")


async def test_format_gives_the_input() -> None:
    assert await OpenAIResponseFormatter().format([UserMsg("u", "Hi")]) == [{"role": "user", "content": "Hi"}]
    with pytest.raises(InvalidRequestError):
        await OpenAIResponseFormatter().format([])
    assert OpenAIResponseMultiAgentFormatter().multi_agent and not OpenAIResponseFormatter().multi_agent
    agents = [AssistantMsg("Ann", "I say red."), AssistantMsg("Bob", "I say blue."), UserMsg("u", "Who is right?")]
    assert render(*agents, formatter=OpenAIResponseMultiAgentFormatter()).messages
