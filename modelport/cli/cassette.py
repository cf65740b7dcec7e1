"""Cassettes: one call recorded with vcrpy, and written only when no secret is in it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import yaml

from ..domain.errors import SettingsError

__all__ = ["Recording", "record_calls", "write_cassette"]

_REQUEST_HEADERS = ("accept", "content-type")
_RESPONSE_HEADERS = (
    *("anthropic-version", "content-type", "date", "request-id", "retry-after", "retry-after-ms", "server"),
    *("x-ds-trace-id", "x-request-id", "x-should-retry"),
)
_SECRET_QUERY = ("access_token", "api-key", "api_key", "key", "token")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LOOPBACK_ADDRESS = "127.0.0.1:8080"

_Json = Any
"""A JSON value: what vcrpy made of requests and responses."""


class Recording:
    """What was sent and answered, as vcrpy's plain data."""

    def __init__(self) -> None:
        self.interactions: list[dict[str, _Json]] = []

    def load_cassette(self, path: str, serializer: object) -> _Json:
        """vcrpy's persister: there is never an older cassette."""
        from vcr.persisters.filesystem import CassetteNotFoundError

        raise CassetteNotFoundError

    def save_cassette(self, path: str, cassette: dict[str, _Json], serializer: object) -> None:
        """vcrpy's persister: keep it here, so that it is looked through before it is written."""
        from vcr.serialize import serialize

        self.interactions = serialize(cassette, self)["interactions"]

    def serialize(self, data: _Json) -> _Json:
        """vcrpy's serializer: the data as it is."""
        return data


@asynccontextmanager
async def record_calls() -> AsyncIterator[Recording]:
    """Record every request within; the recording is filled at the end, also after an error."""
    try:
        import vcr
    except ImportError as error:
        raise SettingsError("recording needs an extra: pip install 'modelport[record]'") from error
    recording = Recording()
    recorder = vcr.VCR(record_mode="all", decode_compressed_response=True)
    recorder.persister = recording
    with recorder.use_cassette("recording"):
        yield recording


def write_cassette(
    recording: Recording, path: Path, secrets: Iterable[str], server: str | None, recorded_on: date
) -> None:
    """Write the recording without what identifies its maker; `SettingsError` when a secret is left in it."""
    interactions = [_public(interaction) for interaction in recording.interactions]
    cassette = {
        "origin": "recorded",
        "server": server or _server_of(interactions),
        "recorded_on": recorded_on,
        "version": 1,
        "interactions": interactions,
    }
    text = yaml.safe_dump(cassette, sort_keys=False)  # ASCII: vcrpy reads it in the locale's encoding
    if any(form in place for form in _forms(secrets) for place in (text, *_texts(cassette))):
        raise SettingsError(f"the key is in what was sent or answered, so {path} is not written")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _public(interaction: Mapping[str, _Json]) -> dict[str, _Json]:
    request, response = interaction["request"], interaction["response"]
    return {
        "request": {
            "method": request["method"],
            "uri": _public_uri(request["uri"]),
            "body": request["body"],
            "headers": _kept(request["headers"], _REQUEST_HEADERS),
        },
        "response": {
            "status": response["status"],
            "headers": _kept(response["headers"], _RESPONSE_HEADERS),
            "body": response["body"],
        },
    }


def _kept(headers: Mapping[str, _Json], names: Iterable[str]) -> dict[str, _Json]:
    return {name.lower(): value for name, value in headers.items() if name.lower() in names}


def _public_uri(uri: str) -> str:
    """Without user and key; a server on loopback has one port, because its own is an accident."""
    parts = urlsplit(uri)
    address = parts.netloc.rpartition("@")[2]
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if name.lower() not in _SECRET_QUERY]
    scheme, address = ("http", _LOOPBACK_ADDRESS) if parts.hostname in _LOOPBACK else (parts.scheme, address)
    return urlunsplit((scheme, address, parts.path, urlencode(query), ""))


def _server_of(interactions: list[dict[str, _Json]]) -> str:
    """Host and `server` header of the first answer."""
    if not interactions:
        raise SettingsError("no request was sent, so there is nothing to record")
    first = interactions[0]
    names = first["response"]["headers"].get("server") or []
    host = urlsplit(first["request"]["uri"]).netloc
    return " ".join([host, *(f"({name})" for name in ([names] if isinstance(names, str) else names))])


def _forms(secrets: Iterable[str]) -> list[str]:
    """Every way a secret may be written; what is as short as `none` or `ollama` is no secret but a placeholder."""
    given = [secret for secret in secrets if len(secret) > 6]
    encoded = [base64.b64encode(secret.encode()).decode().rstrip("=") for secret in given]
    return [*given, *(quote(secret, safe="") for secret in given), *encoded]


def _texts(value: _Json) -> Iterator[str]:
    """Every string in it: YAML may break a long one over lines."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
