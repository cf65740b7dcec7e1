"""The secrets that a request or an answer names or shows: in headers, URLs, JSON, forms and cookies, at any depth.

Requests and answers are read alike. What a JSON member, a form field or a query parameter is called decides whether its
value is a secret; the values of answers must also look like keys, because answers describe things by such names too.
Keys that show what they are by their form (`bare_secrets`) are found in any text, and also where a stream spreads them
over its events.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from ...domain.bare_secrets import bare_secrets
from ...domain.json_values import read_json
from ...domain.secrets import secret_name, url_secrets

__all__ = ["LONGEST_PIECE", "body_secrets", "header_secrets", "message_secrets", "request_secrets", "spread_secrets"]

Json = Any
"""A JSON value."""

_HEADER = re.compile(r"auth|key|token|secret|cookie|credential|signature|organi[sz]ation", re.IGNORECASE)
_MEMBER = re.compile(
    r"authorization|api[-_]?key|private[-_]?key|secret|passw|passphrase|credential|cookie|connection[-_]?string"
    r"|(access|auth|session|bearer|refresh|id|security)[-_]?token|subscription[-_]?key|^x-amz-signature$"
    r"|^(token|pwd|pass|jwt|dsn|sig|sas)$",
    re.IGNORECASE,
)
_ORDINARY = re.compile(
    r"accept|content-|transfer-|user-agent$|host$|connection$|date$|origin$|(?:http-)?referer$|x-title$|traceparent$"
    r"|.*-(?:beta|version)$|x-stainless-|upgrade$|sec-websocket-",
    re.IGNORECASE,
)
_KEY = 12
"""The least characters of a key in a header whose name does not tell."""
_ONE_WORD = re.compile(r"(?:(?:Bearer|Basic|Token)\s+)?(\S+)", re.IGNORECASE)
_LIKE_A_KEY = re.compile(r"\d|[a-z][A-Z]|.{16}")
_URL = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]{0,30}:(?:\\{0,8}/){2}[^\s"'<>]{1,8192}""")
_QUERY = re.compile(r"""(?:[?&;]|&amp;|\\{1,8}u0026)([\w.\[\]-]{1,64})=([^&\s"'<>\\;#]{1,8192})""")
_WRITTEN = re.compile(r"""(?<![\w.\[\]-])([\w.\[\]-]{1,64})(?:=|:[ ]?)["']?([^\s"'<>\\;#&]{12,8192})""")
_SCHEME = re.compile(r"\b(?:Bearer|Basic)\s{1,4}([A-Za-z0-9._~+/=-]{12,8192})", re.IGNORECASE)
_MIXED = re.compile(r"(?=[^\d]{0,8192}\d)(?=[^A-Za-z]{0,8192}[A-Za-z])[\w.~+/=%-]+")
_FORM = re.compile(rb"[\w.\[\]%+-]{1,128}=[^&\s]*(?:&[\w.\[\]%+-]{1,128}=[^&\s]*)*\s*")
_PART = re.compile(r"^--[^\r\n]*+\r?\n((?:\w[\w-]*+:[^\r\n]*+\r?\n)++)\r?\n([^\r\n]{1,8192})\r?\n(?=--)", re.MULTILINE)
_PART_NAME = re.compile(r'\bname="?([\w.\[\]-]{1,64})')
_TEXT_MEMBER = re.compile(r'"([A-Za-z_]\w{0,40})"\s{0,8}:\s{0,8}"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_DEEPEST = 40
LONGEST_PIECE = 4096
"""Longer texts are not deltas; a secret inside one of them is found without joining."""


def request_secrets(headers: Mapping[str, str], url: str) -> list[str]:
    """The keys that a request carries in its headers, and in its URL's user, password and query.

    The values of unusual headers count as keys if they look like it, whatever the header is called.
    """
    unusual = [value for name, value in headers.items() if _ORDINARY.match(name) is None]
    of_any_name = [word for value in unusual for word in value.split() if len(word) >= _KEY and _MIXED.fullmatch(word)]
    return [*header_secrets(headers), *of_any_name, *url_secrets(url), *bare_secrets(url)]


def header_secrets(headers: Mapping[str, str]) -> list[str]:
    """The keys in headers, by their names; also those that an answer sets as cookies."""
    return [part for name, value in headers.items() if _HEADER.search(name) for part in _parts(value)]


def _parts(value: str) -> list[str]:
    """The secret parts of a header's value: the text after `Bearer`, and the parts of a cookie or a signature."""
    word = value.rpartition(" ")[2]
    parts = re.findall(r"""[\w-]=\s*"?([^\s;,"]+)""", value)
    parts += [part.partition("/")[0] for part in parts]  # a key of AWS, whose scope follows it
    if value[:6].lower() == "basic ":
        with contextlib.suppress(ValueError):
            parts.append(base64.b64decode(word).decode().partition(":")[2])
    return [word, *parts, *(unquote(part) for part in parts)]


def body_secrets(body: bytes, *, answer: bool = False) -> list[str]:
    """The keys that a body of any form carries, by the names of what they are in."""
    text = body.decode("utf-8", "replace")
    found = [*_in_text(text, 0), *spread_secrets(text)]
    documents = _documents(text)
    if not documents and _FORM.fullmatch(body):
        found += [value for name, value in parse_qsl(text.strip()) if secret_name(name)]
    for heads, value in _PART.findall(text):
        name = _PART_NAME.search(heads)
        found += [value.strip()] if name and secret_name(name[1]) else []
    for value in documents:
        found += _in_json(value, False, 0)
    return [secret for secret in found if not answer or _LIKE_A_KEY.search(secret)]


def spread_secrets(text: str) -> Iterator[str]:
    """The secrets that show by their form, and are spread over the texts of members with one name."""
    texts: dict[str, list[str]] = {}
    for found in _TEXT_MEMBER.finditer(text):
        if len(found[2]) <= LONGEST_PIECE:
            texts.setdefault(found[1], []).append(found[2])
    for pieces in texts.values():
        if len(pieces) > 1:
            yield from bare_secrets("".join(pieces))


def message_secrets(message: str) -> list[str]:
    """The keys that a JSON message carries: all that is below a member of such a name, and those of URLs in it."""
    try:
        value = read_json(message, with_nan=True)
    except ValueError:
        return list(_in_text(message, 0))
    return [*(text.rpartition(" ")[2] for text in _below(value, False)), *_in_json(value, False, 0)]


def _documents(text: str) -> list[Json]:
    """The JSON values of a body: itself, or those of its lines or events."""
    whole = _parsed(text)
    if whole is not None:
        return [whole]
    lines = (line.removeprefix("data:").strip() for line in text.splitlines())
    return [value for line in lines if line[:1] in ("{", "[") and (value := _parsed(line)) is not None]


def _parsed(text: str) -> Json:
    """The JSON object or array, or `None`."""
    try:
        value = read_json(text, with_nan=True)
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def _in_json(value: Json, named: bool, depth: int) -> Iterator[str]:
    """The texts directly in members of such names, and those that texts hold themselves.

    Of objects in such members only what they say is one: a schema's property of such a name is described, not given.
    """
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if named and (word := _ONE_WORD.fullmatch(value.strip())) is not None:
            yield word[1]
        yield from _in_text(value, depth)
    elif isinstance(value, list):
        for item in value:
            yield from _in_json(item, named, depth + 1)
    elif isinstance(value, dict):
        yield from _in_object(value, named, depth)


def _in_object(value: Mapping[str, Json], named: bool, depth: int) -> Iterator[str]:
    logged = "logprob" in value  # where `token` is a word
    label = value.get("name", value.get("key"))
    pair = isinstance(label, str) and _MEMBER.search(label) is not None  # {"name": "Authorization", "value": …}
    for name, item in value.items():
        member = _MEMBER.search(name) is not None and not logged
        yield from _in_json(item, member or (name == "value" and (named or pair)), depth + 1)


def _in_text(text: str, depth: int) -> Iterator[str]:
    """The secrets of the URLs in a text, and of the JSON that it is."""
    if "://" in text or ":\\" in text:
        for url in _URL.findall(text):
            yield from url_secrets(url.replace("\\", ""))
    if "=" in text:
        for name, value in _QUERY.findall(text):
            if secret_name(name):
                yield from (value, unquote(value))
    for name, value in _WRITTEN.findall(text):  # prose and code name such things too; only what looks like a key counts
        if _MIXED.fullmatch(value) and secret_name(name):
            yield from (value, unquote(value))
    yield from bare_secrets(text)
    yield from (value for value in _SCHEME.findall(text) if _MIXED.fullmatch(value))
    if depth and text[:1] in ("{", "[") and (inner := _parsed(text)) is not None:
        yield from _in_json(inner, False, depth + 1)


def _below(value: Json, named: bool) -> Iterator[str]:
    """Every string below a member of such a name."""
    if isinstance(value, str):
        if named:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _below(item, named)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _below(item, named or _MEMBER.search(name) is not None)
