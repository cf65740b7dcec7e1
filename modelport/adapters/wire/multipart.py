"""Form uploads as bytes; the same fields always give the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

__all__ = ["FilePart", "multipart"]

FilePart = tuple[str, bytes, str]
"""A file's name, its bytes and its media type."""


def multipart(fields: Sequence[tuple[str, str]], files: Sequence[tuple[str, FilePart]]) -> tuple[bytes, str]:
    """The body and its content type. The boundary is a hash of the fields that none of them holds."""
    boundary = _boundary(fields, files)
    parts: list[bytes] = []
    for name, value in fields:
        parts.append(_head(boundary, f'name="{_quoted(name)}"') + b"\r\n" + value.encode("utf-8", "replace") + b"\r\n")
    for name, (file_name, data, media_type) in files:
        head = _head(boundary, f'name="{_quoted(name)}"; filename="{_quoted(file_name)}"')
        safe_type = media_type.replace("\r", "").replace("\n", "")
        parts.append(head + f"Content-Type: {safe_type}\r\n\r\n".encode("ascii", "replace") + data + b"\r\n")
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _head(boundary: str, disposition: str) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n".encode()


def _quoted(text: str) -> str:
    """As browsers write names: a quote or a line break cannot end the name."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22").encode("utf-8", "replace").decode()


def _boundary(fields: Sequence[tuple[str, str]], files: Sequence[tuple[str, FilePart]]) -> str:
    digest = hashlib.sha256()
    for name, value in fields:
        digest.update(f"{name}\0{value}\0".encode("utf-8", "replace"))
    for name, (file_name, data, _) in files:
        digest.update(f"{name}\0{file_name}\0".encode("utf-8", "replace"))
        digest.update(data)
    while True:
        boundary = f"modelport-{digest.hexdigest()[:32]}"
        held = any(boundary in value for _, value in fields)
        if not held and not any(boundary.encode() in data for _, (_, data, _) in files):
            return boundary
        digest.update(b"again")
