"""Answers, streamed and whole: bytes in, values out, however the bytes are cut."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.gemini.stream import GeminiDecoder
from modelport.domain.errors import (
    AuthenticationError,
    OverloadedError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.domain.message.blocks import Base64Source, DataBlock, ToolCallBlock
from modelport.domain.message.responses import ChatResponse, FinishReason
from tests.adapters.gemini.support import HELLO, KEY, Json, Script, chunk, decode, shape, sse, streamed

SIGNATURE = "EqwBCqkBAcu98PAd+signed/bytes=="
USAGE = {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 20, "thoughtsTokenCount": 7}
EVERYTHING = sse(
    chunk({"text": "**Planning** ", "thought": True}, usage={"promptTokenCount": 8, "totalTokenCount": 8}),
    chunk({"text": "a trip – 旅\u2028", "thought": True}),
    chunk({"text": "Grüße "}, {"text": "aus 京都"}),
    chunk({"text": " 😀"}),
    chunk({"functionCall": {"name": "look", "args": {"city": "Köln", "n": 2}}, "thoughtSignature": SIGNATURE}),
    chunk({"functionCall": {"id": "k0sr", "name": "look", "args": {}}}),
    chunk({"text": "", "thoughtSignature": SIGNATURE}, finish="STOP", usage=USAGE),
)


def whole(event: Json) -> ChatResponse:
    return GeminiDecoder().body(event)


def calls(response: ChatResponse) -> list[ToolCallBlock]:
    return [block for block in response.content if isinstance(block, ToolCallBlock)]


def comparable(response: ChatResponse) -> Any:
    """The shape, with calls by position: ids are made anew each time."""
    return shape(response), [call.id if call.id == "k0sr" else "" for call in calls(response)]


class TestText:
    def test_pieces_are_one_block(self) -> None:
        answer = decode(sse(chunk({"text": "Hel"}), chunk({"text": "lo"}), chunk({"text": ""}, finish="STOP")))
        assert [block.type for block in answer.content] == ["text"]
        assert answer.text == "Hello"
        assert answer.finish_reason is FinishReason.STOP
        assert answer.content[0].provider_data is None

    def test_thoughts_are_thinking(self) -> None:
        answer = decode(sse(chunk({"text": "Hm", "thought": True}), chunk({"text": "Yes"}, finish="STOP")))
        assert [block.type for block in answer.content] == ["thinking", "text"]
        owner = answer.content[0].provider_data
        assert owner is not None and owner.owned_by("gemini", "gemini-test")

    def test_interleaved_kinds_keep_their_order(self) -> None:
        parts: list[Json] = [
            {"text": "a", "thought": True},
            {"text": "b"},
            {"functionCall": {"name": "f"}},
            {"text": "c"},
        ]
        answer = decode(sse(chunk(*parts, finish="STOP")))
        assert [block.type for block in answer.content] == ["thinking", "text", "tool_call", "text"]

    def test_only_the_first_candidate_is_read(self) -> None:
        event = chunk({"text": "one"}, finish="STOP")
        event["candidates"].append({"index": 1, "content": {"parts": [{"text": "two"}]}, "finishReason": "SAFETY"})
        answer = decode(sse(event))
        assert answer.text == "one"
        assert answer.raw_finish_reason == "STOP"

    @pytest.mark.parametrize("content", [{}, {"role": "model"}, {"parts": None}, None])
    def test_content_may_be_missing(self, content: Any) -> None:
        answer = whole({"candidates": [{"content": content, "finishReason": "MAX_TOKENS"}]})
        assert list(answer.content) == []
        assert answer.finish_reason is FinishReason.LENGTH

    def test_an_empty_text_makes_no_block(self) -> None:
        assert list(decode(sse(chunk({"text": ""}, finish="STOP"))).content) == []
        assert list(decode(sse(chunk({"text": "", "thoughtSignature": SIGNATURE}, finish="STOP"))).content) == []


class TestCalls:
    def test_every_call_has_an_id_of_its_own(self) -> None:
        one: Json = {"functionCall": {"name": "look", "args": {"city": "Rome"}}}
        answer = decode(sse(chunk(one, one), chunk(one, finish="STOP")))
        assert len({call.id for call in calls(answer)}) == 3
        assert {call.input for call in calls(answer)} == {'{"city":"Rome"}'}
        assert answer.finish_reason is FinishReason.TOOL_CALLS

    def test_ids_of_the_api_are_kept_and_told_apart(self) -> None:
        parts = [{"functionCall": {"id": call_id, "name": "look"}} for call_id in ("a", "b", "a")]
        answer = decode(sse(chunk(*parts, finish="STOP")))
        assert [call.id for call in calls(answer)][:2] == ["a", "b"]
        assert len({call.id for call in calls(answer)}) == 3

    @pytest.mark.parametrize("call", [{"name": "now"}, {"name": "now", "args": {}}, {"name": "now", "args": None}])
    def test_no_arguments_are_an_empty_object(self, call: Json) -> None:
        assert [c.input for c in calls(decode(sse(chunk({"functionCall": call}, finish="STOP"))))] == ["{}"]

    def test_numbers_stay_as_they_came(self) -> None:
        data = b'data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"n":3.0}}}]},'
        answer = decode(data + b'"finishReason":"STOP"}]}\r\n\r\n')
        assert calls(answer)[0].input == '{"n":3.0}'

    def test_names_are_mapped_back(self) -> None:
        parts = [{"functionCall": {"name": name}} for name in ("a_1f", "default_api:a_1f", "other")]
        answer = decode(sse(chunk(*parts, finish="STOP")), names={"a_1f": "ä"})
        assert [call.name for call in calls(answer)] == ["ä", "ä", "other"]


class TestMedia:
    def test_images_are_data_blocks(self) -> None:
        image = {"inlineData": {"mimeType": "image/png", "data": "aGk="}, "thoughtSignature": SIGNATURE}
        draft = {**image, "thought": True}
        answer = decode(sse(chunk(draft), chunk({"text": "Here:"}), chunk(image, image, finish="STOP")))
        blocks = [block for block in answer.content if isinstance(block, DataBlock)]
        assert [block.source for block in blocks] == [Base64Source(data="aGk=", media_type="image/png")] * 2
        assert all(b.provider_data and b.provider_data.data == {"thoughtSignature": SIGNATURE} for b in blocks)

    def test_files_are_data_blocks(self) -> None:
        part = {"fileData": {"fileUri": "https://host/v1beta/files/x", "mimeType": "image/png"}}
        block = decode(sse(chunk(part, {"fileData": {}}, finish="STOP"))).content[0]
        assert isinstance(block, DataBlock)
        assert block.source.type == "url"

    @pytest.mark.parametrize("streaming", [True, False])
    def test_raw_sound_becomes_one_wav(self, streaming: bool) -> None:
        pieces = [bytes([value]) * 6 for value in (1, 2, 3)]
        kind = "audio/L16;codec=pcm;rate=16000"
        parts = [{"inlineData": {"mimeType": kind, "data": base64.b64encode(piece).decode()}} for piece in pieces]
        if streaming:
            answer = decode(sse(*(chunk(part) for part in parts), chunk(finish="STOP")))
        else:
            answer = whole(chunk(*parts, finish="STOP"))
        (block,) = answer.content
        assert isinstance(block, DataBlock) and isinstance(block.source, Base64Source)
        assert block.source.media_type == "audio/wav"
        sound = base64.b64decode(block.source.data)
        assert sound[44:] == b"".join(pieces)
        assert int.from_bytes(sound[24:28], "little") == 16000
        assert int.from_bytes(sound[40:44], "little") == 18

    @pytest.mark.parametrize("streaming", [True, False])
    def test_sound_of_another_type_is_another_block(self, streaming: bool) -> None:
        kinds = ["audio/pcm;rate=8000", "audio/PCM", "audio/mpeg", "audio/mpeg", "audio/pcm"]
        parts = [{"inlineData": {"mimeType": kind, "data": base64.b64encode(b"ab").decode()}} for kind in kinds]
        if streaming:
            answer = decode(sse(*(chunk(part) for part in parts), chunk(finish="STOP")))
        else:
            answer = whole(chunk(*parts, finish="STOP"))
        sounds = [block.source for block in answer.content if isinstance(block, DataBlock)]
        raw = [base64.b64decode(sound.data) for sound in sounds if isinstance(sound, Base64Source)]
        assert [sound.media_type for sound in sounds] == ["audio/wav", "audio/mpeg", "audio/wav"]
        assert [raw[0][44:], raw[1], raw[2][44:]] == [b"abab", b"abab", b"ab"]

    def test_damaged_sound_is_a_decode_error(self) -> None:
        with pytest.raises(ResponseDecodeError):
            decode(sse(chunk({"inlineData": {"mimeType": "audio/pcm", "data": "%%%"}}, finish="STOP")))


class TestFacts:
    def test_server_tools_and_grounding_are_metadata(self) -> None:
        code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": SIGNATURE}
        result = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}
        grounding = {"webSearchQueries": ["q"], "groundingChunks": [{"web": {"uri": "https://example.com"}}]}
        answer = decode(
            sse(
                chunk(code, result, groundingMetadata={}),
                chunk({"text": "One"}, citationMetadata={"citationSources": [{"uri": "a"}]}),
                chunk({"text": "."}, citationMetadata={"citationSources": [{"uri": "a"}, {"uri": "b"}]}),
                chunk(finish="STOP", groundingMetadata=grounding, finishMessage="Done."),
            )
        )
        assert answer.text == "One."
        assert [block.type for block in answer.content] == ["text"]
        assert answer.metadata == {
            "server_tools": [{"executableCode": {"language": "PYTHON", "code": "1"}}, result],
            "citationMetadata": {"citationSources": [{"uri": "a"}, {"uri": "b"}]},
            "groundingMetadata": grounding,
            "finishMessage": "Done.",
        }

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            ("STOP", FinishReason.STOP),
            ("MAX_TOKENS", FinishReason.LENGTH),
            ("SAFETY", FinishReason.CONTENT_FILTER),
            ("RECITATION", FinishReason.CONTENT_FILTER),
            ("PROHIBITED_CONTENT", FinishReason.CONTENT_FILTER),
            ("IMAGE_SAFETY", FinishReason.CONTENT_FILTER),
            ("MALFORMED_FUNCTION_CALL", FinishReason.OTHER),
            ("MISSING_THOUGHT_SIGNATURE", FinishReason.OTHER),
            ("CONTINUATION", FinishReason.OTHER),
            ("SOMETHING_NEW", FinishReason.OTHER),
        ],
    )
    def test_finish_reasons(self, raw: str, reason: FinishReason) -> None:
        answer = decode(sse(chunk({"text": "x"}, finish=raw)))
        assert (answer.finish_reason, answer.raw_finish_reason) == (reason, raw)

    def test_a_blocked_prompt_is_a_filtered_answer(self) -> None:
        event = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 12}}
        for answer in (whole(event), decode(sse(event))):
            assert (answer.finish_reason, answer.raw_finish_reason) == (
                FinishReason.CONTENT_FILTER,
                "PROHIBITED_CONTENT",
            )
            assert answer.metadata["promptFeedback"] == event["promptFeedback"]
            assert answer.usage is not None and answer.usage.input_tokens == 12

    def test_an_unspecified_block_is_none(self) -> None:
        event = chunk({"text": "x"}, finish="STOP")
        answer = whole({**event, "promptFeedback": {"blockReason": "BLOCK_REASON_UNSPECIFIED"}})
        assert answer.finish_reason is FinishReason.STOP

    def test_usage_counts_everything_once(self) -> None:
        first = {"promptTokenCount": 30, "cachedContentTokenCount": 12, "thoughtsTokenCount": 5}
        last = {"promptTokenCount": 20, "candidatesTokenCount": 4, "toolUsePromptTokenCount": 100}
        usage = decode(sse(chunk({"text": "x"}, usage=first), chunk(finish="STOP", usage=last))).usage
        assert usage is not None
        assert (usage.input_tokens, usage.output_tokens) == (20, 9)
        assert (usage.cache_input_tokens, usage.reasoning_tokens) == (12, 5)
        assert usage.raw == {**first, **last}

    def test_usage_may_follow_the_end(self) -> None:
        usage = decode(sse(chunk({"text": "x"}, finish="STOP"), {"usageMetadata": USAGE})).usage
        assert usage is not None and (usage.input_tokens, usage.output_tokens) == (9, 11)

    def test_missing_counts_are_zero(self) -> None:
        usage = decode(sse(chunk({"text": "x"}, finish="STOP", usage={"totalTokenCount": 3}))).usage
        assert usage is not None and (usage.input_tokens, usage.output_tokens) == (0, 0)


class TestEnd:
    @pytest.mark.parametrize("data", [b"", sse(chunk({"text": "x"})), sse(chunk(finish="FINISH_REASON_UNSPECIFIED"))])
    def test_without_a_finish_reason_it_is_truncated(self, data: bytes) -> None:
        with pytest.raises(StreamTruncatedError):
            decode(data)

    async def test_a_last_event_without_its_blank_line_counts(self) -> None:
        from modelport.adapters.gemini.chat import GeminiChatModel
        from modelport.adapters.gemini.credential import GeminiCredential

        answer = streamed(chunk({"text": "x"}, finish="STOP"))
        answer.data = answer.data.rstrip()
        chat = GeminiChatModel(
            GeminiCredential(api_key=KEY),
            "gemini-2.5-flash",
            transport=Script([answer]),
        )
        assert [step.text async for step in await chat(list(HELLO))][-1] == "x"

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            ({"code": 503, "message": "m", "status": "UNAVAILABLE"}, OverloadedError),
            ({"message": "m", "status": "RESOURCE_EXHAUSTED"}, RateLimitError),
            ({"message": "m", "status": "INTERNAL"}, ServerError),
            ({"code": 401, "message": "m"}, AuthenticationError),
            ({"message": "m"}, ServerError),
        ],
    )
    def test_an_error_in_the_stream_is_raised_after_what_came(self, error: Json, kind: type[Exception]) -> None:
        with pytest.raises(kind) as caught:
            decode(sse(chunk({"text": "half"}), {"error": error}, chunk({"text": "never"}, finish="STOP")))
        partial = getattr(caught.value, "partial", None)
        assert partial is not None and partial.text == "half"

    @pytest.mark.parametrize("data", [b"data: <html>\r\n\r\n", b"data: [1]\r\n\r\n"])
    def test_what_is_no_event_is_a_decode_error(self, data: bytes) -> None:
        with pytest.raises(ResponseDecodeError):
            decode(data)

    def test_a_body_of_something_else_is_a_decode_error(self) -> None:
        with pytest.raises(ResponseDecodeError, match="base_url"):
            whole({"choices": []})


class TestCuts:
    def test_every_single_cut_gives_the_same(self) -> None:
        expected = comparable(decode(EVERYTHING))
        for position in range(1, len(EVERYTHING)):
            assert comparable(decode(EVERYTHING, [position])) == expected, position

    @given(st.lists(st.integers(1, len(EVERYTHING) - 1), max_size=60))
    def test_any_cuts_give_the_same(self, cuts: list[int]) -> None:
        assert comparable(decode(EVERYTHING, cuts)) == comparable(decode(EVERYTHING))

    @pytest.mark.parametrize("end", ["\n\n", "\r\r", "\r\n\r\n"])
    def test_any_line_end_gives_the_same(self, end: str) -> None:
        events = [json.loads(line[6:]) for line in EVERYTHING.decode().split("\r\n\r\n") if line]
        assert comparable(decode(sse(*events, end=end))) == comparable(decode(EVERYTHING))

    def test_whole_and_streamed_give_the_same(self) -> None:
        events = [json.loads(line[6:]) for line in EVERYTHING.decode().split("\r\n\r\n") if line]
        parts = [part for event in events for part in event["candidates"][0].get("content", {}).get("parts", [])]
        body = {**chunk(*parts, finish="STOP"), "usageMetadata": USAGE}
        streamed_shape, whole_shape = shape(decode(EVERYTHING)), shape(whole(body))
        assert streamed_shape[0] == [
            {**block, "provider_data": block["provider_data"] and {**block["provider_data"], "family": "gemini-test"}}
            for block in whole_shape[0]
        ]
        assert streamed_shape[1] == whole_shape[1]
