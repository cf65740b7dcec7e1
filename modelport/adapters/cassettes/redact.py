"""What is left out of cassettes: keys, and what identifies the person who recorded them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...domain.errors import SettingsError
from ...domain.secrets import HIDDEN, SecretFilter, secret_name
from .found_secrets import LONGEST_PIECE, body_secrets, header_secrets, request_secrets

__all__ = [
    "REQUEST_HEADERS",
    "RESPONSE_HEADERS",
    "kept_headers",
    "public_interaction",
    "public_uri",
    "scrub_bytes",
    "scrub_frame",
    "scrub_frames",
    "server_of",
    "texts_of",
]

REQUEST_HEADERS = ("accept", "content-type")
RESPONSE_HEADERS = (
    *("anthropic-version", "content-type", "date", "request-id", "retry-after", "retry-after-ms", "server"),
    *("x-ds-trace-id", "x-request-id", "x-should-retry"),
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LOOPBACK_ADDRESS = "127.0.0.1:8080"
_MEMBER = re.compile(rb'"([A-Za-z_]\w{0,40})"\s{0,8}:\s{0,8}"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)

T = TypeVar("T", str, bytes, str | bytes)
Json = Any
"""A JSON value: what vcrpy made of requests and responses."""


def public_interaction(interaction: Mapping[str, Json], ends: Sequence[int] = ()) -> tuple[dict[str, Json], list[int]]:
    """The interaction without headers that identify its maker and without keys, and where its answer's pieces end.

    Keys are found by the names of the headers, parameters and members that hold them in the request or the answer, and
    are replaced wherever either repeats them.
    """
    request, response = interaction["request"], interaction["response"]
    asked, answered = _bytes(request["body"]), _bytes(response["body"].get("string"))
    own = [*request_secrets(_joined(request["headers"]), request["uri"]), *body_secrets(asked)]
    known = [*own, *header_secrets(_joined(response["headers"])), *body_secrets(answered, answer=True)]
    hide = SecretFilter(known)
    body, moved = scrub_bytes(answered, known, ends)
    headers = kept_headers(response["headers"], RESPONSE_HEADERS)
    entry = {
        "request": {
            "method": request["method"],
            "uri": hide(public_uri(request["uri"])),
            "body": _like(request["body"], scrub_bytes(asked, own)[0]),
            "headers": _hidden(kept_headers(request["headers"], REQUEST_HEADERS), hide),
        },
        "response": {
            "status": response["status"],
            "headers": _hidden(headers, hide),
            "body": {**response["body"], "string": _like(response["body"].get("string"), body)},
        },
    }
    return entry, moved


def _joined(headers: Mapping[str, Json]) -> dict[str, str]:
    return {
        name: "; ".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in headers.items()
    }


def _hidden(headers: dict[str, Json], hide: SecretFilter) -> dict[str, Json]:
    return {
        name: [hide(str(one)) for one in value] if isinstance(value, list) else hide(str(value))
        for name, value in headers.items()
    }


def _bytes(body: Json) -> bytes:
    return body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""


def _like(body: Json, scrubbed: bytes) -> Json:
    """What was scrubbed, as text where it is text, as vcrpy writes it."""
    if not isinstance(body, str | bytes):
        return body
    try:
        return scrubbed.decode()
    except UnicodeDecodeError:
        return scrubbed


def kept_headers(headers: Mapping[str, Json], names: Iterable[str]) -> dict[str, Json]:
    """Those of these names, in lower case."""
    return {name.lower(): value for name, value in headers.items() if name.lower() in names}


def public_uri(uri: str) -> str:
    """Without user and key; a server on loopback has one port, because its own is an accident."""
    parts = urlsplit(uri)
    address = parts.netloc.rpartition("@")[2]
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if not secret_name(name)]
    scheme = parts.scheme
    if parts.hostname in _LOOPBACK:
        scheme, address = scheme.rstrip("s"), _LOOPBACK_ADDRESS
    return urlunsplit((scheme, address, parts.path, urlencode(query), ""))


def server_of(interactions: list[dict[str, Json]]) -> str:
    """Host and `server` header of the first answer."""
    if not interactions:
        raise SettingsError("no request was sent, so there is nothing to record")
    first = interactions[0]
    names = first["response"]["headers"].get("server") or []
    host = urlsplit(first["request"]["uri"]).netloc
    return " ".join([host, *(f"({name})" for name in ([names] if isinstance(names, str) else names))])


def texts_of(value: Json) -> Iterator[str]:
    """Every string in it: YAML may break a long one over lines."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def scrub_frame(frame: T, secrets: Iterable[str]) -> T:
    """A WebSocket message, or any other text, with its secrets replaced."""
    if isinstance(frame, str):
        return scrub_bytes(frame.encode(), secrets)[0].decode()
    return scrub_bytes(frame, secrets)[0]


