"""What is left out of cassettes: keys, and what identifies their maker."""

from __future__ import annotations

import base64
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
    "kept_headers",
    "message_secrets",
    "public_interaction",
    "public_uri",
    "request_secrets",
    "scrub_bytes",
    "scrub_frame",
    "secret_forms",
    "server_of",
    "texts_of",
]

REQUEST_HEADERS = ("accept", "content-type")
RESPONSE_HEADERS = (
    *("anthropic-version", "content-type", "date", "request-id", "retry-after", "retry-after-ms", "server"),
    *("x-ds-trace-id", "x-request-id", "x-should-retry"),
)
SECRET_QUERY = ("access_token", "api-key", "api_key", "key", "token")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LOOPBACK_ADDRESS = "127.0.0.1:8080"
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|credential|signature", re.IGNORECASE)
_SECRET_MEMBER = re.compile(
    r"authorization|api[-_]?key|secret|passw|credential|cookie|(access|auth|session|bearer)[-_]?token|^token$",
    re.IGNORECASE,
)
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
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if name.lower() not in SECRET_QUERY]
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
    """Every way a secret may be written; what is as short as `none` or `ollama` is no secret but a placeholder."""
    given = [secret for secret in secrets if len(secret) > 6]
    encoded = [base64.b64encode(secret.encode()).decode().rstrip("=") for secret in given]
    return [*given, *(quote(secret, safe="") for secret in given), *encoded]


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
    words = [value.rpartition(" ")[2] for value in held]  # after `Bearer`
    query = [value for name, value in parse_qsl(urlsplit(url).query) if name.lower() in SECRET_QUERY]
    return [*words, *query]


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
