"""Messages to message objects, and the way back of what the provider owns."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from modelport.domain.message.blocks import ProviderData
from modelport.formatter import AnthropicChatFormatter, AnthropicMultiAgentFormatter
from modelport.message import (
    AssistantMsg,
    Base64Source,
    ContentBlock,
    DataBlock,
    HintBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    URLSource,
    UserMsg,
)
from modelport.ports.codec.rendering import RenderContext, Rendered
from modelport.testing.servers.strict import violations_of
from tests.adapters.anthropic.test_stream import BYTES
from tests.adapters.anthropic.wire import Json, body_of, decode, encode, sse, text_stream, tool, warned

PNG = Base64Source(data="iVBORw0KGgo=", media_type="image/png")
PDF_URL = URLSource(url="https://example.org/a.pdf", media_type="application/pdf")


def render(*messages: Msg, **context: Any) -> Rendered:  # Any: fields of the context
    rendered = AnthropicChatFormatter().render(messages, RenderContext(**context))
    body: Json = {"model": "m", "max_tokens": 9, "messages": [m for m in rendered.messages if m["role"] != "system"]}
    if body["messages"] and body["messages"][0]["role"] == "user":
        assert violations_of("anthropic", body) == []
    return rendered


def said(*blocks: ContentBlock) -> list[Json]:
    """The blocks of one assistant message, as sent."""
    messages = render(UserMsg("u", "Hi"), AssistantMsg("a", list(blocks))).messages
    content: list[Json] = messages[1]["content"] if len(messages) > 1 else []
    return content


def settings_of(rendered: Rendered) -> list[tuple[str, str]]:
    return [(warning.kind, warning.setting) for warning in rendered.warnings]


def owned(**data: Any) -> ProviderData:  # Any: JSON
    return ProviderData(provider="anthropic", data=data)


def call(call_id: str, name: str = "f", text: str = "{}") -> ToolCallBlock:
    return ToolCallBlock(id=call_id, name=name, input=text)


def result(call_id: str, output: str | list[TextBlock | DataBlock] = "1", state: str = "success") -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name="f", output=output, state=ToolResultState(state))


def test_roles_and_merged_neighbours() -> None:
    rendered = render(
        SystemMsg("s", "Be brief."),
        UserMsg("u", "One"),
        UserMsg("v", "Two"),
        AssistantMsg("a", "Yes"),
        UserMsg("u", "Three"),
    )
    assert rendered.messages == [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Yes"}]},
        {"role": "user", "content": [{"type": "text", "text": "Three"}]},
    ]


async def test_the_public_format() -> None:
    messages = await AnthropicChatFormatter().format([UserMsg("u", "Hi")])
    assert messages == [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]


def test_empty_text_never_leaves() -> None:
    blocks: list[TextBlock | DataBlock] = [TextBlock(text=""), TextBlock(text=" \n"), TextBlock(text="x")]
    rendered = render(UserMsg("u", blocks), UserMsg("u", " "), AssistantMsg("a", [TextBlock(text="")]))
    assert rendered.messages == [{"role": "user", "content": [{"type": "text", "text": "x"}]}]


def test_results_come_first_in_one_message_after_their_calls() -> None:
    rendered = render(
        UserMsg("u", "Go"),
        AssistantMsg(
            "a", [TextBlock(text="Two calls."), call("c1"), call("c2"), result("c2", "two"), result("c1", "one")]
        ),
        UserMsg("u", "And?"),
    )
    assert [message["role"] for message in rendered.messages] == ["user", "assistant", "user"]
    assert [block["type"] for block in rendered.messages[1]["content"]] == ["text", "tool_use", "tool_use"]
    assert rendered.messages[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "one"}]},
        {"type": "tool_result", "tool_use_id": "c2", "content": [{"type": "text", "text": "two"}]},
        {"type": "text", "text": "And?"},
    ]


def test_unpaired_calls_and_results_are_left_out() -> None:
    rendered = render(UserMsg("u", "Go"), AssistantMsg("a", [TextBlock(text="So."), call("c1")]), UserMsg("u", "?"))
    assert rendered.messages[1]["content"] == [{"type": "text", "text": "So."}]
    assert settings_of(rendered) == [("dropped", "tool_call")]
    rendered = render(UserMsg("u", "Go"), AssistantMsg("a", [result("c9")]))
    assert len(rendered.messages) == 1
    assert settings_of(rendered) == [("dropped", "tool_result")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        ("  ", {}),
        ('{"a": "cut of', {"INVALID_JSON": '{"a": "cut of'}),
        ("[1, 2]", {"input": [1, 2]}),
        ("null", {}),
    ],
)
def test_the_input_of_a_call_is_an_object(text: str, wanted: Json) -> None:
    assert said(call("c", text=text), result("c"))[0]["input"] == wanted


def test_ids_and_names_of_others_become_legal_and_stay_the_same() -> None:
    blocks: list[ContentBlock] = [call("call|1:α", "größe messen"), result("call|1:α")]
    first = render(UserMsg("u", "Go"), AssistantMsg("a", blocks)).messages
    later = render(UserMsg("u", "Go"), AssistantMsg("a", blocks), UserMsg("u", "More")).messages
    assert first[1] == later[1]
    sent = first[1]["content"][0]
    assert first[2]["content"][0]["tool_use_id"] == sent["id"] != "call|1:α"
    assert sent["name"] == body_of(encode(tools=[tool("größe messen")]))["tools"][0]["name"]
    assert said(call("toolu_01A-b"), result("toolu_01A-b"))[0]["id"] == "toolu_01A-b"


def test_failed_results_say_so() -> None:
    for state, failed in [
        ("success", False),
        ("error", True),
        ("denied", True),
        ("interrupted", True),
        ("running", False),
    ]:
        messages = render(UserMsg("u", "Go"), AssistantMsg("a", [call("c"), result("c", "x", state)])).messages
        assert messages[2]["content"][0].get("is_error", False) is failed
    messages = render(UserMsg("u", "Go"), AssistantMsg("a", [call("c"), result("c", "")])).messages
    assert messages[2]["content"][0]["content"] == [{"type": "text", "text": "(no output)"}]


def test_media_goes_natively() -> None:
    text = Base64Source(data=base64.b64encode("Süß".encode()).decode(), media_type="text/plain")
    blocks: list[TextBlock | DataBlock] = [
        DataBlock(source=PNG),
        DataBlock(source=URLSource(url="https://example.org/a.webp", media_type="image/webp")),
        DataBlock(source=Base64Source(data="JVBERi0=", media_type="application/pdf"), name="plan"),
        DataBlock(source=PDF_URL),
        DataBlock(source=text),
        DataBlock(source=Base64Source(data="/9j/", media_type="image/jpg")),
    ]
    rendered = render(UserMsg("u", blocks))
    assert rendered.messages[0]["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.webp"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
            "title": "plan",
        },
        {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Süß"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/"}},
    ]
    assert rendered.warnings == []


def test_media_of_tools_goes_natively() -> None:
    output: list[TextBlock | DataBlock] = [TextBlock(text="Here:"), DataBlock(source=PNG), DataBlock(source=PDF_URL)]
    messages = render(UserMsg("u", "Go"), AssistantMsg("a", [call("c"), result("c", output)])).messages
    assert [part["type"] for part in messages[2]["content"][0]["content"]] == ["text", "image", "document"]


def test_media_that_the_api_does_not_take_is_announced() -> None:
    sound = DataBlock(source=Base64Source(data="UklGRg==", media_type="audio/wav"), name="cry")
    output: list[TextBlock | DataBlock] = [sound]
    rendered = render(UserMsg("u", [sound]), AssistantMsg("a", [DataBlock(source=PNG), call("c"), result("c", output)]))
    texts = [
        rendered.messages[0]["content"][0],
        rendered.messages[1]["content"][0],
        rendered.messages[2]["content"][0]["content"][0],
    ]
    assert [text["type"] for text in texts] == ["text"] * 3
    assert "'cry'" in texts[0]["text"]
    assert settings_of(rendered) == [("changed", "data")] * 3
    only_text = render(UserMsg("u", [DataBlock(source=PNG)]), input_types=["text/plain"])
    assert only_text.messages[0]["content"][0]["type"] == "text"


def test_what_must_be_downloaded() -> None:
    needs = AnthropicChatFormatter().needs_download
    assert not needs(DataBlock(source=PNG))
    assert not needs(DataBlock(source=PDF_URL))
    assert needs(DataBlock(source=URLSource(url="file:///a.png", media_type="image/png")))
    assert needs(DataBlock(source=URLSource(url="https://example.org/a.txt", media_type="text/plain")))
    assert not needs(DataBlock(source=URLSource(url="file:///a.wav", media_type="audio/wav")))
    block = DataBlock(source=URLSource(url="file:///a.png", media_type="image/png"))
    content = render(UserMsg("u", [block]), media={"file:///a.png": PNG}).messages[0]["content"]
    assert content[0]["source"]["data"] == PNG.data


def test_hints_are_user_text() -> None:
    rendered = render(UserMsg("u", "Go"), AssistantMsg("a", [call("c"), result("c"), HintBlock(hint="Hurry.")]))
    assert [block["type"] for block in rendered.messages[2]["content"]] == ["tool_result", "text"]


def test_own_thinking_goes_back_verbatim_in_its_place() -> None:
    content = said(
        ThinkingBlock(thinking="Hm.", provider_data=owned(signature="s1")),
        ThinkingBlock(thinking="", provider_data=owned(signature="s2")),
        ThinkingBlock(thinking="", redacted=True, provider_data=owned(redacted="r")),
        TextBlock(text="So: "),
        ThinkingBlock(thinking="More.", provider_data=owned(signature="s3")),
        call("c"),
        result("c"),
    )
    assert content == [
        {"type": "thinking", "thinking": "Hm.", "signature": "s1"},
        {"type": "thinking", "thinking": "", "signature": "s2"},
        {"type": "redacted_thinking", "data": "r"},
        {"type": "text", "text": "So: "},
        {"type": "thinking", "thinking": "More.", "signature": "s3"},
        {"type": "tool_use", "id": "c", "name": "f", "input": {}},
    ]


@pytest.mark.parametrize(
    "data",
    [
        None,
        ProviderData(provider="openai", data={"signature": "x", "redacted": "x", "before": [{"type": "a"}]}),
        owned(),
    ],
)
def test_thinking_of_others_is_dropped_with_one_warning(data: ProviderData | None) -> None:
    thought = ThinkingBlock(thinking="Secret.", provider_data=data)
    rendered = render(UserMsg("u", "Hi"), AssistantMsg("a", [thought, thought, TextBlock(text="Yes.")]))
    assert rendered.messages[1]["content"] == [{"type": "text", "text": "Yes."}]
    assert settings_of(rendered) == [("dropped", "thinking")]


def test_a_whole_answer_goes_back_as_it_came() -> None:
    """Thinking, redacted thinking and what the server ran: in the order of the wire, through storage."""
    answer, _ = decode(BYTES)
    blocks = [block.model_copy() for block in answer.content]
    turn = AssistantMsg("a", [*blocks, result("toolu_1"), result("toolu_2")])
    stored = Msg.model_validate_json(turn.model_dump_json())
    content = render(UserMsg("u", "Hi"), stored).messages[1]["content"]
    assert [block["type"] for block in content] == [
        "thinking",
        "redacted_thinking",
        "text",
        "server_tool_use",
        "web_search_tool_result",
        "text",
        "tool_use",
        "tool_use",
    ]
    assert content[0] == {"type": "thinking", "thinking": "Erst über legen… 思考", "signature": "c2ln"}
    assert content[3]["input"] == {"query": "tide"}
    assert content[5] == {"type": "text", "text": "It rises at noon."}


def test_a_paused_turn_is_resent_as_it_is() -> None:
    ran = {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {}}
    paused = AssistantMsg("a", [TextBlock(text="I search.", provider_data=owned(after=[ran]))])
    call_made = encode("claude-opus-5-5", [UserMsg("u", "Hi"), paused])
    assert body_of(call_made)["messages"][-1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "I search."}, ran],
    }
    assert call_made.warnings == []
    assert violations_of("anthropic", body_of(call_made)) == []


def test_a_server_call_without_answer_is_left_out_once_the_user_went_on() -> None:
    ran = {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {}}
    found = {"type": "web_search_tool_result", "tool_use_id": "srv", "content": []}
    for after, wanted, warnings in [
        ([ran], ["text"], [("dropped", "server_tools")]),
        ([ran, found], ["text", "server_tool_use", "web_search_tool_result"], []),
    ]:
        paused = AssistantMsg("a", [TextBlock(text="I search.", provider_data=owned(after=after))])
        call_made = encode("claude-opus-5-5", [UserMsg("u", "Hi"), paused, UserMsg("u", "Never mind.")])
        assert [block["type"] for block in body_of(call_made)["messages"][1]["content"]] == wanted
        assert warned(call_made) == warnings


def test_the_caller_of_a_call_goes_back() -> None:
    caller = {"type": "code_execution_20250825", "tool_id": "srv"}
    block = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}, "caller": caller}
    message = {"id": "m", "model": "m", "content": [block], "stop_reason": "tool_use"}
    answer = encode(stream=False).decode_body(json.dumps(message).encode())
    assert said(*answer.content, result("t")) == [block]
    direct = {**message, "content": [{**block, "caller": {"type": "direct"}}]}
    answer = encode(stream=False).decode_body(json.dumps(direct).encode())
    assert "caller" not in said(*answer.content, result("t"))[0]


SIGNED: list[Json] = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s1"}},
    {"type": "content_block_stop", "index": 0},
]
QUESTION, SYSTEM = UserMsg("u", "Why?"), SystemMsg("s", "Be brief.")


def thought_turn(model: str, messages: Sequence[Msg], tools: Sequence[Json] = ()) -> Msg:
    """A turn with thinking, as this model answered these messages."""
    events = text_stream("Because.")
    asked = encode(model, messages, tools=tools)
    answer, failure = decode(sse(events[0], *SIGNED, *events[1:]), call=asked)
    assert failure is None
    return Msg.model_validate_json(AssistantMsg("a", list(answer.content)).model_dump_json())


def thinks(call_made: Any) -> list[bool]:  # Any: a WireCall
    """Of each assistant message, whether it holds thinking."""
    messages = [message for message in body_of(call_made)["messages"] if message["role"] == "assistant"]
    return [any(block["type"] == "thinking" for block in message["content"]) for message in messages]


def test_bound_thinking_is_dropped_after_an_edit() -> None:
    """A model that binds thinking to what stood before it refuses it otherwise; and everything bound to that."""
    model, tools = "claude-opus-5-5", [tool("f")]
    first = thought_turn(model, [SYSTEM, QUESTION], tools)
    second_question = UserMsg("u", "Really?")
    history = [SYSTEM, QUESTION, first, second_question]
    second = thought_turn(model, history, tools)
    history = [*history, second, UserMsg("u", "Oh.")]

    untouched = encode(model, history, tools=tools)
    assert (thinks(untouched), untouched.warnings) == ([True, True], [])
    for edited, given in [
        ([SystemMsg("s", "Be long."), *history[1:]], tools),
        ([SYSTEM, UserMsg("u", "Why not?"), *history[2:]], tools),
        (history, [tool("f"), tool("g")]),
        (history, []),
    ]:
        changed = encode(model, edited, tools=given)
        assert thinks(changed) == [False, False]
        assert warned(changed) == [("dropped", "thinking")]
        assert violations_of("anthropic", body_of(changed)) == []
    only_later = encode(
        model, [SYSTEM, QUESTION, first, UserMsg("u", "Sure?"), second, UserMsg("u", "Oh.")], tools=tools
    )
    assert thinks(only_later) == [True, False]


def test_thinking_that_is_not_bound_stays_after_an_edit() -> None:
    first = thought_turn("claude-opus-4-8", [SYSTEM, QUESTION])
    edited = [SystemMsg("s", "Be long."), QUESTION, first, UserMsg("u", "Oh.")]
    for model in ("claude-opus-4-8", "claude-opus-5-5", "nobody-knows"):
        call_made = encode(model, edited)
        assert (thinks(call_made), call_made.warnings) == ([True], [])
    bound = thought_turn("claude-opus-5-5", [SYSTEM, QUESTION])
    assert thinks(encode("claude-opus-4-8", [SystemMsg("s", "Be long."), QUESTION, bound, UserMsg("u", "Oh.")])) == [
        True
    ]


def test_nothing_of_ours_is_sent() -> None:
    """The digest stays here."""
    first = thought_turn("claude-opus-5-5", [QUESTION])
    sent = body_of(encode("claude-opus-5-5", [QUESTION, first, UserMsg("u", "Oh.")]))["messages"][1]["content"]
    assert sent[0] == {"type": "thinking", "thinking": "", "signature": "s1"}


async def test_multi_agent_messages_are_legal() -> None:
    history = [
        SYSTEM,
        UserMsg("Ann", "Hello"),
        AssistantMsg("Bob", [ThinkingBlock(thinking="Hm."), TextBlock(text="Hi Ann"), call("c"), result("c")]),
        AssistantMsg("Cy", "Good day"),
        UserMsg("Ann", "What now?"),
    ]
    messages = await AnthropicMultiAgentFormatter().format(history)
    body = {"model": "m", "max_tokens": 9, "messages": [m for m in messages if m["role"] != "system"]}
    assert violations_of("anthropic", body) == []
