"""Names of media types: one spelling for each, and a guess where none is given.

Facts: the IANA registry of media types, and the signatures at the start of the formats' files.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

__all__ = ["SIGNATURE_CHARACTERS", "canonical_type", "type_of_bytes", "type_of_data", "type_of_url"]

_OTHER_NAMES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/jfif": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-webp": "image/webp",
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
    "image/tif": "image/tiff",
    "image/svg": "image/svg+xml",
    "audio/mp3": "audio/mpeg",
    "audio/x-mp3": "audio/mpeg",
    "audio/mpeg3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-pn-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/x-aac": "audio/aac",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/x-aiff": "audio/aiff",
    "audio/x-ogg": "audio/ogg",
    "video/mpg": "video/mpeg",
    "video/x-m4v": "video/mp4",
    "video/mov": "video/quicktime",
    "application/x-pdf": "application/pdf",
    "application/x-zip-compressed": "application/zip",
    "application/x-zip": "application/zip",
    "text/x-markdown": "text/markdown",
    "text/xml": "application/xml",
}

_ENDINGS = {
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), "image/jpeg"),
    **{ending: f"image/{ending}" for ending in ("png", "gif", "webp", "bmp", "heic", "heif", "avif")},
    **dict.fromkeys(("tif", "tiff"), "image/tiff"),
    "svg": "image/svg+xml",
    "mp3": "audio/mpeg",
    **{ending: f"audio/{ending}" for ending in ("wav", "flac", "aac", "ogg", "opus", "aiff")},
    "m4a": "audio/mp4",
    **dict.fromkeys(("mp4", "m4v"), "video/mp4"),
    **dict.fromkeys(("mpeg", "mpg"), "video/mpeg"),
    "mov": "video/quicktime",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "mkv": "video/x-matroska",
    "pdf": "application/pdf",
    "json": "application/json",
    "xml": "application/xml",
    "zip": "application/zip",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    **dict.fromkeys(("html", "htm"), "text/html"),
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

_SIGNATURES = (
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF....WEBP", "image/webp"),
    (rb"RIFF....WAVE", "audio/wav"),
    (rb"RIFF....AVI ", "video/x-msvideo"),
    (rb"BM....\0\0\0\0", "image/bmp"),
    (rb"II\*\0|MM\0\*", "image/tiff"),
    (rb"....ftyp(?:heic|heix|mif1)", "image/heic"),
    (rb"....ftypavif", "image/avif"),
    (rb"....ftypM4A", "audio/mp4"),
    (rb"....ftypqt", "video/quicktime"),
    (rb"....ftyp", "video/mp4"),
    (rb"\x1aE\xdf\xa3", "video/webm"),
    (rb"ID3|\xff[\xfb\xf3\xf2]", "audio/mpeg"),
    (rb"fLaC", "audio/flac"),
    (rb"OggS", "audio/ogg"),
    (rb"%PDF-", "application/pdf"),
    (rb"PK\x03\x04", "application/zip"),
    (rb"(?i:\s*+(?:<\?xml[^>]*+>\s*+)?<svg)", "image/svg+xml"),
)
SIGNATURE_CHARACTERS = 128
"""How much of the base64 is read: a multiple of four."""


@lru_cache(maxsize=512)
def canonical_type(media_type: str) -> str:
    """The type in lower case under its registered name; its parameters stay as they are. `png` means `image/png`."""
    essence, semicolon, parameters = media_type.partition(";")
    kind = essence.strip().lower()
    if "/" not in kind:
        kind = _ENDINGS.get(kind.removeprefix("."), kind)
    return f"{_OTHER_NAMES.get(kind, kind)}{semicolon}{parameters}".strip()


def type_of_url(url: str) -> str:
    """The type that the ending of the URL's path means; empty when it means none."""
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    return _ENDINGS.get(name.rpartition(".")[2].lower(), "") if "." in name else ""


def type_of_data(data: str) -> str:
    """The type that the first bytes of base64 data show; empty when they show none."""
    try:
        start = base64.b64decode(data[:SIGNATURE_CHARACTERS])
    except (binascii.Error, ValueError):
        return ""
    return type_of_bytes(start)


def type_of_bytes(start: bytes) -> str:
    """The type that the first bytes of a file show; empty when they show none."""
    return next((kind for signature, kind in _SIGNATURES if re.match(signature, start, re.DOTALL)), "")
