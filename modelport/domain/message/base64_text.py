"""Base64 as programs write it, and as servers want it: RFC 4648, section 4, in one line and with its padding."""

from __future__ import annotations

import re

from .media_types import SIGNATURE_CHARACTERS

__all__ = ["is_base64", "is_plain", "plain_base64"]

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

_BLANK = re.compile(r"\s+")
_URL_SAFE = str.maketrans("-_", "+/")
_START = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z")


def plain_base64(text: str) -> str:
    """The text without line breaks, in the usual alphabet, padded; itself where it is so already."""
    if "\n" in text or " " in text or "\r" in text or "\t" in text:
        text = _BLANK.sub("", text)
    if "-" in text or "_" in text:
        text = text.translate(_URL_SAFE)
    if len(text) % 4 > 1 and not text.endswith("="):
        text += "=" * (-len(text) % 4)
    return text


def is_base64(text: str) -> bool:
    """Whether it may be base64 of something: its length and both of its ends are; what lies between is not read."""
    ends = text if len(text) <= 2 * SIGNATURE_CHARACTERS else text[:SIGNATURE_CHARACTERS] + text[-SIGNATURE_CHARACTERS:]
    return bool(text) and len(text) % 4 == 0 and _START.match(ends) is not None


def is_plain(text: str) -> bool:
    """Whether it is base64 of the usual alphabet in whole groups of four, with padding at its end only."""
    bare = text.rstrip("=")
    if len(text) % 4 or len(text) - len(bare) > 2:
        return False
    return not bare.encode("utf-8", "replace").translate(None, _ALPHABET)
