"""Compressed answers and the limits of size, over every transport."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from modelport.adapters.http.content import Decoded
from modelport.adapters.media.loader import HttpMediaLoader
from modelport.error import MediaError, ModelConnectionError, ResponseDecodeError
from modelport.message import URLSource
from modelport.ports.http import HttpRequest, HttpTransport
from tests.adapters.http.servers import BUILD, answer, ask, raw_server

TEXT = b'{"answer": [1, 2, 3]}' * 5_000
MB = 1024 * 1024


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


def zeros(size: int) -> bytes:
    engine = zlib.compressobj(9, wbits=31)
    piece = b"\0" * MB
    return b"".join(engine.compress(piece) for _ in range(size // MB)) + engine.flush()


BOMB = zeros(512 * MB)


@pytest.fixture(params=BUILD)
def build(request: pytest.FixtureRequest) -> Callable[..., HttpTransport]:
    return BUILD[request.param]


def get(url: str) -> HttpRequest:
    return HttpRequest("GET", url)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("GZip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("identity, gzip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:7]) + gzip.compress(TEXT[7:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("identity", TEXT),
        ("", TEXT),
    ],
)
async def test_what_is_decoded(build: Callable[..., HttpTransport], coding: str, packed: bytes) -> None:
    async with raw_server(answer(packed, f"content-encoding: {coding}")) as server:
        assert await ask(build(), get(server.url())) == TEXT
        assert "accept-encoding: gzip, deflate" in server.heads[0].lower()


@pytest.mark.parametrize(
    ("coding", "packed", "says"),
    [
        ("gzip, gzip", gzip.compress(BOMB), "content-encoding"),
        ("gzip, gzip, gzip", gzip.compress(gzip.compress(BOMB)), "content-encoding"),
        ("deflate, gzip", gzip.compress(zlib.compress(BOMB)), "content-encoding"),
        ("gzip", BOMB, "expand"),
        ("br", b"\x0b\x02\x80", "content-encoding"),
        ("zstd", b"\x28\xb5\x2f\xfd", "content-encoding"),
        ("gzip", b"plain text", "expected gzip data"),
        ("deflate", b"plain text", "expected deflate data"),
    ],
)
async def test_what_is_refused(build: Callable[..., HttpTransport], coding: str, packed: bytes, says: str) -> None:
    async with raw_server(answer(packed, f"content-encoding: {coding}")) as server:
        transport = build()
        tracemalloc.start()
        with pytest.raises(ResponseDecodeError, match=says):
            await ask(transport, get(server.url()))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 40 * MB


async def test_compressed_data_without_its_end_is_a_broken_answer(build: Callable[..., HttpTransport]) -> None:
    async with raw_server(answer(gzip.compress(TEXT)[:-12], "content-encoding: gzip")) as server:
        with pytest.raises(ModelConnectionError, match="cut"):
            await ask(build(), get(server.url()))


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_has_a_largest_size(build: Callable[..., HttpTransport], chunked: bool, packed: bool) -> None:
    body = gzip.compress(TEXT) if packed else TEXT
    coding = "content-encoding: gzip" if packed else "x: y"
    whole = answer(body, coding)
    if chunked:
        head = f"HTTP/1.1 200 OK\r\n{coding}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        whole = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    async with raw_server(whole) as server:
        assert await ask(build(max_bytes=len(TEXT)), get(server.url())) == TEXT
        with pytest.raises(ResponseDecodeError, match=r"max_answer_mb"):
            await ask(build(max_bytes=len(TEXT) - 1), get(server.url()))


@pytest.mark.parametrize(("coding", "packed"), [("gzip, gzip", gzip.compress(BOMB)), ("gzip", BOMB), ("br", b"x")])
async def test_media_are_limited_after_decompression(
    build: Callable[..., HttpTransport], coding: str, packed: bytes
) -> None:
    loader = HttpMediaLoader(build(), allow_private=True, max_bytes=1_000_000)
    async with raw_server(answer(packed, "content-type: image/png", f"content-encoding: {coding}")) as server:
        tracemalloc.start()
        with pytest.raises(MediaError):
            await loader.load(URLSource(url=f"{server.url()}/x.png", media_type="image/png"))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 40 * MB


@pytest.mark.parametrize("step", [1, 7, 1000])
async def test_the_network_may_cut_anywhere(step: int) -> None:
    packed = gzip.compress(TEXT) + gzip.compress(b"more")

    async def pieces() -> object:
        for start in range(0, len(packed), step):
            yield packed[start : start + step]

    assert b"".join([data async for data in Decoded(pieces(), ["gzip"])]) == TEXT + b"more"  # type: ignore[arg-type]
