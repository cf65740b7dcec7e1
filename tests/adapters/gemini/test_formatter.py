"""Messages to contents: own replay data, foreign history, media, damaged histories. Every body is checked as legal."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from modelport.adapters.gemini.contents import UNSIGNED
from modelport.adapters.gemini.formatter import GeminiChatFormatter, GeminiMultiAgentFormatter
from modelport.domain.message.blocks import (
    Base64Source,
    ContentBlock,
    DataBlock,
    HintBlock,
    ProviderData,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    URLSource,
)
from modelport.domain.message.messages import AssistantMsg, Msg, SystemMsg, UserMsg
from modelport.ports.codec.rendering import RenderContext
from modelport.testing.servers.strict import violations_of
from tests.adapters.gemini.support import HELLO, Json, chunk, send, streamed

MODERN = "gemini-3-flash-preview"
OLDER = "gemini-2.5-flash"
ALL_MODELS = [MODERN, OLDER, "gemini-2.0-flash", "gemini-4-argon"]
SIGNED = base64.b64encode(b"a signature").decode()
OTHER = base64.b64encode(b"another one").decode()
PNG = DataBlock(id="png-1", source=Base64Source(data="aGk=", media_type="image/png"))
CALL: Json = {"functionCall": {"name": "look", "args": {"city": "Rome"}}}


async def said(*events: Json, model: str = MODERN) -> list[ContentBlock]:
    """The blocks that the model answers with this stream."""
    return list((await send(model=model, answer=streamed(*events))).response.content)


def result(call: ContentBlock, output: str | list[TextBlock | DataBlock] = "42", **fields: Any) -> ToolResultBlock:
    """What the tool of a call returned."""
    assert isinstance(call, ToolCallBlock)
    return ToolResultBlock(id=call.id, name=call.name, output=output, **{"state": ToolResultState.SUCCESS, **fields})


def history(*blocks: ContentBlock) -> list[Msg]:
    """A question and what the model did about it."""
    return [*HELLO, AssistantMsg(name="assistant", content=list(blocks))]


def call(call_id: str = "call_1", name: str = "look", text: str = '{"city":"Rome"}') -> ToolCallBlock:
    """A call that another provider's model made."""
    return ToolCallBlock(id=call_id, name=name, input=text)


