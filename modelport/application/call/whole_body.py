"""A whole body where a stream was expected: collected to its end, then decoded at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ...domain.errors import ModelError, ResponseDecodeError
from .http import decode_whole

__all__ = ["BodyCollector", "BodyDecoder"]

DeltaT = TypeVar("DeltaT")


class BodyCollector:
    """A framer whose only payload is the whole body."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> list[bytes]:
        """Keep the bytes, whose number the transport limits."""
        self._pieces.append(data)
        return []

    def tail(self) -> bytes | None:
        """The body."""
        return b"".join(self._pieces)


class BodyDecoder(Generic[DeltaT]):
    """A stream decoder whose only delta is the decoded body, given by `finish`."""

    def __init__(self, decode: Callable[[bytes], DeltaT]) -> None:
        self.ended = False
        self.complete = False
        self.failure: ModelError | None = None
        self._decode = decode
        self._answer: DeltaT | None = None

    def feed(self, payloads: Sequence[bytes]) -> DeltaT | None:
        """Decode the body, if it has come. An error is left in `failure`."""
        try:
            for payload in payloads:
                self._answer = decode_whole(self._decode, payload)
                self.ended = True
        except ModelError as error:
            self.failure = error
        return None

    def finish(self) -> DeltaT:
        """The decoded body; raises the error that it holds."""
        if self._answer is None:
            raise self.failure or ResponseDecodeError("the answer is empty")
        return self._answer
