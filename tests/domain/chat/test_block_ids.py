"""Deltas of custom models without block ids: which block each piece belongs to."""

from __future__ import annotations

import pytest

from modelport.domain.chat.block_ids import BlockIds
from modelport.message import Base64Source, ContentBlock, DataBlock, TextBlock, ThinkingBlock, ToolCallBlock, URLSource
from modelport.model import ChatResponse

PNG, JPEG = "image/png", "image/jpeg"


def text(value: str, **fields: str) -> TextBlock:
    return TextBlock(text=value, **fields)


def thought(value: str, **fields: str) -> ThinkingBlock:
    return ThinkingBlock(thinking=value, **fields)


def call(call_id: str, name: str, value: str) -> ToolCallBlock:
    return ToolCallBlock(id=call_id, name=name, input=value)


def data(media_type: str, value: str = "AAAA", **fields: str) -> DataBlock:
    return DataBlock(source=Base64Source(data=value, media_type=media_type), **fields)


def joined(*deltas: list[ContentBlock]) -> list[str]:
    """The contents of the blocks that these deltas make, in order."""
    ids = BlockIds()
    found: dict[str, str] = {}
    for blocks in deltas:
        for block in ids.delta(blocks):
            assert block.id
            found[block.id] = found.get(block.id, "") + content(block)
    return list(found.values())


def content(block: ContentBlock) -> str:
    if isinstance(block, DataBlock):
        return block.source.media_type
    return str(getattr(block, {"text": "text", "thinking": "thinking"}.get(block.type, "input")))


@pytest.mark.parametrize(
    ("deltas", "blocks"),
    [
        ([[text("Hel")], [text("lo")]], ["Hello"]),
        ([[thought("a"), text("")], [thought("b"), text("x")], [text("y")]], ["ab", "xy"]),
        ([[thought("Let")], [text("He")], [thought(" me")], [text("llo")]], ["Let me", "Hello"]),
        ([[text("a"), text("b")], [text("c"), text("d")], [text("e")]], ["ac", "bde"]),
        ([[text("a")], [call("1", "f", "{}")], [text("b")], [text("c")]], ["a", "{}", "bc"]),
        ([[text("a"), call("1", "f", "{")], [text("b"), call("1", "f", "}")]], ["ab", "{}"]),
        ([[call("", "f", "{")], [call("", "", "}")], [call("", "g", "[")], [call("", "", "]")]], ["{}", "[]"]),
        ([[text("a"), data("audio/pcm")], [text("b"), data("audio/pcm")]], ["ab", "audio/pcmaudio/pcm"]),
        ([[text("a")], [data("audio/wav")], [text("b")], [data("audio/wav")]], ["ab", "audio/wavaudio/wav"]),
        ([[data("audio/pcm;rate=8000")], [data("Audio/PCM")]], ["audio/pcm;rate=8000audio/pcm"]),
        ([[data("audio/wav")], [data("audio/mpeg")]], ["audio/wav", "audio/mpeg"]),
        ([[data(PNG)], [data(PNG)]], [PNG, PNG]),
        ([[data(PNG, id="d")], [data(PNG, id="d")]], [PNG + PNG]),
        ([[data(PNG, id="d")], [data(JPEG, id="d")], [data(PNG, id="d")], [data(JPEG, id="d")]], [PNG * 2, JPEG * 2]),
        ([[text("a", id="1")], [thought("t", id="1")], [text("b", id="1")], [thought("u", id="1")]], ["ab", "tu"]),
        ([[text("a", id="1")], [text("b", id="2")], [text("c", id="1")]], ["ac", "b"]),
    ],
)
def test_pieces_are_joined(deltas: list[list[ContentBlock]], blocks: list[str]) -> None:
    assert joined(*deltas) == blocks


def test_a_url_does_not_continue_the_bytes_of_the_same_type() -> None:
    link = DataBlock(id="d", source=URLSource(url="https://example.org/a.png", media_type=PNG))
    first, second = BlockIds().delta([data(PNG, id="d"), link])
    assert first.id == "d" != second.id


@pytest.mark.parametrize(
    "whole",
    [
        [thought("a"), text("b"), call("1", "f", "{}"), text("c")],
        [thought("a", id="w"), text("b", id="x"), call("1", "f", "{}"), text("c", id="y")],
        [call("", "f", "{}"), text("b"), text("c"), thought("a")],
    ],
    ids=["without ids", "other ids", "another order"],
)
def test_the_whole_answer_has_the_ids_of_its_deltas(whole: list[ContentBlock]) -> None:
    ids = BlockIds()
    deltas: list[list[ContentBlock]] = [[thought("a")], [text("b")], [call("1", "f", "{}")], [text("c")]]
    streamed = {content(block): block.id for blocks in deltas for block in ids.delta(blocks)}
    assert {content(block): block.id for block in ids.whole(whole)} == streamed


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("same", [True, False])
def test_a_whole_answer_made_of_the_pieces_is_joined(same: bool, named: bool) -> None:
    """A provider may end with a list of all blocks that it gave."""

    def pieces() -> list[ContentBlock]:
        fields = {"id": "t"} if named else {}
        return [thought("Hm"), text("Hel", **fields), text("lo", **fields), call("1", "f", "{"), call("1", "f", "}")]

    ids = BlockIds()
    given = pieces()
    streamed = [ids.delta([block])[0] for block in given]
    whole = ids.whole(given if same else pieces())
    assert [content(block) for block in whole] == ["Hm", "Hello", "{}"]
    assert [block.id for block in whole] == list(dict.fromkeys(block.id for block in streamed))


def test_two_calls_with_one_id_stay_two() -> None:
    ids = BlockIds()
    ids.delta([call("1", "f", "{}")])
    assert [content(block) for block in ids.whole([call("1", "f", "{}"), call("1", "g", "{}")])] == ["{}", "{}"]


def test_blocks_that_no_delta_had_keep_their_ids() -> None:
    ids = BlockIds()
    (said,) = ids.delta([text("a")])
    whole = ids.whole([text("a"), text("b", id="n"), call("", "f", ""), call("", "g", "")])
    assert whole[0].id == said.id and whole[1].id == "n"
    assert len({block.id for block in whole}) == 4 and all(block.id for block in whole)


@pytest.mark.parametrize("again", [True, False])
def test_ids_of_earlier_answers_are_not_used_again(again: bool) -> None:
    ids = BlockIds({"f:0", "t"})
    deltas: list[list[ContentBlock]] = [[text("a", id="t")], [call("f:0", "f", "{")], [call("f:0", "", "}")]]
    found = [block.id for blocks in deltas for block in ids.delta(blocks)]
    assert found == ["t_1", "f:0_1", "f:0_1"]
    whole: list[ContentBlock] = [call("f:0", "f", "{}"), text("a", id="t")]
    assert [block.id for block in (ids.whole(whole) if again else BlockIds({"f:0", "t"}).whole(whole))] == [
        "f:0_1",
        "t_1",
    ]


def test_the_given_response_is_not_changed() -> None:
    given = ChatResponse([text("a")], is_last=False)
    ids = BlockIds()
    first = ids.identified(given)
    again = ids.identified(ChatResponse([text("b")], is_last=False))
    assert first is not given and again.content[0].id == first.content[0].id
    assert ids.identified(again).content[0].id == first.content[0].id, "known ids stay"
