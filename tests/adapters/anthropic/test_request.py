"""Calls to bodies and headers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from modelport.credential import AnthropicCredential
from modelport.domain.message.blocks import ProviderData
from modelport.error import AuthenticationError, UnsupportedFeatureError
from modelport.message import (
    AssistantMsg,
    Msg,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    UserMsg,
)
from modelport.model import AnthropicChatModel
from modelport.testing.servers.strict import violations_of
from modelport.tool import ToolChoice
from tests.adapters.anthropic.wire import Json, body_of, encode, tool, warned

CARDS = AnthropicChatModel.list_models()


def loop() -> list[Msg]:
    """A running tool loop of another provider: its call is not preceded by thinking of this one."""
    result = ToolResultBlock(id="c1", name="f", output="1", state=ToolResultState.SUCCESS)
    return [UserMsg("user", "Go"), AssistantMsg("a", [ToolCallBlock(id="c1", name="f", input="{}"), result])]


def test_the_smallest_call() -> None:
    call = encode("claude-haiku-4-5")
    assert (call.http_request.method, call.http_request.url) == ("POST", "https://host/v1/messages")
    assert body_of(call) == {
        "model": "claude-haiku-4-5",
        "max_tokens": 64000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
        "stream": True,
    }
    assert call.warnings == []


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://proxy.example/anthropic", "https://proxy.example/anthropic"),
        ("https://api.anthropic.com/v1", "https://api.anthropic.com"),
        ("https://api.anthropic.com/v1/", "https://api.anthropic.com"),
        ("http://localhost:8080/v1/messages", "http://localhost:8080"),
    ],
)
def test_a_given_v1_is_not_doubled(given: str, base: str) -> None:
    assert AnthropicCredential(api_key="key-of-tests-PlantedWord7", base_url=given).endpoint().base_url == base


def test_the_credential() -> None:
    credential = AnthropicCredential(api_key="key-of-tests-PlantedWord7")
    assert credential.endpoint().base_url == "https://api.anthropic.com"
    assert credential.endpoint().headers == {"x-api-key": "key-of-tests-PlantedWord7"}
    assert "key-of-tests-PlantedWord7" not in repr(credential) + repr(credential.endpoint())
    assert credential.endpoint().secrets() == ["key-of-tests-PlantedWord7"]
    assert credential.get_chat_model_class() is AnthropicChatModel
    with pytest.raises(AuthenticationError, match="ANTHROPIC_API_KEY"):
        AnthropicCredential(api_key="").endpoint()


def test_the_version_follows_the_sampling_parameters() -> None:
    def version(**options: Any) -> str:  # Any: arguments of encode
        return encode(**options).http_request.headers["anthropic-version"]

    assert version() == "2026-10-21"
    for setting in ({"temperature": 0.2}, {"top_p": 0.9}, {"top_k": 5}):
        assert version(**setting) == "2023-06-01"
        assert version(overrides=setting) == "2023-06-01"
    assert version(model="claude-opus-5-5", temperature=0.2) == "2026-10-21"  # dropped, so not sent
    assert version(headers={"Anthropic-Version": "2030-01-01"}) == "2030-01-01"


def test_extra_headers() -> None:
    headers = encode(headers={"anthropic-beta": "a,b"}).http_request.headers
    assert headers["anthropic-beta"] == "a,b"
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("model", "options", "wanted"),
    [
        ("claude-opus-4-1", {}, 32000),
        ("claude-opus-4-1", {"max_tokens": 77}, 77),
        ("claude-opus-4-1", {"max_tokens": 77, "overrides": {"max_tokens": 5}}, 5),
        ("nobody-knows", {}, 8192),
        ("nobody-knows", {"thinking_budget": 20000}, 28192),
    ],
)
def test_max_tokens_is_always_sent(model: str, options: Json, wanted: int) -> None:
    assert body_of(encode(model, **options))["max_tokens"] == wanted


@pytest.mark.parametrize(
    ("model", "chosen", "thinking", "warnings"),
    [
        # nothing asked for, nothing said
        ("claude-sonnet-5", {}, None, []),
        ("nobody-knows", {}, None, []),
        # within a budget, where the model has one
        ("claude-haiku-4-5", {"thinking_enable": True}, {"type": "enabled", "budget_tokens": 32000}, []),
        (
            "claude-haiku-4-5",
            {"thinking_enable": True, "thinking_budget": 2000},
            {"type": "enabled", "budget_tokens": 2000},
            [],
        ),
        ("nobody-knows", {"thinking_enable": True}, {"type": "enabled", "budget_tokens": 4096}, []),
        # the budget stays below max_tokens, the caller's limit, and above the least
        (
            "claude-haiku-4-5",
            {"thinking_budget": 9000, "max_tokens": 3000},
            {"type": "enabled", "budget_tokens": 2999},
            [("changed", "thinking_budget")],
        ),
        (
            "claude-haiku-4-5",
            {"thinking_budget": 100},
            {"type": "enabled", "budget_tokens": 1024},
            [("changed", "thinking_budget")],
        ),
        (
            "claude-haiku-4-5",
            {"thinking_enable": True, "max_tokens": 1024},
            None,
            [("dropped", "thinking_budget")],
        ),
        (
            "claude-opus-5",
            {"thinking_mode": "enabled", "max_tokens": 900},
            {"type": "adaptive"},
            [("dropped", "thinking_budget")],
        ),
        # the model's own measure
        ("claude-opus-4-8", {"thinking_enable": True}, {"type": "adaptive"}, []),
        ("claude-opus-4-6", {"thinking_enable": True}, {"type": "adaptive"}, []),
        (
            "claude-opus-4-6",
            {"thinking_enable": True, "thinking_budget": 5000},
            {"type": "enabled", "budget_tokens": 5000},
            [],
        ),
        ("claude-opus-5-5", {"thinking_mode": "enabled"}, {"type": "adaptive"}, [("changed", "thinking_mode")]),
        (
            "claude-opus-5-5",
            {"thinking_mode": "adaptive", "thinking_budget": 3000},
            {"type": "adaptive"},
            [("dropped", "thinking_budget")],
        ),
        (
            "claude-sonnet-4-5",
            {"thinking_mode": "adaptive", "max_tokens": 8000},
            {"type": "enabled", "budget_tokens": 4000},
            [("changed", "thinking_mode")],
        ),
        # off
        ("claude-sonnet-5", {"thinking_enable": False}, {"type": "disabled"}, []),
        ("claude-haiku-4-5", {"thinking_enable": False}, None, []),
        ("claude-sonnet-5-5", {"thinking_mode": "disabled"}, {"type": "between_tools"}, [("changed", "thinking_mode")]),
        ("claude-fable-5-2", {"thinking_mode": "disabled"}, None, [("dropped", "thinking_mode")]),
        ("claude-haiku-5-5", {"thinking_mode": "between_tools"}, {"type": "disabled"}, [("changed", "thinking_mode")]),
        # display
        (
            "claude-opus-5-5",
            {"thinking_display": "summarized"},
            {"type": "adaptive", "display": "summarized"},
            [],
        ),
        ("claude-opus-4-8", {"thinking_display": "summarized"}, None, [("dropped", "thinking_display")]),
    ],
)
def test_thinking(model: str, chosen: Json, thinking: Json | None, warnings: list[tuple[str, str]]) -> None:
    call = encode(model, **chosen)
    assert body_of(call).get("thinking") == thinking
    assert warned(call) == warnings
    assert violations_of("anthropic", body_of(call)) == []


def test_thinking_given_as_a_body_field_wins() -> None:
    given = {"type": "enabled", "budget_tokens": 1}
    call = encode("claude-opus-5-5", thinking_mode="adaptive", overrides={"thinking": given})
    assert body_of(call)["thinking"] == given
    call = encode("claude-opus-5-5", thinking_mode="adaptive", overrides={"thinking": {"display": "omitted"}})
    assert body_of(call)["thinking"] == {"type": "adaptive", "display": "omitted"}


def test_effort_and_its_limit_without_thinking() -> None:
    call = encode("claude-haiku-5-5", reasoning_effort="max")
    assert body_of(call)["output_config"] == {"effort": "max"}
    call = encode("claude-haiku-5-5", reasoning_effort="max", thinking_mode="disabled")
    assert body_of(call)["output_config"] == {"effort": "high"}
    assert warned(call) == [("changed", "reasoning_effort")]
    call = encode("claude-haiku-4-5", reasoning_effort="low")
    assert "output_config" not in body_of(call)
    assert warned(call) == [("dropped", "reasoning_effort")]


def test_output_config_is_merged() -> None:
    wanted = {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}
    call = encode("claude-opus-5", reasoning_effort="low", overrides={"output_config": {"format": wanted}})
    assert body_of(call)["output_config"] == {"effort": "low", "format": wanted}


def test_overrides_win() -> None:
    body = body_of(encode(temperature=0.1, overrides={"temperature": 0.9, "metadata": {"user_id": "u"}}))
    assert (body["temperature"], body["metadata"]) == (0.9, {"user_id": "u"})


def test_sampling_where_the_model_takes_it() -> None:
    call = encode("claude-haiku-4-5", temperature=0.4, top_k=3)
    assert (body_of(call)["temperature"], body_of(call)["top_k"], call.warnings) == (0.4, 3, [])
    call = encode("claude-haiku-4-5", temperature=0.4, top_p=0.5)
    assert "top_p" not in body_of(call)
    assert warned(call) == [("dropped", "top_p")]
    call = encode("claude-opus-4-8", temperature=0.4, top_p=0.5, top_k=3)
    assert not {"temperature", "top_p", "top_k"} & body_of(call).keys()
    assert [setting for _, setting in warned(call)] == ["temperature", "top_p", "top_k"]


def test_sampling_while_the_model_thinks() -> None:
    call = encode("nobody-knows", thinking_enable=True, temperature=0.4, top_p=0.5, top_k=3)
    assert not {"temperature", "top_p", "top_k"} & body_of(call).keys()
    call = encode("nobody-knows", thinking_enable=True, temperature=1, top_p=0.97)
    assert (body_of(call)["temperature"], body_of(call)["top_p"], call.warnings) == (1, 0.97, [])


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (None, None),
        (ToolChoice("auto"), {"type": "auto"}),
        (ToolChoice("none"), {"type": "none"}),
        (ToolChoice("required"), {"type": "any"}),
        (ToolChoice("b"), {"type": "tool", "name": "b"}),
    ],
)
def test_tools_and_choice(choice: ToolChoice | None, wanted: Json | None) -> None:
    body = body_of(encode(tools=[tool("a", x={"type": "string"}), tool("b")], tool_choice=choice))
    assert body.get("tool_choice") == wanted
    assert body["tools"][0] == {
        "name": "a",
        "description": "Does a.",
        "input_schema": {"type": "object", "properties": {"x": {"type": "string"}}},
    }


def test_parallel_calls_can_be_forbidden() -> None:
    def sent(choice: ToolChoice | None) -> Json:
        choice_sent: Json = body_of(encode(tools=[tool("a")], tool_choice=choice, parallel_tool_calls=False))[
            "tool_choice"
        ]
        return choice_sent

    assert sent(None) == {"type": "auto", "disable_parallel_tool_use": True}
    assert sent(ToolChoice("a")) == {"type": "tool", "name": "a", "disable_parallel_tool_use": True}
    assert sent(ToolChoice("none")) == {"type": "none"}
    assert "tool_choice" not in body_of(encode(parallel_tool_calls=False))


def test_a_forced_tool_where_it_is_refused() -> None:
    """At all, or while the model thinks; a budget forbids it on every model."""
    forced: Json = {"tools": [tool("a"), tool("b")], "tool_choice": ToolChoice("b")}
    refused: list[tuple[str, Json]] = [
        ("claude-fable-5-2", {}),
        ("claude-sonnet-5-5", {"thinking_mode": "between_tools"}),
        ("claude-haiku-4-5", {"thinking_enable": True}),
        ("claude-opus-5", {"thinking_mode": "enabled"}),
        ("nobody-knows", {"thinking_enable": True}),
        ("claude-opus-5", {"overrides": {"thinking": {"type": "enabled", "budget_tokens": 2000}}}),
    ]
    for model, chosen in refused:
        with pytest.raises(UnsupportedFeatureError, match="forced"):
            encode(model, **forced, **chosen)
    for model in ("claude-opus-5", "claude-haiku-4-5", "nobody-knows"):
        assert body_of(encode(model, **forced))["tool_choice"] == {"type": "tool", "name": "b"}
    off: Json = {"overrides": {"thinking": {"type": "disabled"}}}
    assert (
        body_of(encode("claude-opus-4-6", thinking_mode="adaptive", **forced, **off))["tool_choice"]["type"] == "tool"
    )


def test_tool_schemas_are_objects_and_names_legal() -> None:
    bare = {"type": "function", "function": {"name": "größe", "strict": True}}
    call = encode(tools=[bare])
    (sent,) = body_of(call)["tools"]
    assert sent["input_schema"] == {"type": "object", "properties": {}}
    assert sent["name"].startswith("gr_")
    assert warned(call) == [("dropped", "tools")]


def test_system_messages() -> None:
    """The leading ones are the system prompt; a later one is a hint, since not every model takes it."""
    messages = [SystemMsg("s", "One."), SystemMsg("s", "Two."), UserMsg("u", "Hi"), SystemMsg("s", "Three.")]
    call = encode(messages=messages)
    body = body_of(call)
    assert body["system"] == [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert "Three." in body["messages"][0]["content"][1]["text"]
    assert warned(call) == [("changed", "system")]
    assert violations_of("anthropic", body) == []


def test_the_first_message_is_the_users() -> None:
    for messages in ([SystemMsg("s", "Only this.")], [AssistantMsg("a", "Welcome."), UserMsg("u", "Hi")]):
        call = encode(messages=messages)
        assert body_of(call)["messages"][0]["role"] == "user"
        assert warned(call) == [("changed", "messages")]
        assert violations_of("anthropic", body_of(call)) == []


def test_a_trailing_assistant_message() -> None:
    messages = [UserMsg("u", "Count."), AssistantMsg("a", "One, two, ")]
    call = encode("claude-haiku-4-5", messages)
    assert body_of(call)["messages"][-1]["content"] == [{"type": "text", "text": "One, two,"}]
    assert call.warnings == []
    call = encode("claude-opus-5-5", messages)
    assert body_of(call)["messages"][-1]["role"] == "user"
    assert warned(call) == [("changed", "messages")]
    assert violations_of("anthropic", body_of(call)) == []


def test_a_budget_in_a_tool_loop_that_began_without_thinking() -> None:
    call = encode("claude-haiku-4-5", loop(), thinking_enable=True)
    assert "thinking" not in body_of(call)
    assert warned(call) == [("changed", "thinking_mode")]
    call = encode("claude-opus-4-6", loop(), thinking_mode="enabled")
    assert body_of(call)["thinking"] == {"type": "adaptive"}
    finished = [*loop(), AssistantMsg("a", "Done."), UserMsg("u", "Thanks")]
    assert body_of(encode("claude-haiku-4-5", finished, thinking_enable=True))["thinking"]["type"] == "enabled"


def test_the_first_step_of_a_tool_loop_decides() -> None:
    def step(call_id: str, *before: ThinkingBlock) -> Msg:
        result = ToolResultBlock(id=call_id, name="f", output="1", state=ToolResultState.SUCCESS)
        return AssistantMsg("a", [*before, ToolCallBlock(id=call_id, name="f", input="{}"), result])

    thought = ThinkingBlock(thinking="", provider_data=ProviderData(provider="anthropic", data={"signature": "s"}))
    began_with = encode(messages=[UserMsg("u", "Go"), step("1", thought), step("2")], thinking_enable=True)
    assert body_of(began_with)["thinking"]["type"] == "enabled"
    began_without = encode(messages=[UserMsg("u", "Go"), step("1"), step("2", thought)], thinking_enable=True)
    assert "thinking" not in body_of(began_without)
    assert violations_of("anthropic", body_of(began_with)) + violations_of("anthropic", body_of(began_without)) == []


@pytest.mark.parametrize("card", CARDS, ids=lambda card: str(card.name))
def test_every_model_gets_legal_bodies(card: Any) -> None:  # Any: a card
    """Whatever is asked for, and with whatever history: the validators state the rules independently."""
    histories = [[UserMsg("u", "Hi")], loop(), [UserMsg("u", "Hi"), AssistantMsg("a", [TextBlock(text="So ")])]]
    modes = [None, "adaptive", "enabled", "disabled", "between_tools"]
    settings: list[Json] = [
        {},
        {"max_tokens": 1500, "thinking_budget": 5000, "reasoning_effort": "max", "temperature": 0.5, "top_p": 0.5},
        {"thinking_enable": True, "thinking_display": "omitted", "reasoning_effort": "low", "top_k": 4},
        {"thinking_enable": False, "max_tokens": 10, "reasoning_effort": "xhigh"},
    ]
    choices = [None, ToolChoice("required"), ToolChoice("f"), ToolChoice("none")]
    for history, mode, setting, choice in itertools.product(histories, modes, settings, choices):
        chosen = setting if mode is None else {**setting, "thinking_mode": mode}
        try:
            call = encode(card.name, history, tools=[tool("f")], tool_choice=choice, **chosen)
        except UnsupportedFeatureError:
            forced = choice is not None and choice.forces_call
            assert forced and (not card.tool_choice.named or chosen.keys() - {"max_tokens", "reasoning_effort"})
            continue
        assert violations_of("anthropic", body_of(call)) == [], (card.name, mode, setting, choice)
