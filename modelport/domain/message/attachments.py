"""Files as attachments: what their bytes are, and the files that a caller names.

This is the one place of the domain that reads and writes files, and only those whose path the program itself gives:
a path inside a message is a `URLSource`, which the settings must allow.
"""

from __future__ import annotations

from typing import Protocol

from .media_types import type_of_bytes, type_of_url

__all__ = ["LARGEST_FILE", "FilePath", "PathObject", "file_name", "guessed_type", "read_file", "write_file"]

LARGEST_FILE = 512 * 1024 * 1024
"""Bytes: more than any provider takes in a request, and what still fits into memory twice."""


class PathObject(Protocol):
    """A `pathlib.Path`, or another object that names a file."""

    def __fspath__(self) -> str: ...


FilePath = str | PathObject


_MEMBERS = {
    "application/zip": ("application/vnd.openxmlformats-officedocument.",),
    "video/mp4": ("audio/mp4", "video/quicktime"),
    "video/webm": ("video/x-matroska", "audio/webm"),
    "audio/ogg": ("audio/opus",),
}
"""Containers whose first bytes do not show which of these formats is inside; the file's name does."""
_TEXT_START = 4096


def file_name(path: FilePath) -> str:
    """The last part of the path."""
    text = path if isinstance(path, str) else path.__fspath__()
    return text.replace("\\", "/").rstrip("/").rpartition("/")[2]


def read_file(path: FilePath, most: int = LARGEST_FILE) -> bytes:
    """The file's bytes. Raises `ValueError` for an empty file or more than `most` bytes, and the system's `OSError`."""
    with open(path, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{file_name(path)} has more than {most:,} bytes; upload it and give DataBlock.from_url(…)")
    if not data:
        raise ValueError(f"{file_name(path)} is empty; expected the bytes of an image, sound, video or document")
    return data


def write_file(path: FilePath, data: bytes, media_type: str) -> None:
    """Write the bytes; a WAV gets its true sizes, which its header does not have when it was streamed."""
    if media_type.startswith("audio/wav"):
        from .wav import with_true_sizes  # for sound only

        data = with_true_sizes(data)
    with open(path, "wb") as file:
        file.write(data)


def guessed_type(data: bytes, name: str = "") -> str:
    """The media type of these bytes, by their first ones, else by the ending of `name`, else text if they are text.

    Raises `ValueError` when none of them determines it.
    """
    shown, named = type_of_bytes(data), type_of_url(name.replace("#", "_").replace("?", "_"))
    if named.startswith(_MEMBERS.get(shown, ("\0",))):
        return named
    found = shown or named or ("text/plain" if _is_text(data) else "")
    if not found:
        where = f"{name!r} has no known ending" if name else "there is no file name"
        raise ValueError(
            f"the first bytes show no known media type, and {where}; give one, e.g. media_type='image/png'"
        )
    return found


def _is_text(data: bytes) -> bool:
    start = data[:_TEXT_START]
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(data) <= _TEXT_START or error.start < len(start) - 3:
            return False
        text = start[: error.start].decode("utf-8")
    return "\0" not in text
