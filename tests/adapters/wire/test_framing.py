"""Bytes to frames, however they are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.wire.framing import Framer, NDJSONFramer, SSEFramer
from modelport.error import ResponseDecodeError


def frames(framer: Framer, pieces: list[bytes]) -> tuple[list[bytes], bytes | None]:
    return [frame for piece in pieces for frame in framer.feed(piece)], framer.tail()


TRICKY = (
    b"\xef\xbb\xbf: hello\n\n"
    b'data: {"plain": 1}\n\n'
    b'data:{"no_space": 1}\r\n\r\n'
    b"event: named\ndata: 2\n\n"
    b"id:1\nevent:result\n:HTTP_STATUS/200\ndata:3\n\n"
    b"data: two\ndata: lines\n\n"
    b": keep-alive\n\n\n\n"
    b"event: only\n\n"
    b"data\n\n"
    b"data:   spaces kept\r\r"
    b"unknown: field\rdata: 4\r\n\r\n"
    b"retry: 3\n\n"
    b"data: \xe2\x80\xa8 line separator inside\n\n"
    b"data: [DONE]\n\ndata: tail"
)
EXPECTED = [
    b'{"plain": 1}',
    b'{"no_space": 1}',
    b"2",
    b"3",
    b"two\nlines",
    b"  spaces kept",
    b"4",
    b"\xe2\x80\xa8 line separator inside",
    b"[DONE]",
]


def test_every_rule_at_once() -> None:
    assert frames(SSEFramer(), [TRICKY]) == (EXPECTED, b"tail")


def test_one_byte_at_a_time() -> None:
    assert frames(SSEFramer(), [bytes([byte]) for byte in TRICKY]) == (EXPECTED, b"tail")


def test_cut_in_two_everywhere() -> None:
    for cut in range(len(TRICKY)):
        assert frames(SSEFramer(), [TRICKY[:cut], TRICKY[cut:]]) == (EXPECTED, b"tail")


LINES = st.lists(
    st.sampled_from(
        [b"data: 1", b"data:2", b"data", b": ping", b"event: x", b"", b"id: 7", b"data: \xc3\xa9", b"data: [DONE]"]
    ),
    max_size=12,
)
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(LINES, ENDS, st.lists(st.integers(0, 200), max_size=8))
def test_line_ends_and_cuts_do_not_matter(lines: list[bytes], end: bytes, cuts: list[int]) -> None:
    reference = frames(SSEFramer(), [b"".join(line + b"\n" for line in lines)])
    data = b"".join(line + end for line in lines)
    points = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[start:stop] for start, stop in pairwise(points)]
    assert frames(SSEFramer(), pieces) == reference


def test_an_endless_event_is_refused() -> None:
    framer = SSEFramer(limit=1000)
    with pytest.raises(ResponseDecodeError, match="1000"):
        for _ in range(100):
            framer.feed(b"x" * 100)


@given(st.lists(st.sampled_from([b"{}", b'{"a": "\xe2\x80\xa9"}', b"", b" "])), st.lists(st.integers(0, 100)))
def test_ndjson_cuts_do_not_matter(lines: list[bytes], cuts: list[int]) -> None:
    data = b"".join(line + b"\n" for line in lines)
    points = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[start:stop] for start, stop in pairwise(points)]
    assert frames(NDJSONFramer(), pieces)[0] == [line for line in lines if line.strip()]


def test_ndjson_without_a_last_line_end() -> None:
    assert frames(NDJSONFramer(), [b'{"a": 1}\r\n{"b"', b": 2}"]) == ([b'{"a": 1}\r'], b'{"b": 2}')


def test_no_bytes_are_no_line() -> None:
    for framer in (SSEFramer(), NDJSONFramer()):
        assert framer.feed(b"") == []
        assert framer.tail() is None
