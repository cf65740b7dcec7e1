"""Names of media types, guesses where there is none, and URLs as they can be sent."""

from __future__ import annotations

import base64

import pytest
from pydantic import ValidationError

from modelport.domain.message.media import announcement, kind_of, media_matches
from modelport.domain.message.media_types import canonical_type
from modelport.message import Base64Source, DataBlock, URLSource


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("image/jpg", "image/jpeg"),
        ("Image/JPEG", "image/jpeg"),
        ("audio/mp3", "audio/mpeg"),
        ("audio/x-wav", "audio/wav"),
        ("audio/wave", "audio/wav"),
        ("audio/x-m4a", "audio/mp4"),
        ("application/x-pdf", "application/pdf"),
        ("text/plain; charset=UTF-8", "text/plain; charset=UTF-8"),
        ("audio/L16;codec=pcm;rate=24000", "audio/l16;codec=pcm;rate=24000"),
        (".PNG", "image/png"),
        ("something/else", "something/else"),
    ],
)
def test_a_type_has_one_name(given: str, name: str) -> None:
    assert canonical_type(given) == canonical_type(name) == name
    assert Base64Source(data="AAAA", media_type=given).media_type == name
    assert URLSource(url="https://h/a", media_type=given).media_type == name


def test_patterns_and_kinds_know_all_names() -> None:
    assert media_matches("AUDIO/X-WAV", ["audio/wave"]) and media_matches("image/jpg", ["IMAGE/*"])
    assert kind_of("Image/PNG") == "image" and not media_matches("image/png", ["image/gif"])


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"ID3\x04", "audio/mpeg"),
        (b"fLaC", "audio/flac"),
        (b"OggS", "audio/ogg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x20ftypheic", "image/heic"),
        (b"PK\x03\x04", "application/zip"),
        (b'<svg xmlns="', "image/svg+xml"),
    ],
)
def test_data_show_their_type(start: bytes, name: str) -> None:
    data = base64.b64encode(start + b"\x00" * 200).decode()
    assert Base64Source(data=data).media_type == Base64Source(data=data, media_type="").media_type == name
    assert Base64Source(data=data, media_type="image/bmp").media_type == "image/bmp", "what is given counts"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://h.example/a/photo.JPG?size=1#x", "image/jpeg"),
        ("file:///data/a%20b.pdf", "application/pdf"),
        ("https://h.example/song.mp3", "audio/mpeg"),
        ("https://h.example/a.b/film.webm", "video/webm"),
    ],
)
def test_urls_show_their_type(url: str, name: str) -> None:
    assert URLSource(url=url).media_type == name


@pytest.mark.parametrize("url", ["https://h.example/a", "https://h.example/a.png/b", "https://h.example/a.xyz"])
def test_a_type_that_cannot_be_guessed_is_asked_for(url: str) -> None:
    with pytest.raises(ValidationError, match="media type is missing: the URL ends in no known one; give one"):
        URLSource(url=url)
    with pytest.raises(ValidationError, match="media type is missing: the first bytes of the data show none"):
        Base64Source(data="AAAA")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://h.example/a b.png", "https://h.example/a%20b.png"),
        ("https://h.example/ä.png?q=ü", "https://h.example/%C3%A4.png?q=%C3%BC"),
        ("https://h.example/%C3%A4%20.png", "https://h.example/%C3%A4%20.png"),
        ("https://bücher.example/a.png", "https://xn--bcher-kva.example/a.png"),
        ("https://ann:pä@bücher.example/a.png", "https://ann:p%C3%A4@xn--bcher-kva.example/a.png"),
        ("file:///data/caf\udce9.png", "file:///data/caf%E9.png"),
        ("https://h.example/\ud83d.png", "https://h.example/%EF%BF%BD.png"),
        ("https://h.example/a\n.png", "https://h.example/a%0A.png"),
        (" https://h.example/a.png?x=[1]&y='z' ", "https://h.example/a.png?x=[1]&y='z'"),
    ],
)
def test_urls_are_encoded_once(given: str, url: str) -> None:
    source = URLSource(url=given)
    assert source.url == url and URLSource.model_validate_json(source.model_dump_json()) == source


def test_announcements() -> None:
    named = DataBlock(source=Base64Source(data="AAAA", media_type="application/zip"), name="C:\\Users\\ann\\a.zip")
    assert announcement(named) == "[Here was a document named 'a.zip' (application/zip), not shown to you.]"
    local = DataBlock(source=URLSource(url="FILE:///home/ann/a.svg"))
    assert announcement(local) == "[Here was an image (image/svg+xml), not shown to you.]"
