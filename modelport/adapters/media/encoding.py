"""Bytes to base64 as they arrive, within a limit."""

from __future__ import annotations

from binascii import b2a_base64

from ...domain.errors import MediaError

__all__ = ["LimitedBase64"]


class LimitedBase64:
    """Encodes piece by piece, so that a large file does not block the event loop; raises `MediaError` above `limit`."""

    def __init__(self, shown: str, limit: int) -> None:
        self._shown = shown
        self._limit = limit
        self._size = 0
        self._rest = b""
        self._pieces: list[str] = []

    def expect(self, size: int) -> None:
        """Refuse a file that declares a size above the limit."""
        if size > self._limit:
            advice = "give a smaller file or raise the media setting max_bytes"
            raise MediaError(f"{self._shown} is larger than {self._limit} bytes; {advice}")

    def add(self, data: bytes) -> None:
        """The next bytes."""
        self._size += len(data)
        self.expect(self._size)
        data = self._rest + data
        whole = len(data) - len(data) % 3
        self._rest = data[whole:]
        self._pieces.append(b2a_base64(data[:whole], newline=False).decode("ascii"))

    def text(self) -> str:
        """Everything in base64; raises `MediaError` when there was nothing."""
        if not self._size:
            raise MediaError(f"{self._shown} is empty")
        return "".join([*self._pieces, b2a_base64(self._rest, newline=False).decode("ascii")])
