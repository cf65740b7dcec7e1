"""WebSocket conversations as files: YAML, one entry a conversation.

    origin: recorded            # or `authored from` and the documentation's name
    server: dashscope.aliyuncs.com
    version: 1
    conversations:
    - request: {url: 'wss://dashscope.aliyuncs.com/api-ws/v1/inference', headers: {}}
      handshake: {status: 101, at: 0.1}     # a refused one has `headers` and `body` (or `base64`), and no frames
      frames:
      - {from: client, at: 0.1, json: {type: session.finish}}   # or `text`
      - {from: server, at: 0.3, base64: AAD/fw==}               # a binary message
      closed: {by: server, code: 1000, reason: '', at: 0.4}     # left out if the end was not seen

`at` is in seconds from the request. A message is `text` to the letter, `base64`, or `json`, which stands for that
value in its shortest writing. `headers` are harmless ones; `server` and `recorded_on` belong to recorded cassettes.

A folder may hold these files and HTTP cassettes: what has `conversations` is one of these.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from ...domain.errors import SettingsError
from ...ports.websocket import Frame
from .http_file import documents
from .redact import public_uri

__all__ = [
    "Address",
    "Conversation",
    "Refusal",
    "ServerStep",
    "ServerStop",
    "address_of",
    "frame_entry",
    "read_conversations",
    "websocket_file_for",
]

_SWITCHING: Literal[101] = 101
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Address = tuple[str, tuple[tuple[str, str], ...]]
"""What a request is known by: path and sorted query, not its host or headers."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Another answer to the handshake than 101; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ServerStop:
    """The server ends the connection; code 1006 without a closing handshake."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class ServerStep:
    """A step of the server: after how many client messages, and how many seconds after the last of them."""

    does: Frame | ServerStop
    after: int
    wait: float


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recorded connection."""

    place: str
    """The file and the number in it."""
    address: Address
    answered: float
    """Seconds from the request to the handshake's answer."""
    refusal: Refusal | None
    client: tuple[Frame, ...]
    server: tuple[ServerStep, ...]


def address_of(url: str) -> Address:
    """Of a request as it is sent, without its keys."""
    parts = urlsplit(public_uri(url))
    return unquote(parts.path) or "/", tuple(sorted(parse_qsl(parts.query, True)))


def websocket_file_for(file: Path) -> Path:
    """Where WebSockets are recorded while HTTP is recorded into that file: `a.yaml` goes with `a.websocket.yaml`."""
    return file.with_suffix(f".websocket{file.suffix}") if file.suffix in (".yaml", ".yml") else file


def frame_entry(frame: Frame) -> dict[str, str]:
    """A message as a cassette's entry."""
    return {"text": frame} if isinstance(frame, str) else {"base64": base64.b64encode(frame).decode()}


def read_conversations(path: Path) -> list[Conversation]:
    """Those of a cassette, or of every cassette in a folder and below, in the order of their names."""
    return [conversation for file, document in documents(path) for conversation in _read(file, document)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class _Request(_Entry):
    url: str
    headers: dict[str, str] = Field(default_factory=dict)

    @field_validator("url")
    @classmethod
    def _readable(cls, url: str) -> str:
        address_of(url)
        return url


class _Handshake(_Entry):
    status: Literal[101] | Annotated[int, Field(ge=200, le=599)] = _SWITCHING
    at: _Seconds = 0.0
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    base64: str | None = None

    def refusal(self) -> Refusal | None:
        """None where the connection was opened."""
        if self.status == _SWITCHING:
            return None
        body = _decoded(self.base64) if self.base64 is not None else (self.body or "").encode()
        return Refusal(self.status, {name.lower(): value for name, value in self.headers.items()}, body)


class _Frame(_Entry):
    sender: Literal["client", "server"] = Field(alias="from")
    at: _Seconds = 0.0
    text: str | None = None
    value: JsonValue = Field(default=None, alias="json")
    base64: str | None = None

    @model_validator(mode="after")
    def _one_message(self) -> _Frame:
        if len(self.model_fields_set & {"text", "value", "base64"}) != 1:
            raise ValueError("needs one of text, json and base64")
        self.message()
        return self

    def message(self) -> Frame:
        """The message itself."""
        if self.base64 is not None:
            return _decoded(self.base64)
        return self.text if self.text is not None else json.dumps(self.value, ensure_ascii=False, separators=(",", ":"))


class _Closed(_Entry):
    by: Literal["client", "server"]
    code: Annotated[int, Field(ge=1000, le=1015)] | Annotated[int, Field(ge=3000, le=4999)] = 1000
    reason: str = ""
    at: _Seconds = 0.0


class _Conversation(_Entry):
    request: _Request
    handshake: _Handshake = _Handshake()
    frames: list[_Frame] = Field(default_factory=list)
    closed: _Closed | None = None

    @model_validator(mode="after")
    def _refused_is_over(self) -> _Conversation:
        self.handshake.refusal()
        if self.handshake.status != _SWITCHING and (self.frames or self.closed):
            raise ValueError("a refused handshake has no frames and no closing")
        return self

    def conversation(self, place: str) -> Conversation:
        """What is replayed."""
        return Conversation(
            place=place,
            address=address_of(self.request.url),
            answered=self.handshake.at,
            refusal=self.handshake.refusal(),
            client=tuple(frame.message() for frame in self.frames if frame.sender == "client"),
            server=tuple(self._steps()),
        )

    def _steps(self) -> Iterator[ServerStep]:
        """The server's steps, each with the number of client messages before it."""
        came, last = 0, self.handshake.at
        for frame in self.frames:
            if frame.sender == "client":
                came, last = came + 1, frame.at
            else:
                yield ServerStep(frame.message(), came, max(0.0, frame.at - last))
        if self.closed is not None and self.closed.by == "server":
            yield ServerStep(ServerStop(self.closed.code, self.closed.reason), came, max(0.0, self.closed.at - last))


class _Document(BaseModel):
    """Further keys are notes of the author's."""

    origin: str = Field(pattern=r"^(recorded|authored)\b")
    version: Literal[1]
    conversations: list[_Conversation]


def _read(file: Path, document: Any) -> list[Conversation]:  # Any: YAML
    if not (isinstance(document, dict) and "conversations" in document):
        return []
    try:
        entries = _Document.model_validate(document).conversations
    except ValidationError as error:
        raise SettingsError(f"{file}: not a WebSocket cassette: {'; '.join(_faults(error))}") from error
    return [entry.conversation(f"{file}, conversation {number}") for number, entry in enumerate(entries, 1)]


def _faults(error: ValidationError) -> Iterator[str]:
    """Place and fault, without the value, which may be a secret."""
    for each in error.errors(include_url=False, include_input=False)[:3]:
        yield f"{'.'.join(map(str, each['loc']))}: {each['msg']}"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"base64: {error}") from error
