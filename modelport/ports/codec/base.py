"""What the codecs of all capabilities share: where a request goes, and how its answer is cut into payloads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ...domain.errors import AuthenticationError
from ...domain.secrets import hide_url_secrets, url_secrets
from ...domain.urls import join_url

__all__ = ["Endpoint", "Framer", "SniffingFramer"]

_SENDABLE = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")
_SCHEMES = ("bearer", "basic", "token")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to send, with the headers that authenticate the caller, which stay out of the repr."""

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"Endpoint(base_url={hide_url_secrets(self.base_url)!r})"

    def __post_init__(self) -> None:
        """Raises `AuthenticationError` for a header that cannot be sent; the message leaves its value out."""
        for name, value in self.headers.items():
            if not _SENDABLE.fullmatch(value):
                raise AuthenticationError(
                    f"expected printable ASCII in the credential's header {name}, got other characters, for example "
                    "a line break; copy the value again"
                )

    def url(self, path: str) -> str:
        """The URL of a method; a query of the base URL stays."""
        base = self.base_url
        return join_url(base, path) if "?" in base else base + path

    def secrets(self) -> list[str]:
        """The words of the headers and of the URL that must not be repeated anywhere."""
        words = (word for value in self.headers.values() for word in value.split())
        return [*(word for word in words if word.lower() not in _SCHEMES), *url_secrets(self.base_url)]


class Framer(Protocol):
    """Cuts a byte stream into payloads; see `adapters/wire/framing`."""

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that these bytes complete."""
        ...

    def tail(self) -> bytes | None:
        """A payload without its terminator, at the end of the bytes."""
        ...


@runtime_checkable
class SniffingFramer(Protocol):
    """A framer that recognises a stream of its own by its first bytes, which are not blank."""

    @staticmethod
    def may_begin(data: bytes) -> bool:
        """Whether a stream can begin like this."""
        ...

    @staticmethod
    def begins_as_events(data: bytes) -> bool:
        """Whether this is the beginning of a stream and not of one whole JSON text."""
        ...
