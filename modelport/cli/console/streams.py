"""Standard streams that were closed before the program began, as by `modelport chat hi >&-`."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import BinaryIO, TextIO

__all__ = ["discard", "replace_closed_streams"]


class _ClosedOutput(io.TextIOBase):
    """Fails like a stream whose descriptor is closed."""

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        raise _closed()

    @property
    def buffer(self) -> BinaryIO:
        """Where bytes would go."""
        raise _closed()


def _closed() -> OSError:
    return OSError(errno.EBADF, "is closed; the command needs it for its answer", "standard output")


def replace_closed_streams() -> None:
    """Read nothing from a closed stdin, write nothing to a closed stderr, and fail with an `OSError` on stdout.

    The lowest descriptors are taken, so that no file or connection opened later is written to by mistake.
    """
    if sys.stdin and sys.stdout and sys.stderr:
        return
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    if sys.stdin is None:
        sys.stdin = io.StringIO()
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    if sys.stdout is None:
        sys.stdout = _ClosedOutput()


def discard(*streams: TextIO) -> None:
    """Discard what is still buffered for a stream that failed; the interpreter would fail to flush it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
