"""Cassettes as files: vcrpy's YAML, with one key more per interaction that keeps how the answer arrived.

    modelport:
      head: 0.21            # seconds from the request to the answer's head
      chunks: [[0.22, 118], [0.25, 96]]   # seconds from the request, bytes
      ended: whole          # or `broken`: the connection was lost, `closed`: the reader stopped

vcrpy ignores that key. A cassette without it is an answer in one piece.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml

from ...domain.errors import SettingsError
from ...domain.json_values import read_json
from ..wire.yaml_text import YamlFault, read_yaml
from .found_secrets import body_secrets
from .redact import public_uri, scrub_bytes

__all__ = ["Asked", "Flow", "Interaction", "documents", "entry_text", "read_interactions"]

_Json = Any
"""A JSON value, or what YAML made of one."""
_MALFORMED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    EOFError,
    zlib.error,
    OSError,
)
"""What reading an entry of the wrong shape raises."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is known by: not its host, its headers, or how its JSON was written."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: _Json
    """The JSON value, or the text where it is none."""

    @classmethod
    def of(cls, method: str, url: str, body: bytes) -> Asked:
        """Of a request as it is sent, without its keys."""
        parts = urlsplit(public_uri(url))
        body, _ = scrub_bytes(body, body_secrets(body))
        return cls(
            method.upper(), unquote(parts.path) or "/", tuple(sorted(parse_qsl(parts.query, True))), _value(body)
        )

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, str], ...], str]:
        """Equal for requests that ask the same."""
        return self.method, self.path, self.query, json.dumps(_canonical(self.body), sort_keys=True)


@dataclass(frozen=True, slots=True)
class Interaction:
    """A recorded request and its answer; times are seconds from the request."""

    asked: Asked
    place: str
    """The file and the number in it."""
    status: int
    headers: dict[str, str]
    head: float
    pieces: tuple[tuple[float, bytes], ...]
    whole: bool
    """Whether the answer was read to its end."""


def read_interactions(path: Path) -> list[Interaction]:
    """Those of a cassette, or of every cassette in a folder and below, in the order of their names."""
    return [interaction for file, document in documents(path) for interaction in _read(file, document)]


def documents(path: Path) -> Iterator[tuple[Path, _Json]]:
    """The content of the file, or of each file in a folder and below, in the order of their names."""
    if not path.exists():
        raise SettingsError(f"{path}: no such cassette or folder of cassettes")
    files = sorted(file for file in path.rglob("*.y*ml") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        try:
            document = read_yaml(file.read_bytes())
        except OSError as error:
            raise SettingsError(f"{file}: cannot be read: {error.strerror}") from error
        except YamlFault as error:
            raise SettingsError(f"{file}: {error}") from error
        yield file, document.value


def entry_text(entry: Mapping[str, _Json]) -> str:
    """One entry below `interactions:` or `conversations:`."""
    text: str = yaml.dump([entry], Dumper=_Dumper, sort_keys=False)  # ASCII: vcrpy reads the locale's encoding
    return text


class Flow(list[_Json]):
    """A list that is written on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes `Flow` lists on one line and nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(
    Flow, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


def _read(file: Path, document: _Json) -> list[Interaction]:
    if isinstance(document, dict) and "conversations" in document and "interactions" not in document:
        return []  # WebSockets
    entries = document.get("interactions") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise SettingsError(f"{file}: not a vcrpy cassette: expected a list of `interactions`; record it again")
    try:
        return [_interaction(entry, f"{file}, interaction {number}") for number, entry in enumerate(entries, 1)]
    except _MALFORMED as error:
        raise SettingsError(f"{file}: not a vcrpy cassette: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _interaction(entry: Mapping[str, _Json], place: str) -> Interaction:
    request, response = entry["request"], entry["response"]
    headers = {name.lower(): _joined(value) for name, value in (response.get("headers") or {}).items()}
    body = _decoded(_bytes((response.get("body") or {}).get("string")), headers)
    arrival = entry.get("modelport") or {}
    return Interaction(
        asked=Asked.of(request["method"], request["uri"], _bytes(request.get("body"))),
        place=place,
        status=int(response["status"]["code"]),
        headers=headers,
        head=float(arrival.get("head", 0.0)),
        pieces=_pieces(body, arrival.get("chunks")),
        whole=arrival.get("ended", "whole") == "whole",
    )


def _pieces(body: bytes, chunks: list[tuple[float, int]] | None) -> tuple[tuple[float, bytes], ...]:
    """The body as it arrived; in one piece where that is not known, or no longer true of an edited body."""
    if not chunks or sum(size for _, size in chunks) != len(body):
        return ((0.0, body),) if body else ()
    pieces, start = [], 0
    for at, size in chunks:
        pieces.append((float(at), body[start : start + size]))
        start += size
    return tuple(piece for piece in pieces if piece[1])


def _decoded(body: bytes, headers: dict[str, str]) -> bytes:
    """Without compression, which vcrpy keeps by default."""
    coding = headers.pop("content-encoding", "identity").lower()
    if coding == "gzip" and body[:2] == b"\x1f\x8b":
        return gzip.decompress(body)
    if coding == "deflate":
        for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # servers leave the head out
            with contextlib.suppress(zlib.error):
                return zlib.decompress(body, bits)
    if coding in ("identity", "gzip", "deflate"):  # vcrpy can also have decompressed it, and left the header
        return body
    raise ValueError(f"content-encoding {coding}; record it with decode_compressed_response=True")


def _joined(value: _Json) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _bytes(value: _Json) -> bytes:
    if isinstance(value, dict | list):
        return json.dumps(value).encode()
    return value if isinstance(value, bytes) else str(value or "").encode()


def _canonical(value: _Json) -> _Json:
    """The value with its whole numbers written in one way: 1.0 is 1 in JSON."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return {name: _canonical(item) for name, item in value.items()} if isinstance(value, dict) else value


def _value(body: bytes) -> _Json:
    try:
        return read_json(body, with_nan=True)
    except ValueError:
        return body.decode("utf-8", "backslashreplace")
