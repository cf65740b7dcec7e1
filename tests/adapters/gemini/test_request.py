"""Calls to generateContent requests: the URL, the key, settings, thinking, tools."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.gemini.contents import wire_name
from modelport.domain.chat.tools import ToolChoice
from modelport.domain.errors import InvalidRequestError, UnsupportedFeatureError
from modelport.domain.message.messages import AssistantMsg, SystemMsg, UserMsg
from modelport.domain.structured.schema_rules import GEMINI_TOOL
from modelport.domain.structured.tool_parameters import legal_parameters
from tests.adapters.gemini.support import HELLO, KEY, Json, Script, chunk, send, streamed, tool

HOST = "https://generativelanguage.googleapis.com"
PATH = "/models/gemini-2.5-flash:generateContent"


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        (None, f"{HOST}/v1beta{PATH}"),
        (f"{HOST}/", f"{HOST}/v1beta{PATH}"),
        (f"{HOST}/v1", f"{HOST}/v1{PATH}"),
        (f"{HOST}/v1beta/", f"{HOST}/v1beta{PATH}"),
        ("http://localhost:9/proxy", f"http://localhost:9/proxy/v1beta{PATH}"),
        ("http://localhost:9/proxy/v1alpha", f"http://localhost:9/proxy/v1alpha{PATH}"),
    ],
)
async def test_the_version_is_in_the_url_once(base_url: str | None, url: str) -> None:
    assert (await send(base_url=base_url)).url == url


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("models/gemini-2.5-flash", PATH),
        ("tunedModels/mine-1", "/tunedModels/mine-1:generateContent"),
        ("odd name?", "/models/odd%20name%3F:generateContent"),
    ],
)
async def test_models_is_before_the_name_once(model: str, path: str) -> None:
    assert (await send(model=model, legal=False)).url == f"{HOST}/v1beta{path}"


async def test_streams_are_asked_for_as_events() -> None:
    from modelport.adapters.gemini.chat import GeminiChatModel
    from modelport.adapters.gemini.credential import GeminiCredential

    script = Script([streamed(chunk({"text": "hi"}, finish="STOP"))])
    chat = GeminiChatModel(GeminiCredential(api_key=KEY), "gemini-2.5-flash", transport=script)
    steps = [step async for step in await chat(list(HELLO))]
    assert steps[-1].text == "hi"
    assert script.requests[0].url == f"{HOST}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


async def test_the_key_is_in_its_header_only() -> None:
    sent = await send()
    assert sent.headers["x-goog-api-key"] == KEY
    assert "authorization" not in sent.headers
    assert KEY not in sent.url
    assert KEY not in str(sent.body)


async def test_a_plain_call_says_nothing_that_was_not_asked() -> None:
    sent = await send()
    assert sent.body == {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
    assert sent.warnings == []


async def test_settings_have_their_names() -> None:
    given = {"max_tokens": 50, "temperature": 0.5, "top_p": 0.9, "top_k": 3}
    assert (await send(parameters=given)).config == {"maxOutputTokens": 50, "temperature": 0.5, "topP": 0.9, "topK": 3}


async def test_overrides_win_and_merge_into_the_settings() -> None:
    sent = await send(
        parameters={"max_tokens": 50, "top_k": 3},
        generationConfig={"topK": 7, "seed": 1},
        safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    )
    assert sent.config == {"maxOutputTokens": 50, "topK": 7, "seed": 1}
    assert sent.body["safetySettings"][0]["threshold"] == "BLOCK_NONE"


async def test_the_other_spelling_of_the_settings_is_not_sent_beside_the_first() -> None:
    given = {"generation_config": {"seed": 1, "max_output_tokens": 9}, "system_instruction": {"parts": [{"text": "x"}]}}
    sent = await send([SystemMsg(name="s", content="y"), *HELLO], parameters={"max_tokens": 3}, extra_body=given)
    assert sent.config == {"maxOutputTokens": 9, "seed": 1}
    assert sent.body.keys() == {"systemInstruction", "contents", "generationConfig"}
    assert sent.body["systemInstruction"] == {"parts": [{"text": "x"}]}


class TestSystem:
    async def test_leading_messages_are_the_instruction(self) -> None:
        sent = await send([SystemMsg(name="s", content="One"), SystemMsg(name="s", content="Two"), *HELLO])
        assert sent.body["systemInstruction"] == {"parts": [{"text": "One"}, {"text": "Two"}]}
        assert [content["role"] for content in sent.contents] == ["user"]
        assert sent.warnings == []

    async def test_a_later_one_is_a_hint(self) -> None:
        sent = await send([*HELLO, SystemMsg(name="s", content="Be brief")])
        assert "systemInstruction" not in sent.body
        assert "Be brief" in sent.contents[1]["parts"][0]["text"]
        assert sent.contents[1]["role"] == "user"
        assert sent.warnings == [("changed", "system")]

    async def test_alone_it_still_makes_a_legal_request(self) -> None:
        sent = await send([SystemMsg(name="s", content="Begin")])
        assert sent.body["systemInstruction"] == {"parts": [{"text": "Begin"}]}
        assert sent.warnings == [("changed", "messages")]

    async def test_the_model_does_not_speak_first(self) -> None:
        sent = await send([AssistantMsg(name="a", content="Welcome"), *HELLO])
        assert [content["role"] for content in sent.contents] == ["user", "model", "user"]
        assert sent.warnings == [("changed", "messages")]

    async def test_consecutive_contents_of_the_model_are_one(self) -> None:
        sent = await send(
            [*HELLO, AssistantMsg(name="a", content="One"), AssistantMsg(name="b", content="Two"), *HELLO]
        )
        assert sent.contents[1] == {"role": "model", "parts": [{"text": "One"}, {"text": "Two"}]}


class TestThinking:
    @pytest.mark.parametrize(
        ("model", "given", "config", "warnings"),
        [
            ("gemini-2.5-flash", {"thinking_enable": True}, {"includeThoughts": True}, []),
            (
                "gemini-2.5-flash",
                {"thinking_enable": True, "thinking_budget": 900},
                {"includeThoughts": True, "thinkingBudget": 900},
                [],
            ),
            ("gemini-2.5-flash", {"thinking_budget": -1}, {"thinkingBudget": -1}, []),
            ("gemini-2.5-flash", {"thinking_enable": False}, {"thinkingBudget": 0}, []),
            (
                "gemini-2.5-flash-lite",
                {"thinking_enable": True},
                {"includeThoughts": True, "thinkingBudget": -1},
                [],
            ),
            (
                "gemini-2.5-pro",
                {"thinking_enable": False},
                {"thinkingBudget": 128},
                [("changed", "thinking_enable")],
            ),
            (
                "gemini-2.5-flash",
                {"thinking_level": "low", "thinking_enable": True},
                {"includeThoughts": True},
                [("dropped", "thinking_level")],
            ),
            (
                "gemini-2.5-flash",
                {"thinking_enable": False, "thinking_budget": 900},
                {"thinkingBudget": 0},
                [("dropped", "thinking_budget")],
            ),
            (
                "gemini-3-flash-preview",
                {"thinking_enable": True, "thinking_level": "medium"},
                {"includeThoughts": True, "thinkingLevel": "medium"},
                [],
            ),
            (
                "gemini-3-flash-preview",
                {"thinking_enable": True, "thinking_budget": 900},
                {"includeThoughts": True},
                [("dropped", "thinking_budget")],
            ),
            (
                "gemini-3-flash-preview",
                {"thinking_enable": False},
                {"thinkingLevel": "minimal"},
                [("changed", "thinking_enable")],
            ),
            (
                "gemini-3.8-flash",
                {"thinking_enable": False},
                {"thinkingLevel": "low"},
                [("changed", "thinking_enable")],
            ),
            ("gemini-4-argon", {"thinking_enable": False}, None, [("changed", "thinking_enable")]),
            ("gemini-4-argon", {"thinking_level": "xhigh"}, {"thinkingLevel": "xhigh"}, []),
            ("gemini-2.0-flash", {"thinking_enable": True}, None, [("dropped", "thinking_enable")]),
            ("gemini-2.0-flash", {"thinking_enable": False}, None, []),
            ("gemini-9-unknown", {"thinking_budget": 5}, {"thinkingBudget": 5}, []),
            (
                "gemini-9-unknown",
                {"thinking_budget": 5, "thinking_level": "low"},
                {"thinkingLevel": "low"},
                [("dropped", "thinking_budget")],
            ),
            ("gemini-9-unknown", {"thinking_enable": False}, None, [("changed", "thinking_enable")]),
        ],
    )
    async def test_it_is_told_as_the_card_says(
        self, model: str, given: Json, config: Json | None, warnings: list[Any]
    ) -> None:
        sent = await send(model=model, parameters=given, legal="unknown" not in model)
        assert sent.config.get("thinkingConfig") == config
        assert sent.warnings == warnings

    async def test_a_budget_out_of_range_is_not_sent(self) -> None:
        with pytest.raises(InvalidRequestError, match="thinking_budget"):
            await send(model="gemini-2.5-pro", parameters={"thinking_budget": 5})

    async def test_a_change_can_be_refused(self) -> None:
        with pytest.raises(UnsupportedFeatureError, match="thinking"):
            await send(
                model="gemini-2.5-pro", parameters={"thinking_enable": False}, options={"on_unsupported": "error"}
            )


class TestTools:
    async def test_a_tool_is_declared_with_its_json_schema(self) -> None:
        sent = await send(tools=[tool("look")])
        assert sent.body["tools"] == [
            {
                "functionDeclarations": [
                    {
                        "name": "look",
                        "description": "Looks.",
                        "parametersJsonSchema": {"type": "object", "properties": {"city": {"type": "string"}}},
                    }
                ]
            }
        ]
        assert "toolConfig" not in sent.body

    async def test_without_arguments_it_has_no_schema(self) -> None:
        sent = await send(tools=[tool("look", {"type": "object", "properties": {}}, "")])
        assert sent.body["tools"] == [{"functionDeclarations": [{"name": "look"}]}]

    @pytest.mark.parametrize(
        ("choice", "calling", "names"),
        [
            (ToolChoice("auto"), {"mode": "AUTO"}, ["a", "b"]),
            (ToolChoice("none"), {"mode": "NONE"}, ["a", "b"]),
            (ToolChoice("required"), {"mode": "ANY"}, ["a", "b"]),
            (ToolChoice("b"), {"mode": "ANY", "allowedFunctionNames": ["b"]}, ["a", "b"]),
            (ToolChoice("auto", ["b"]), {"mode": "AUTO"}, ["b"]),
            (ToolChoice("required", ["b"]), {"mode": "ANY", "allowedFunctionNames": ["b"]}, ["b"]),
        ],
    )
    async def test_every_choice_has_its_mode(self, choice: ToolChoice, calling: Json, names: list[str]) -> None:
        sent = await send(tools=[tool("a"), tool("b")], tool_choice=choice)
        assert sent.body["toolConfig"] == {"functionCallingConfig": calling}
        assert [function["name"] for function in sent.body["tools"][0]["functionDeclarations"]] == names

    async def test_tool_config_is_merged_with_the_callers(self) -> None:
        sent = await send(
            tools=[tool("a")],
            tool_choice=ToolChoice("auto"),
            toolConfig={"includeServerSideToolInvocations": True},
        )
        assert sent.body["toolConfig"] == {
            "functionCallingConfig": {"mode": "AUTO"},
            "includeServerSideToolInvocations": True,
        }

    async def test_an_illegal_name_is_sent_legal_and_comes_back_as_it_was(self) -> None:
        name = "7 wonders/über"
        wire = wire_name(name)
        call = {"functionCall": {"name": wire, "args": {}}}
        sent = await send(
            tools=[tool(name)],
            tool_choice=ToolChoice(name),
            answer=streamed(chunk(call, finish="STOP")),
        )
        assert sent.body["tools"][0]["functionDeclarations"][0]["name"] == wire
        assert sent.body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"] == [wire]
        assert [block.name for block in sent.response.content if block.type == "tool_call"] == [name]

    def test_names_are_legal_and_never_shared(self) -> None:
        names = ["look", "a.b:c-d", "_x", "7up", "-x", "x" * 65, "ü", "7up!", "f_7up", "漢字"]
        made = [wire_name(name) for name in names]
        assert made[:3] == names[:3]
        assert len(set(made)) == len(names)
        assert all(len(name) <= 64 and (name[0].isalpha() or name[0] == "_") for name in made)
        assert made == [wire_name(name) for name in names]


def inlined_schema(schema: Json) -> tuple[Json, bool]:
    """The schema to send, and whether a warning says that it allows more."""
    parameters = legal_parameters({"type": "function", "function": {"name": "f", "parameters": schema}}, GEMINI_TOOL)
    return parameters.schema, bool(parameters.warnings)


class TestSchema:
    def test_references_are_inlined(self) -> None:
        schema = {
            "$schema": "x",
            "type": "object",
            "properties": {
                "a": {"$ref": "#/$defs/City", "description": "Where"},
                "b": {"type": "array", "items": {"$ref": "#/definitions/old~1style"}},
                "$defs": {"type": "string"},
            },
            "$defs": {"City": {"type": "object", "properties": {"zip": {"$ref": "#/$defs/Zip"}}}, "Zip": {"const": 1}},
            "definitions": {"old/style": {"enum": [{"$ref": "not a reference"}]}},
        }
        assert inlined_schema(schema) == (
            {
                "type": "object",
                "properties": {
                    "a": {"type": "object", "properties": {"zip": {"const": 1}}, "description": "Where"},
                    "b": {"type": "array", "items": {"enum": [{"$ref": "not a reference"}]}},
                    "$defs": {"type": "string"},
                },
            },
            False,
        )

    @pytest.mark.parametrize("reference", ["#", "#/$defs/Node", "#/$defs/Missing", "https://example.com/x.json"])
    def test_what_cannot_be_inlined_is_cut(self, reference: str) -> None:
        node = {"type": "object", "properties": {"next": {"$ref": reference}}}
        schema, cut = inlined_schema({**node, "$defs": {"Node": node}})
        assert cut
        assert "$ref" not in str(schema)

    async def test_a_cut_is_told(self) -> None:
        recursive = {"type": "object", "properties": {"next": {"$ref": "#"}}}
        assert (await send(tools=[tool("walk", recursive)])).warnings == [("changed", "tools")]

    def test_references_that_double_do_not_explode(self) -> None:
        levels: Json = {
            f"L{level}": {"anyOf": [{"$ref": f"#/$defs/L{level + 1}"}, {"$ref": f"#/$defs/L{level + 1}"}]}
            for level in range(40)
        }
        schema, cut = inlined_schema({"$ref": "#/$defs/L0", "$defs": {**levels, "L40": {"type": "string"}}})
        assert cut
        assert len(str(schema)) < 5_000_000

    def test_a_malformed_schema_becomes_a_valid_one(self) -> None:
        named = {"properties": [1], "required": "all", "items": 3, "anyOf": None}
        schema: Json = {
            "properties": {"a": {"$ref": "#/$defs/A", "properties": {}, "required": [{}]}},
            "$defs": {"A": named},
        }
        wanted = {"type": "object", "properties": {"a": {"properties": {}, "required": []}}}
        assert inlined_schema(schema) == (wanted, True)

    def test_the_original_is_left_alone(self) -> None:
        schema: Json = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "null"}}}
        before = str(schema)
        inlined_schema(schema)
        assert str(schema) == before


async def test_empty_text_never_leaves() -> None:
    sent = await send([UserMsg(name="user", content="  "), UserMsg(name="user", content="Hello")])
    assert sent.contents == [{"role": "user", "parts": [{"text": "Hello"}]}]
