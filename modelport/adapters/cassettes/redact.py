"""What is left out of cassettes: keys, and what identifies the person who recorded them."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from ...domain.errors import SettingsError

__all__ = [
    "REQUEST_HEADERS",
    "RESPONSE_HEADERS",
    "body_secrets",
    "kept_headers",
    "message_secrets",
    "public_interaction",
    "public_uri",
    "request_secrets",
    "scrub_bytes",
    "scrub_frame",
    "secret_forms",
    "server_of",
    "signing_secrets",
    "texts_of",
]

REQUEST_HEADERS = ("accept", "content-type")
RESPONSE_HEADERS = (
    *("anthropic-version", "content-type", "date", "request-id", "retry-after", "retry-after-ms", "server"),
    *("x-ds-trace-id", "x-request-id", "x-should-retry"),
)
_SECRET_QUERY = re.compile(
    r"(^|[-_])(key|sig|auth|secret)$|^(code|token|pass|.*signature|.*credential)$|passw|api[-_]?key|access[-_]?key"
    r"|(access|auth|client|id|refresh|security|session)[-_]?(token|secret)|^x-(amz|goog)-",
    re.IGNORECASE,
)
"""Also the names with which AWS and Google sign a URL, whose values differ each time."""
_SIGNED = re.compile(
    rb"(?:[?&]|\\u0026)(?:x-(?:amz|goog)-(?:signature|credential|security-token)|signature|sig|ossaccesskeyid"
    rb"|awsaccesskeyid|security-token)=([^&\"'\\\s]{7,})",
    re.IGNORECASE,
)
"""What a signed URL within an answer is signed with."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LOOPBACK_ADDRESS = "127.0.0.1:8080"
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|credential|signature|organi[sz]ation", re.IGNORECASE)
_SECRET_MEMBER = re.compile(
    r"authorization|api[-_]?key|secret|passw|credential|cookie|(access|auth|session|bearer)[-_]?token|^token$",
    re.IGNORECASE,
)
_ONE_WORD = re.compile(r"(?:(?:Bearer|Basic|Token)\s+)?(\S+)", re.IGNORECASE)
_SCRUBBED = b"[secret]"

T = TypeVar("T", str, bytes, str | bytes)
Json = Any
"""A JSON value: what vcrpy made of requests and responses."""


def public_interaction(interaction: Mapping[str, Json]) -> dict[str, Json]:
    """The interaction without headers that identify its maker, and without keys in its URL."""
    request, response = interaction["request"], interaction["response"]
    return {
        "request": {
            "method": request["method"],
            "uri": public_uri(request["uri"]),
            "body": request["body"],
            "headers": kept_headers(request["headers"], REQUEST_HEADERS),
        },
        "response": {
            "status": response["status"],
            "headers": kept_headers(response["headers"], RESPONSE_HEADERS),
            "body": response["body"],
        },
    }


def kept_headers(headers: Mapping[str, Json], names: Iterable[str]) -> dict[str, Json]:
    """Those of these names, in lower case."""
    return {name.lower(): value for name, value in headers.items() if name.lower() in names}


def public_uri(uri: str) -> str:
    """Without user and key; a server on loopback has one port, because its own is an accident."""
    parts = urlsplit(uri)
    address = parts.netloc.rpartition("@")[2]
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if not _SECRET_QUERY.search(name)]
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


def secret_forms(secrets: Iterable[str]) -> list[str]:
    """Every way a secret may be written; values as short as `none` or `ollama` are placeholders, not secrets."""
    given = [secret for secret in secrets if len(secret) > 6]
    encoded = [base64.b64encode(secret.encode()).decode().rstrip("=") for secret in given]
    return [*given, *(quote(secret, safe="") for secret in given), *(json.dumps(one)[1:-1] for one in given), *encoded]


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


def request_secrets(headers: Mapping[str, str], url: str) -> list[str]:
    """The keys that a request carries, by the names of its headers and query parameters."""
    held = [value for name, value in headers.items() if _SECRET_HEADER.search(name)]
    query = [value for name, value in parse_qsl(urlsplit(url).query) if _SECRET_QUERY.search(name)]
    return [*(part for value in held for part in _header_secrets(value)), *query]


def _header_secrets(value: str) -> list[str]:
    """What is secret in a header's value: what stands after `Bearer`, and the parts of a cookie or a signature."""
    word = value.rpartition(" ")[2]  # after `Bearer`
    parts = [part.partition("/")[0] for part in re.findall(r"""[\w-]=\s*"?([^\s;,"]+)""", value)]
    if value[:6].lower() == "basic ":
        with contextlib.suppress(ValueError):
            parts.append(base64.b64decode(word).decode().partition(":")[2])
    return [word, *parts]


def body_secrets(body: bytes) -> list[str]:
    """The keys that a JSON body carries in members of such names; of objects below them only what they say is one."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return []
    found = (_ONE_WORD.fullmatch(text.strip()) for text in _named_secrets(value, False))
    return [match[1] for match in found if match is not None]


def _named_secrets(value: Json, named: bool) -> Iterator[str]:
    """The texts directly in members of such names: a schema's property of such a name is described, and not given."""
    if isinstance(value, str) and named:
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _named_secrets(item, named)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _named_secrets(item, _SECRET_MEMBER.search(name) is not None or (named and name == "value"))


def signing_secrets(body: bytes) -> list[str]:
    """What the URLs in an answer are signed with."""
    return [found.decode("utf-8", "replace") for found in _SIGNED.findall(body)]


def message_secrets(message: str) -> list[str]:
    """The keys that a JSON message carries, by the names of its members."""
    try:
        return [text.rpartition(" ")[2] for text in _secrets_in(json.loads(message), False)]
    except (ValueError, RecursionError):
        return []


def _secrets_in(value: Json, named: bool) -> Iterator[str]:
    """Every string below a member of such a name."""
    if isinstance(value, str) and named:
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _secrets_in(item, named)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _secrets_in(item, named or _SECRET_MEMBER.search(name) is not None)


def scrub_frame(frame: T, secrets: Iterable[str]) -> T:
    """A WebSocket message, or any other text, with its secrets replaced."""
    if isinstance(frame, str):
        return scrub_bytes(frame.encode(), secrets)[0].decode()
    return scrub_bytes(frame, secrets)[0]


def scrub_bytes(data: bytes, secrets: Iterable[str], ends: Sequence[int] = ()) -> tuple[bytes, list[int]]:
    """The data with its secrets replaced, and where its pieces end after that.

    A piece that ended within a secret ends behind what stands for it.
    """
    forms = sorted({form.encode() for form in secret_forms(secrets)}, key=len, reverse=True)
    if not forms:
        return data, list(ends)
    found = list(re.finditer(b"|".join(map(re.escape, forms)), data))
    starts = [match.start() for match in found]
    shifts = [0]
    for match in found:
        shifts.append(shifts[-1] + len(_SCRUBBED) - len(match[0]))
    moved = []
    for end in ends:
        number = bisect_right(starts, end - 1)  # how many secrets begin in the pieces up to here
        whole = max(end, found[number - 1].end()) if number else end
        moved.append(whole + shifts[number])
    return re.sub(b"|".join(map(re.escape, forms)), _SCRUBBED, data), moved