def scrub_frames(frames: Sequence[str | bytes], secrets: Iterable[str]) -> list[str | bytes]:
    """The messages of one sender with their secrets replaced, also those that are spread over several messages."""
    secrets = list(secrets)
    texts = [frame.encode() for frame in frames if isinstance(frame, str)]
    ends = list(accumulate(size for text in texts for size in (len(text), 1)))
    data, ends = scrub_bytes(b"\n".join([*texts, b""]), secrets, ends)
    cut = iter([data[start:end] for start, end in zip([0, *ends[1::2]], ends[::2], strict=False)])
    return [next(cut).decode() if isinstance(frame, str) else scrub_bytes(frame, secrets)[0] for frame in frames]


def scrub_bytes(data: bytes, secrets: Iterable[str], ends: Sequence[int] = ()) -> tuple[bytes, list[int]]:
    """The data with its secrets replaced, and where its pieces end after that.

    A piece that ended within a secret ends behind what stands for it. A secret that is spread over the texts of several
    JSON members of one name, as in the deltas of a stream, is replaced in the first and taken out of the others.
    """
    hide = SecretFilter(secrets)
    edits = [(start, end, HIDDEN.encode()) for start, end in hide.spans(data)]
    edits = _apart(sorted([*edits, *_spread(data, hide)], key=lambda edit: (edit[0], -edit[1])))
    if not edits:
        return data, list(ends)
    pieces, shifts, at = [], [0], 0
    for start, end, instead in edits:
        pieces += [data[at:start], instead]
        shifts.append(shifts[-1] + len(instead) - (end - start))
        at = end
    starts = [start for start, _, _ in edits]
    moved = []
    for end in ends:
        number = bisect_right(starts, end - 1)  # how many secrets begin in the pieces up to here
        whole = max(end, edits[number - 1][1]) if number else end
        moved.append(whole + shifts[number])
    return b"".join([*pieces, data[at:]]), moved


_Edit = tuple[int, int, bytes]


def _apart(edits: list[_Edit]) -> list[_Edit]:
    """Without those that overlap one before them."""
    kept: list[_Edit] = []
    for edit in edits:
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return kept


def _spread(data: bytes, hide: SecretFilter) -> Iterator[_Edit]:
    """The parts of secrets that are spread over the texts of members with the same name."""
    if not hide:
        return
    texts: dict[bytes, list[tuple[int, int]]] = {}
    for found in _MEMBER.finditer(data):
        start, end = found.span(2)
        if start < end <= start + LONGEST_PIECE:
            texts.setdefault(found[1], []).append((start, end))
    for spans in texts.values():
        if len(spans) > 1:
            yield from _parts(data, spans, hide)


def _parts(data: bytes, spans: list[tuple[int, int]], hide: SecretFilter) -> Iterator[_Edit]:
    joined = b"".join(data[start:end] for start, end in spans)
    begins = [0, *accumulate(end - start for start, end in spans)]
    for start, end in hide.spans(joined):
        first, instead = bisect_right(begins, start) - 1, HIDDEN.encode()
        for number in range(first, bisect_right(begins, end - 1)):
            offset = spans[number][0] - begins[number]
            yield max(start, begins[number]) + offset, min(end, begins[number + 1]) + offset, instead
            instead = b""
