"""What one dialect looks like to the tests that hold for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelport.application.chat.model import ChatModelBase
from modelport.message import Msg, UserMsg
from modelport.testing.servers.http import ScriptedAnswer, Step

__all__ = ["Json", "Sample", "line", "question", "sse"]

Json = dict[str, Any]  # Any: a provider's JSON


@dataclass(frozen=True)
class Sample:
    """What one class's server sends.

    `opening` says "Hello" and " world" in its last two pieces, `ending` ends normally. Both together, and `body` in one
    piece, count five tokens in and two out.
    """

    name: str
    build: Callable[..., ChatModelBase]
    content_type: str
    opening: tuple[bytes, ...]
    ending: tuple[bytes, ...]
    length_ending: tuple[bytes, ...]
    error_event: bytes
    body: Any

    def model(self, url: str, **options: Any) -> ChatModelBase:  # Any: options of the model
        """A model that talks to that server."""
        return self.build(url, **options)

    def stream(self, *steps: Step) -> ScriptedAnswer:
        """A streamed answer of these pieces."""
        return ScriptedAnswer(200, {"content-type": self.content_type}, list(steps))

    @property
    def whole_stream(self) -> ScriptedAnswer:
        """A good streamed answer."""
        return self.stream(*self.opening, *self.ending)

    def __str__(self) -> str:
        return self.name


def question() -> list[Msg]:
    """Any conversation."""
    return [UserMsg("user", "Say hello")]


def sse(value: Any, event: str = "", line_end: str = "\n") -> bytes:  # Any: JSON, or the data as text
    """A server-sent event."""
    data = value if isinstance(value, str) else json.dumps(value)
    head = f"event: {event}{line_end}" if event else ""
    return f"{head}data: {data}{line_end}{line_end}".encode()


def line(value: Any) -> bytes:  # Any: JSON
    """A line of NDJSON."""
    return json.dumps(value).encode() + b"\n"
