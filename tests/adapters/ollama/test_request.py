"""What is sent to Ollama."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import OllamaCredential
from modelport.error import UnsupportedFeatureError
from modelport.message import (
    AssistantMsg,
    DataBlock,
    HintBlock,
    Msg,
    ProviderData,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    URLSource,
    UserMsg,
)
from modelport.model import ChatResponse, OllamaChatModel
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.testing.servers.strict import violations_of
from modelport.tool import ToolChoice
from tests.contract.samples import OLLAMA, question

TOOLS = [{"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in ("a", "b")]


async def sent(
    messages: list[Msg] | None = None,
    parameters: dict[str, Any] | None = None,
    name: str = "qwen3:8b",
    **options: Any,
) -> tuple[Any, ChatResponse]:
    """The body of a call, and its response."""
    context_size = options.pop("context_size", None)
    async with ScriptedServer([ScriptedAnswer.json(OLLAMA.body)]) as server:
        credential = OllamaCredential(host=server.base_url)
        given = OllamaChatModel.Parameters(**parameters or {})
        model = OllamaChatModel(credential, name, given, stream=False, context_size=context_size)
        response = await model(messages or question(), **options)
        assert isinstance(response, ChatResponse)
        body = server.requests[0].json()
    assert violations_of("ollama", body) == []
    return body, response


async def test_the_context_window_is_always_named() -> None:
    assert (await sent())[0]["options"]["num_ctx"] == 32768
    assert (await sent(context_size=4096))[0]["options"]["num_ctx"] == 4096
    assert (await sent(parameters={"num_ctx": 2048}))[0]["options"]["num_ctx"] == 2048


@pytest.mark.parametrize(
    ("parameters", "think"),
    [({}, None), ({"thinking_enable": True}, True), ({"thinking_enable": False}, False)],
)
async def test_thinking_is_left_out_unless_asked(parameters: dict[str, Any], think: bool | None) -> None:
    assert (await sent(parameters=parameters))[0].get("think") == think


async def test_parameters_go_where_the_server_reads_them() -> None:
    body, _ = await sent(parameters={"max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 3, "keep_alive": "5m"})
    assert body["keep_alive"] == "5m"
    assert body["options"] == {"num_predict": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 3, "num_ctx": 32768}


async def test_options_of_the_call_are_merged_into_the_options() -> None:
    body, _ = await sent(options={"seed": 7, "num_ctx": 100})
    assert body["options"] == {"seed": 7, "num_ctx": 100}


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (None, ["a", "b"]),
        (ToolChoice("auto"), ["a", "b"]),
        (ToolChoice("auto", ["b"]), ["b"]),
        (ToolChoice("none"), []),
    ],
)
async def test_tool_choice_by_what_is_sent(choice: ToolChoice | None, names: list[str]) -> None:
    body, response = await sent(tools=TOOLS, tool_choice=choice)
    assert [tool["function"]["name"] for tool in body.get("tools", [])] == names
    assert "tool_choice" not in body
    assert response.warnings == []


@pytest.mark.parametrize("choice", [ToolChoice("required"), ToolChoice("a")], ids=str)
async def test_no_call_can_be_forced(choice: ToolChoice) -> None:
    with pytest.raises(UnsupportedFeatureError):
        await sent(tools=TOOLS, tool_choice=choice)


async def test_a_history_of_everything() -> None:
    foreign = ThinkingBlock(thinking="secret", provider_data=ProviderData(provider="anthropic"))
    video = DataBlock(source=URLSource(url="https://example.com/v.mp4", media_type="video/mp4"))
    messages = [
        SystemMsg("system", "Be brief."),
        UserMsg("user", [TextBlock(text="Look"), video, TextBlock(text="")]),
        AssistantMsg(
            "bot",
            [
                foreign,
                ToolCallBlock(id="c1", name="a", input='{"x": 1}'),
                ToolCallBlock(id="c2", name="b", input="not json"),
                ToolResultBlock(id="c2", name="b", output="two"),
                ToolResultBlock(id="c1", name="a", output=""),
                HintBlock(hint="hurry"),
                TextBlock(text="Done."),
                ToolCallBlock(id="c3", name="a", input="{}"),
            ],
        ),
        UserMsg("user", "And?"),
    ]
    body, response = await sent(messages)
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "user", "assistant", "user"]
    calls = body["messages"][2]["tool_calls"]
    assert [call["function"]["arguments"] for call in calls] == [{"x": 1}, {"INVALID_JSON": "not json"}]
    assert [(m["tool_call_id"], m["content"]) for m in body["messages"][3:5]] == [("c1", "(no output)"), ("c2", "two")]
    assert "thinking" not in body["messages"][2]
    assert "video" in body["messages"][1]["content"]
    assert {warning.setting for warning in response.warnings} == {"thinking", "data", "tool_call"}


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("localhost", "http://localhost:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("http://box:8080/", "http://box:8080"),
        ("https://ollama.com", "https://ollama.com"),
        ("http://box/v1", "http://box:11434"),
        ("[::1]:99", "http://[::1]:99"),
    ],
)
def test_hosts_as_people_write_them(given: str, host: str) -> None:
    assert OllamaCredential(host=given).host == host


def test_the_key_goes_to_the_cloud_only() -> None:
    assert OllamaCredential(host="https://ollama.com", api_key="k-PlantedWord7").endpoint().headers == {
        "authorization": "Bearer k-PlantedWord7"
    }
    assert OllamaCredential(host="http://ollama.com.evil.example", api_key="k-PlantedWord7").endpoint().headers == {}
    assert "secret" not in repr(OllamaCredential(host="https://ollama.com", api_key="secret-PlantedWord7"))
