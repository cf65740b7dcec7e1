"""Media in local files, below folders that the settings allow."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from ...domain.errors import MediaError
from .encoding import LimitedBase64

__all__ = ["read_file_url"]

_PIECE_BYTES = 1024 * 1024
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

_FOLDER = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0)


def read_file_url(url: str, roots: Sequence[Path], limit: int) -> str:
    """The file's bytes in base64. Blocks: call it in a thread.

    Symbolic links are followed before the path is compared with the roots. From the root on, the file is opened folder
    by folder without following any, so that a link which appears in between leads nowhere. Messages do not reveal
    whether files outside of the roots exist.
    """
    given = _path(url)
    try:
        path = os.path.realpath(given)
        root = next((root for root in map(os.path.realpath, roots) if _below(path, root)), None)
        if root is None:
            advice = "add a folder above it to the media setting roots to allow that"
            raise MediaError(f"{given} may not be read as media; {advice}")
        return _read(_opened(root, path), given, limit)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(f"{given} cannot be read: {reason}") from error


def _path(url: str) -> str:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise MediaError(f"{url[:200]!r} does not name a file of this machine; write file:///folder/file")
    return os.fsdecode(unquote_to_bytes(parts.path))


def _below(path: str, root: str) -> bool:
    return os.path.commonpath([path, root]) == root


def _opened(root: str, path: str) -> int:
    """A descriptor of the file, waiting for no writer of a pipe."""
    if os.open not in os.supports_dir_fd:  # Windows, where only the last name is checked
        return os.open(path, _FLAGS)
    *folders, name = os.path.relpath(path, root).split(os.sep)
    place = os.open(root, _FOLDER)
    try:
        for folder in folders:
            inner = os.open(folder, _FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        return os.open(name, _FLAGS, dir_fd=place)
    finally:
        os.close(place)


def _read(handle: int, given: str, limit: int) -> str:
    with os.fdopen(handle, "rb", buffering=0) as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise MediaError(f"{given} is not a regular file")
        encoded = LimitedBase64(given, limit)
        encoded.expect(facts.st_size)
        while data := file.read(_PIECE_BYTES):
            encoded.add(data)
        return encoded.text()