class TestOwnParts:
    async def test_a_signed_call_goes_back_as_it_came(self) -> None:
        part = {"functionCall": {"id": "x8i0", **CALL["functionCall"]}, "thoughtSignature": SIGNED}
        blocks = await said(chunk(part, finish="STOP"))
        sent = await send(history(*blocks, result(blocks[0])), MODERN)
        assert sent.contents[1:] == [
            {"role": "model", "parts": [part]},
            {
                "role": "user",
                "parts": [{"functionResponse": {"id": "x8i0", "name": "look", "response": {"output": "42"}}}],
            },
        ]
        assert sent.warnings == []

    @pytest.mark.parametrize("model", [MODERN, OLDER])
    async def test_many_calls_without_ids_keep_their_order_and_get_none(self, model: str) -> None:
        parts = [{**CALL, "thoughtSignature": SIGNED}, CALL, CALL]
        blocks = await said(chunk(parts[0]), chunk(*parts[1:], finish="STOP"), model=model)
        results = [result(block, str(number)) for number, block in enumerate(blocks)]
        sent = await send(history(*blocks, *reversed(results)), model)
        assert sent.contents[1]["parts"] == parts
        assert sent.contents[2]["parts"] == [
            {"functionResponse": {"name": "look", "response": {"output": number}}} for number in "012"
        ]

    async def test_each_step_keeps_its_own_signature(self) -> None:
        first = await said(chunk({**CALL, "thoughtSignature": SIGNED}, finish="STOP"))
        second = await said(chunk({**CALL, "thoughtSignature": OTHER}, finish="STOP"))
        sent = await send(history(*first, result(first[0]), *second, result(second[0])), MODERN)
        assert [content["parts"][0].get("thoughtSignature") for content in sent.contents[1::2]] == [SIGNED, OTHER]

    async def test_signed_texts_keep_their_borders(self) -> None:
        parts: list[Json] = [
            {"text": "Thinking", "thought": True, "thoughtSignature": SIGNED},
            {"text": "plain "},
            {"text": "signed", "thoughtSignature": OTHER},
            {"text": " plain"},
            {"text": "", "thoughtSignature": SIGNED},
        ]
        for events in ([chunk(*parts, finish="STOP")], [*(chunk(part) for part in parts), chunk(finish="STOP")]):
            blocks = await said(*events)
            assert [block.type for block in blocks] == ["thinking", "text"]
            assert blocks[1].type == "text" and blocks[1].text == "plain signed plain"
            assert (await send(history(*blocks), MODERN)).contents[1]["parts"] == parts

    async def test_a_signature_after_a_call_stays_after_it(self) -> None:
        parts = [{**CALL, "thoughtSignature": SIGNED}, {"text": "", "thoughtSignature": OTHER}]
        blocks = await said(chunk(parts[0]), chunk(parts[1], finish="STOP"))
        assert len(blocks) == 1
        assert (await send(history(*blocks, result(blocks[0])), MODERN)).contents[1]["parts"] == parts

    async def test_what_the_server_ran_goes_back_in_its_place(self) -> None:
        parts: list[Json] = [
            {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "s1"}, "thoughtSignature": SIGNED},
            {"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "id": "s1"}, "thoughtSignature": OTHER},
            {"text": "One"},
            {"executableCode": {"language": "PYTHON", "code": "1"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK"}},
            {"text": "Two"},
        ]
        blocks = await said(*(chunk(part) for part in parts), chunk(finish="STOP"))
        assert [block.type for block in blocks] == ["text", "text"]
        assert (await send(history(*blocks), MODERN)).contents[1]["parts"] == parts

    @pytest.mark.parametrize("part", [{"text": "One"}, {**CALL, "thoughtSignature": OTHER}])
    async def test_what_came_before_the_first_block_goes_back_before_it(self, part: Json) -> None:
        parts = [{"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": SIGNED}, part]
        blocks = await said(*(chunk(each) for each in parts), chunk(finish="STOP"))
        answers = [result(block) for block in blocks if isinstance(block, ToolCallBlock)]
        assert (await send(history(*blocks, *answers), MODERN)).contents[1]["parts"] == parts

    async def test_own_thoughts_go_back_as_thoughts(self) -> None:
        blocks = await said(chunk({"text": "Hm", "thought": True}, {"text": "Yes"}, finish="STOP"))
        sent = await send(history(*blocks), MODERN)
        assert sent.contents[1]["parts"] == [{"text": "Hm", "thought": True}, {"text": "Yes"}]
        assert sent.warnings == []

    async def test_an_own_image_goes_back_signed(self) -> None:
        part = {"inlineData": {"mimeType": "image/png", "data": "aGk="}, "thoughtSignature": SIGNED}
        blocks = await said(chunk({"text": "Here"}, part, finish="STOP"))
        assert (await send(history(*blocks), MODERN)).contents[1]["parts"] == [{"text": "Here"}, part]

    async def test_it_survives_being_stored(self) -> None:
        part = {**CALL, "thoughtSignature": SIGNED}
        blocks = await said(chunk({"text": "a"}, {"text": "b", "thoughtSignature": OTHER}, part, finish="STOP"))
        stored = AssistantMsg(name="a", content=[*blocks, result(blocks[-1])]).model_dump_json()
        sent = await send([*HELLO, Msg.model_validate_json(stored)], MODERN)
        assert sent.contents[1]["parts"] == [{"text": "a"}, {"text": "b", "thoughtSignature": OTHER}, part]

    async def test_an_edited_text_loses_its_signatures(self) -> None:
        (block,) = await said(chunk({"text": "plain"}, {"text": "signed", "thoughtSignature": SIGNED}, finish="STOP"))
        sent = await send(history(block.model_copy(update={"text": "other"})), MODERN)
        assert sent.contents[1]["parts"] == [{"text": "other"}]
        assert sent.warnings == [("dropped", "thought_signature")]

    async def test_an_edited_thought_may_be_empty(self) -> None:
        blocks = await said(chunk({"text": "Hm", "thought": True}, {"text": "Yes"}, finish="STOP"))
        sent = await send(history(blocks[0].model_copy(update={"thinking": ""}), blocks[1]), MODERN)
        assert sent.contents[1]["parts"] == [{"text": "Yes"}]


class TestOtherModels:
    async def test_signatures_of_another_model_are_replaced(self) -> None:
        events = chunk({"text": "Hm", "thought": True}, {**CALL, "thoughtSignature": SIGNED}, CALL, finish="STOP")
        blocks = await said(events, model=OLDER)
        sent = await send(history(*blocks, result(blocks[1]), result(blocks[2])), MODERN)
        parts = sent.contents[1]["parts"]
        assert [part.get("thoughtSignature") for part in parts] == [UNSIGNED, None]
        assert sorted(sent.warnings) == [("dropped", "thinking"), ("dropped", "thought_signature")]

    @pytest.mark.parametrize(
        ("model", "signature"),
        [(MODERN, UNSIGNED), (OLDER, None), ("gemini-2.0-flash", None), ("gemini-9-unknown", UNSIGNED)],
    )
    async def test_foreign_calls_are_marked_where_signatures_are_demanded(
        self, model: str, signature: str | None
    ) -> None:
        blocks: list[ContentBlock] = [
            call("a"),
            call("b"),
            result(call("a")),
            result(call("b")),
            call("c"),
            result(call("c")),
        ]
        sent = await send(history(*blocks), model)
        assert [[part.get("thoughtSignature") for part in content["parts"]] for content in sent.contents[1::2]] == [
            [signature, None],
            [signature],
        ]
        assert sent.warnings == []

    async def test_foreign_replay_data_and_thoughts_never_leave(self) -> None:
        secret = ProviderData(provider="anthropic", data={"thoughtSignature": SIGNED, "signature": "s3cret"})
        thought = ThinkingBlock(thinking="private", provider_data=secret)
        text = TextBlock(text="Yes", provider_data=secret)
        asked = ToolCallBlock(id="toolu_1", name="look", input="{}", provider_data=secret)
        for model in ALL_MODELS:
            sent = await send(history(thought, text, asked, result(asked)), model)
            assert not any(word in str(sent.body) for word in ("private", "s3cret", SIGNED))
            assert sent.warnings == [("dropped", "thinking")]

    async def test_foreign_ids_are_legal_and_the_same_on_both_sides(self) -> None:
        asked = call("call|fc_1/" + "x" * 90)
        sent = await send(history(asked, result(asked)), OLDER)
        sent_id = sent.contents[1]["parts"][0]["functionCall"]["id"]
        assert len(sent_id) <= 64
        assert sent.contents[2]["parts"][0]["functionResponse"]["id"] == sent_id
        assert (await send(history(asked, result(asked)), OLDER)).body == sent.body

    async def test_ids_used_twice_are_told_apart(self) -> None:
        sent = await send(history(call("1"), result(call("1")), call("1"), result(call("1"), "43")), MODERN)
        ids = [content["parts"][0]["functionCall"]["id"] for content in sent.contents[1::2]]
        assert len(set(ids)) == 2

    @pytest.mark.parametrize(
        ("text", "args", "warned"),
        [("", {}, False), ("{}", {}, False), ("[1]", {"input": [1]}, True), ('{"a":', {"INVALID_JSON": '{"a":'}, True)],
    )
    async def test_arguments_are_always_an_object(self, text: str, args: Json, warned: bool) -> None:
        asked = call(text=text)
        sent = await send(history(asked, result(asked)), OLDER)
        assert sent.contents[1]["parts"][0]["functionCall"]["args"] == args
        assert sent.warnings == ([("changed", "tool_call")] if warned else [])


class TestResults:
    @pytest.mark.parametrize(
        ("state", "word"), [("success", "output"), ("error", "error"), ("denied", "error"), ("running", "output")]
    )
    async def test_failures_are_called_errors(self, state: str, word: str) -> None:
        asked = call()
        sent = await send(history(asked, result(asked, "text", state=ToolResultState(state))), OLDER)
        assert sent.contents[2]["parts"][0]["functionResponse"]["response"] == {word: "text"}

    async def test_an_empty_result_says_so(self) -> None:
        asked = call()
        sent = await send(history(asked, result(asked, " ")), OLDER)
        assert sent.contents[2]["parts"][0]["functionResponse"]["response"] == {"output": "(no output)"}

    async def test_the_name_is_the_calls(self) -> None:
        asked = call(name="look.up")
        answered = ToolResultBlock(id=asked.id, name="another", output="x")
        sent = await send(history(asked, answered), OLDER)
        assert sent.contents[2]["parts"][0]["functionResponse"]["name"] == "look.up"

    async def test_media_stand_inside_the_response_of_newer_models(self) -> None:
        one, two = call("a"), call("b")
        sent = await send(history(one, two, result(one, [TextBlock(text="See"), PNG]), result(two, "x")), MODERN)
        parts = sent.contents[2]["parts"]
        assert len(parts) == 2
        assert parts[0]["functionResponse"]["parts"] == [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}]
        assert "png-1" in parts[0]["functionResponse"]["response"]["output"]
        assert "parts" not in parts[1]["functionResponse"]

    async def test_media_stand_beside_the_responses_of_older_models(self) -> None:
        one, two = call("a"), call("b")
        sent = await send(history(one, two, result(one, [PNG]), result(two, "x")), OLDER)
        parts = sent.contents[2]["parts"]
        assert [next(iter(part)) for part in parts] == ["functionResponse", "functionResponse", "text", "inlineData"]
        assert "png-1" in parts[2]["text"]
        assert len(sent.contents) == 3

    async def test_sound_stands_beside_the_response_everywhere(self) -> None:
        asked, sound = call(), DataBlock(source=Base64Source(data="aGk=", media_type="audio/wav"))
        sent = await send(history(asked, result(asked, [sound, PNG])), MODERN)
        parts = sent.contents[2]["parts"]
        assert [next(iter(part)) for part in parts] == ["functionResponse", "text", "inlineData"]
        assert len(parts[0]["functionResponse"]["parts"]) == 1

    async def test_unpaired_calls_and_results_are_left_out(self) -> None:
        blocks: list[ContentBlock] = [
            TextBlock(text="Wait"),
            call("a"),
            call("b"),
            result(call("b")),
            result(call("c")),
        ]
        sent = await send(history(*blocks), MODERN)
        assert [[next(iter(part)) for part in content["parts"]] for content in sent.contents] == [
            ["text"],
            ["text", "functionCall"],
            ["functionResponse"],
        ]
        assert sorted(sent.warnings) == [("dropped", "tool_call"), ("dropped", "tool_result")]

    async def test_a_first_call_that_lost_its_result_leaves_no_step_unsigned(self) -> None:
        blocks = await said(chunk({**CALL, "thoughtSignature": SIGNED}, CALL, finish="STOP"))
        sent = await send(history(*blocks, result(blocks[1])), MODERN)
        assert sent.contents[1]["parts"] == [{**CALL, "thoughtSignature": UNSIGNED}]

    async def test_a_hint_after_results_is_the_users(self) -> None:
        asked = call()
        blocks: list[ContentBlock] = [asked, result(asked), HintBlock(hint="Be brief"), HintBlock(hint=" ")]
        sent = await send(history(*blocks), MODERN)
        assert sent.contents[3] == {"role": "user", "parts": [{"text": "Be brief"}]}


class TestMedia:
    @pytest.mark.parametrize(
        ("media_type", "sent_as"),
        [
            ("image/png", "image/png"),
            ("image/jpg", "image/jpeg"),
            ("audio/mpeg", "audio/mp3"),
            ("audio/x-wav", "audio/wav"),
            ("video/mp4", "video/mp4"),
            ("application/pdf", "application/pdf"),
            ("text/plain; charset=utf-8", "text/plain"),
        ],
    )
    async def test_bytes_are_sent_inline(self, media_type: str, sent_as: str) -> None:
        block = DataBlock(source=Base64Source(data="aGk=", media_type=media_type))
        sent = await send([UserMsg(name="user", content=[TextBlock(text="See"), block])])
        assert sent.contents[0]["parts"][1] == {"inlineData": {"mimeType": sent_as, "data": "aGk="}}
        assert sent.warnings == []

    @pytest.mark.parametrize(
        ("media_type", "model"), [("application/zip", OLDER), ("audio/wav", "gemma-3-27b-it"), ("image/tiff", OLDER)]
    )
    async def test_what_is_not_taken_is_announced(self, media_type: str, model: str) -> None:
        block = DataBlock(source=Base64Source(data="aGk=", media_type=media_type), name="it")
        sent = await send([UserMsg(name="user", content=[block])], model)
        (part,) = sent.contents[0]["parts"]
        assert media_type in part["text"] and "'it'" in part["text"]
        assert sent.warnings == [("changed", "data")]

    @pytest.mark.parametrize(
        ("url", "media_type", "fetched"),
        [
            ("https://example.com/a.png", "image/png", True),
            ("file:///a.png", "image/png", True),
            ("https://example.com/a.zip", "application/zip", False),
            ("https://generativelanguage.googleapis.com/v1beta/files/abc", "application/pdf", False),
            ("https://www.youtube.com/watch?v=x", "video/mp4", False),
            ("https://youtu.be/x", "video/mp4", False),
            ("https://example.com/youtube.com/v1beta/files/a", "image/png", True),
        ],
    )
    def test_only_what_the_api_does_not_read_itself_is_fetched(self, url: str, media_type: str, fetched: bool) -> None:
        block = DataBlock(source=URLSource(url=url, media_type=media_type))
        assert GeminiChatFormatter().needs_download(block) is fetched

    def test_fetched_and_remote_media(self) -> None:
        web = URLSource(url="https://example.com/a", media_type="image/png")
        video = URLSource(url="https://youtu.be/x", media_type="video/mp4")
        context = RenderContext(media={web.url: Base64Source(data="aGk=", media_type="image/webp")})
        message = UserMsg(name="user", content=[DataBlock(source=web), DataBlock(source=video)])
        assert GeminiChatFormatter().render([message], context).messages[0]["parts"] == [
            {"inlineData": {"mimeType": "image/webp", "data": "aGk="}},
            {"fileData": {"fileUri": "https://youtu.be/x", "mimeType": "video/mp4"}},
        ]

    async def test_an_image_that_the_model_did_not_make_is_told_of(self) -> None:
        sent = await send(history(PNG), MODERN)
        assert "image/png" in sent.contents[1]["parts"][0]["text"]
        assert sent.warnings == [("changed", "data")]


class TestFormatter:
    async def test_system_turns_stay_in_what_format_returns(self) -> None:
        messages = [SystemMsg(name="s", content="Be kind"), *HELLO]
        assert await GeminiChatFormatter().format(messages) == [
            {"role": "system", "parts": [{"text": "Be kind"}]},
            {"role": "user", "parts": [{"text": "Hello"}]},
        ]

    async def test_without_a_model_every_own_signature_is_kept(self) -> None:
        part = {**CALL, "thoughtSignature": SIGNED}
        blocks = await said(chunk(part, finish="STOP"))
        formatted = await GeminiChatFormatter().format(history(*blocks, result(blocks[0])))
        assert formatted[1]["parts"] == [part]
        assert violations_of("gemini", {"contents": formatted}, MODERN) == []

    async def test_the_multi_agent_variant_makes_a_legal_body(self) -> None:
        asked = call()
        messages = [
            UserMsg(name="ann", content="Hi"),
            AssistantMsg(name="bob", content="Hello"),
            UserMsg(name="cid", content=[TextBlock(text="See"), PNG]),
            AssistantMsg(name="bob", content=[asked, result(asked)]),
        ]
        sent = await send(messages, MODERN, options={"formatter": GeminiMultiAgentFormatter()})
        assert sent.contents[0]["role"] == "user"

    async def test_bodies_are_the_same_each_time(self) -> None:
        asked = call()
        messages = history(TextBlock(text="a"), asked, result(asked, [PNG]))
        assert (await send(messages, OLDER)).body == (await send(messages, OLDER)).body
