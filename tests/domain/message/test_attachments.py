"""Attachments from files, bytes and URLs: their types, and the way back to a file."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    SystemMsg,
    TextBlock,
    ToolResultBlock,
    URLSource,
    UserMsg,
)
from modelport.tts import TTSResponse, join_audio

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
ZIP = b"PK\x03\x04" + b"\0" * 20
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 20
WEBM = b"\x1aE\xdf\xa3" + b"\0" * 20
WAV_HEADER = bytes.fromhex("52494646ffffffff57415645666d742010000000010001002256000044ac00000200100064617461ffffffff")
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("cat.png", PNG, "image/png"),
        ("cat.jpg", PNG, "image/png"),  # the content knows better
        ("cat", PNG, "image/png"),
        ("report.docx", ZIP, DOCX),  # a container; the name says which format is inside
        ("cat.png", ZIP, "application/zip"),
        ("voice.m4a", MP4, "audio/mp4"),
        ("film.mkv", WEBM, "video/x-matroska"),
        ("film.mp4", WEBM, "video/webm"),
        ("rows.csv", b"a,b\n1,2\n", "text/csv"),
        ("program.py", b"print('caf\xc3\xa9')\n", "text/plain"),
        ("a#b?.csv", b"a,b\n", "text/csv"),
    ],
)
def test_a_file_is_what_its_content_and_then_its_name_say(
    name: str, content: bytes, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    block = DataBlock.from_file(path)
    assert (block.source.media_type, block.name, block.to_bytes()) == (expected, name, content)
    assert DataBlock.from_file(str(path), "image/gif").source.media_type == "image/gif"
    block.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == content


def test_a_text_cut_inside_a_character_is_text() -> None:
    assert DataBlock.from_bytes(b"a" * 4095 + "é".encode() + b"b").source.media_type == "text/plain"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01", b"a\0b", b"a" * 10 + b"\xff" + b"a" * 5000])
def test_unknown_bytes_need_a_type(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"media_type='image/png'"):
        DataBlock.from_bytes(content, name="thing.xyz")
    assert DataBlock.from_bytes(content, "image/png").to_bytes() == content


def test_an_empty_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(ValueError, match=r"empty\.png is empty"):
        DataBlock.from_file(tmp_path / "empty.png")
    with pytest.raises(FileNotFoundError):
        DataBlock.from_file(tmp_path / "nowhere.png")


def test_a_url_and_a_data_url() -> None:
    block = DataBlock.from_url("https://example.com/a.png?size=3")
    assert isinstance(block.source, URLSource) and block.source.media_type == "image/png"
    assert DataBlock.from_url("https://example.com/a", "image/gif").source.media_type == "image/gif"
    inline = DataBlock.from_url(f"data:image/png;base64,{base64.b64encode(PNG).decode()}")
    assert isinstance(inline.source, Base64Source) and inline.to_bytes() == PNG
    with pytest.raises(ValueError, match="media_type="):
        DataBlock.from_url("https://example.com/a")
    with pytest.raises(ValueError, match="fetch it from"):
        block.to_bytes()
    with pytest.raises(ValueError, match="not base64"):
        DataBlock(source=Base64Source(data="?", media_type="image/png")).to_bytes()


def test_a_message_of_texts_and_paths(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(PNG)
    message = UserMsg("user", ["What is this?", path])
    assert [block.type for block in message.content] == ["text", "data"]
    assert message.get_text_content() == "What is this?"
    assert [block.type for block in AssistantMsg("bot", ["Hello", TextBlock(text="!")]).content] == ["text", "text"]
    assert SystemMsg("system", ["Be brief."]).get_text_content() == "Be brief."
    with pytest.raises(ValueError, match="system message holds only"):
        SystemMsg("system", [path])  # type: ignore[list-item]  # the mistake


def test_a_result_needs_no_name() -> None:
    assert ToolResultBlock(id="c1", output="21").name == ""


def test_streamed_audio_becomes_a_correct_file(tmp_path: Path) -> None:
    pieces = [
        TTSResponse(DataBlock.from_bytes(WAV_HEADER + b"\1\2", "audio/wav"), is_last=False),
        TTSResponse(DataBlock.from_bytes(b"\3\4\5\6", "audio/wav"), is_last=False),
        TTSResponse(None),
    ]
    whole = join_audio(pieces).to_bytes()
    assert whole[44:] == b"\1\2\3\4\5\6"
    assert int.from_bytes(whole[40:44], "little") == 6 and int.from_bytes(whole[4:8], "little") == 6 + 36
    pieces[0].save(tmp_path / "first.wav")
    assert int.from_bytes((tmp_path / "first.wav").read_bytes()[40:44], "little") == 2
    assert join_audio([DataBlock.from_bytes(b"ID3a"), DataBlock.from_bytes(b"b", "audio/mpeg")]).to_bytes() == b"ID3ab"
    with pytest.raises(ValueError, match="at least one piece"):
        join_audio([TTSResponse(None)])
    with pytest.raises(ValueError, match="no audio in this response"):
        TTSResponse(None).save(tmp_path / "nothing.wav")
    assert repr(pieces[1]) == "<TTSResponse audio/wav, 6 bytes, not the last>"


def test_the_line_of_a_message_does_not_hold_the_file() -> None:
    block = DataBlock.from_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300_000))
    message = UserMsg("user", ["What is this?", block])
    for shown in (repr(block), str(block), repr(message), str(message)):
        assert len(shown) < 600 and "(400,012 characters)" in shown
    assert "characters" not in repr(DataBlock.from_bytes(b"\x89PNG\r\n\x1a\n"))
