"""The fold of a stream."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.chat.fold import ChatFold
from modelport.domain.message.blocks import (
    Base64Source,
    ContentBlock,
    DataBlock,
    ProviderData,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from modelport.domain.message.responses import ChatResponse, ChatUsage, FinishReason
from modelport.domain.message.wav import streaming_header


def delta(*blocks: ContentBlock) -> ChatResponse:
    return ChatResponse(blocks, is_last=False, id="r", created_at="now")


PIECES = st.lists(st.tuples(st.sampled_from(["text", "thinking", "tool_call"]), st.integers(0, 2), st.text(max_size=4)))


@given(PIECES)
def test_interleaved_pieces_are_joined_by_block_in_order_of_appearance(pieces: list[tuple[str, int, str]]) -> None:
    fold = ChatFold()
    wanted: dict[str, str] = {}
    for kind, number, text in pieces:
        block_id = f"{kind}{number}"
        wanted[block_id] = wanted.get(block_id, "") + text
        block: ContentBlock
        if kind == "text":
            block = TextBlock(id=block_id, text=text)
        elif kind == "thinking":
            block = ThinkingBlock(id=block_id, thinking=text)
        else:
            block = ToolCallBlock(id=block_id, name="f", input=text)
        fold.add(delta(block))
    got = {
        block.id: getattr(block, {"text": "text", "thinking": "thinking", "tool_call": "input"}[block.type])
        for block in fold.final([], 0.0).content
    }
    assert list(got.items()) == list(wanted.items())


def test_stop_with_tool_calls_is_tool_calls() -> None:
    fold = ChatFold()
    fold.add(delta(ToolCallBlock(id="c", name="f", input="{}")))
    fold.add(ChatResponse([], is_last=False, finish_reason=FinishReason.STOP, raw_finish_reason="stop"))
    final = fold.final([], 0.0)
    assert (final.finish_reason, final.raw_finish_reason) == ("tool_calls", "stop")


def test_no_reason_is_other_and_length_stays() -> None:
    assert ChatFold().final([], 0.0).finish_reason == "other"
    fold = ChatFold()
    fold.add(ChatResponse([], is_last=False, finish_reason=FinishReason.LENGTH))
    assert fold.final([], 0.0).finish_reason == "length"


def test_owned_data_is_merged_and_kept() -> None:
    fold = ChatFold()
    fold.add(delta(ThinkingBlock(id="t", thinking="a", provider_data=ProviderData(provider="p", data={"x": 1}))))
    fold.add(delta(ThinkingBlock(id="t", thinking="b")))
    fold.add(delta(ThinkingBlock(id="t", thinking="", provider_data=ProviderData(provider="p", data={"sig": "s"}))))
    (block,) = fold.final([], 0.0).content
    assert isinstance(block, ThinkingBlock) and block.thinking == "ab"
    assert block.provider_data is not None and block.provider_data.data == {"x": 1, "sig": "s"}


def test_the_latest_usage_counts_and_the_delivered_object_is_not_changed() -> None:
    fold = ChatFold()
    first, second = ChatUsage(input_tokens=1), ChatUsage(input_tokens=2)
    fold.add(ChatResponse([], is_last=False, usage=first))
    fold.add(ChatResponse([], is_last=False, usage=second))
    usage = fold.final([], 1.5).usage
    assert usage is not None and (usage.input_tokens, usage.time) == (2, 1.5)
    assert second.time == 0.0


def test_streamed_sound_becomes_one_wav_with_true_sizes() -> None:
    fold = ChatFold()
    pieces = [streaming_header(24000) + b"\x01\x02", b"\x03\x04\x05\x06"]
    for piece in pieces:
        source = Base64Source(data=base64.b64encode(piece).decode(), media_type="audio/wav")
        fold.add(delta(DataBlock(id="a", source=source)))
    (block,) = fold.final([], 0.0).content
    assert isinstance(block, DataBlock) and isinstance(block.source, Base64Source)
    wav = base64.b64decode(block.source.data)
    assert wav[44:] == b"\x01\x02\x03\x04\x05\x06"
    assert struct.unpack("<I", wav[40:44]) == (6,) and struct.unpack("<I", wav[4:8]) == (42,)


def test_partial_can_be_asked_at_any_time() -> None:
    fold = ChatFold("p", "m")
    assert fold.partial().content == []
    fold.add(delta(TextBlock(id="t", text="He")))
    partial = fold.partial()
    assert (partial.text, partial.is_last, partial.provider, partial.model, partial.id) == ("He", False, "p", "m", "r")
    fold.add(delta(TextBlock(id="t", text="llo")))
    assert (partial.text, fold.partial().text) == ("He", "Hello")


def test_steps_share_no_state_that_could_be_changed() -> None:
    step = delta(TextBlock(text="x"))
    other = delta(TextBlock(text="y"))
    assert step.warnings == () and step.attempts == ()
    with pytest.raises(TypeError):
        step.metadata["a"] = 1  # type: ignore[index]  # that it cannot be changed is the point
    assert other.metadata == {}


@given(
    st.lists(st.binary(max_size=50), min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from([0, 1, 3]),
)
def test_sound_is_joined_like_its_bytes(pieces: list[bytes], wav: bool, width: int) -> None:
    sound = (streaming_header(24_000) if wav else b"") + b"".join(pieces)
    cut = [part[: len(part) - len(part) % width] if width else part for part in pieces]
    if width:  # pieces whose base64 can be joined as text, or with padding inside
        sound = (streaming_header(24_000) + b"\0" * 4 if wav else b"") + b"".join(cut)
    parts = ([sound[: len(sound) - sum(map(len, cut))]] if wav else []) + cut
    fold = ChatFold()
    for part in parts:
        source = Base64Source(data=base64.b64encode(part).decode(), media_type="audio/wav")
        fold.add(delta(DataBlock(id="a", source=source)))
    (block,) = fold.final([], 0.0).content or (None,)
    assert isinstance(block, DataBlock) and isinstance(block.source, Base64Source)
    got = base64.b64decode(block.source.data, validate=True)
    if wav:
        assert struct.unpack("<I", got[40:44])[0] == len(got) - 44
        got = got[:4] + b"\xff" * 4 + got[8:40] + b"\xff" * 4 + got[44:]
    assert got == b"".join(parts)
