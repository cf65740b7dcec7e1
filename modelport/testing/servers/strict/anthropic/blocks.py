"""Content blocks of the Messages API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from ..common import Finding, Findings, Json, any_text, as_list, as_object, is_base64, is_web_url, text

_BLOCKS = "docs/protocols/anthropic-messages.md#content-blocks"
_TRAPS = "docs/protocols/anthropic-messages.md#quirks"
_ROUND_TRIP = "docs/protocols/anthropic-messages.md#round-trip-rules"
_VERSIONS = "docs/protocols/anthropic-messages.md#endpoint-and-versions"

BLOCK_RULES: Mapping[str, str] = {
    "block-type": _BLOCKS,
    "block-fields": _BLOCKS,
    "empty-text": _BLOCKS,
    "image-source": _BLOCKS,
    "document-source": _BLOCKS,
    "tool-use-shape": _BLOCKS,
    "tool-id": _TRAPS,
    "tool-result-content": _BLOCKS,
    "thinking-signature": _ROUND_TRIP,
    "cache-control-shape": "docs/protocols/anthropic-messages.md#request-body",
    "cache-control-place": _BLOCKS,
    "document-in-assistant": _VERSIONS,
    "user-citations": _VERSIONS,
}

_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_USER = frozenset({"text", "image", "document", "tool_result", "search_result"})
_ASSISTANT = frozenset({"text", "thinking", "redacted_thinking", "tool_use", "document"})
_RESULT = frozenset({"text", "image", "document", "search_result", "tool_reference"})

BlockCheck: TypeAlias = Callable[[Mapping[str, Json], str], Findings]


def check_block(block: Json, role: str, path: str) -> Findings:
    """One block: its type has to be legal for the role, then its own fields are looked at."""
    kind = as_object(block).get("type")
    if not isinstance(kind, str) or not _allowed(kind, role):
        yield Finding("block-type", path, f"block type {kind!r} is not accepted from {role}")
        return
    if kind == "document" and role == "assistant":
        yield Finding("document-in-assistant", path, "version 2026-10-21 refuses it")
    if role == "user" and kind == "text" and block.get("citations"):
        yield Finding("user-citations", f"{path}.citations", "version 2026-10-21 refuses them")
    unmarkable = kind in ("thinking", "redacted_thinking") or block.get("text") == ""
    if unmarkable and block.get("cache_control") is not None:
        yield Finding("cache-control-place", f"{path}.cache_control", "this block cannot be a cache mark")
    check = _CHECKS.get(kind)
    if check:
        yield from check(block, path)


def _allowed(kind: str, role: str) -> bool:
    if role == "assistant":
        # Blocks of tools that ran on the server come back verbatim and stay unread.
        return kind in _ASSISTANT or kind == "server_tool_use" or kind.endswith("_tool_result")
    return kind in _USER if role == "user" else kind == "text"


def _text(block: Mapping[str, Json], path: str) -> Findings:
    if any_text(block.get("text")):
        yield Finding("block-fields", f"{path}.text", "a text block needs a string")
    elif not block["text"]:
        yield Finding("empty-text", f"{path}.text", "an empty text block is refused")


def _image(block: Mapping[str, Json], path: str) -> Findings:
    source = as_object(block.get("source"))
    kind = source.get("type")
    legal = (
        (kind == "base64" and source.get("media_type") in _IMAGES and is_base64(source.get("data")))
        or (kind == "url" and is_web_url(source.get("url")))
        or (kind == "file" and text(source.get("file_id")) is None)
    )
    if not legal:
        yield Finding("image-source", f"{path}.source", "expected bare base64 of a known image, url or file")


def _document(block: Mapping[str, Json], path: str) -> Findings:
    source = as_object(block.get("source"))
    kind, media = source.get("type"), source.get("media_type")
    legal = (
        (kind == "base64" and media == "application/pdf" and is_base64(source.get("data")))
        or (kind == "text" and media == "text/plain" and any_text(source.get("data")) is None)
        or (kind == "url" and is_web_url(source.get("url")))
        or (kind == "content" and isinstance(source.get("content"), str | list))
        or (kind == "file" and text(source.get("file_id")) is None)
    )
    if not legal:
        yield Finding("document-source", f"{path}.source", "expected pdf, plain text, url, content or file")


def _tool_use(block: Mapping[str, Json], path: str) -> Findings:
    yield from _tool_id(block.get("id"), f"{path}.id")
    if text(block.get("name")):
        yield Finding("tool-use-shape", f"{path}.name", "a call names its tool")
    if not isinstance(block.get("input"), dict):
        yield Finding("tool-use-shape", f"{path}.input", "input is an object, not its JSON text")


def _tool_id(value: Json, path: str) -> Findings:
    if not isinstance(value, str) or not _TOOL_ID.fullmatch(value):
        yield Finding("tool-id", path, f"expected a match of {_TOOL_ID.pattern}")


def _tool_result(block: Mapping[str, Json], path: str) -> Findings:
    yield from _tool_id(block.get("tool_use_id"), f"{path}.tool_use_id")
    if not isinstance(block.get("is_error", False), bool):
        yield Finding("tool-result-content", f"{path}.is_error", "is_error is a boolean")
    content = block.get("content", "")
    if not isinstance(content, str | list):
        yield Finding("tool-result-content", f"{path}.content", "content is a string or a list of blocks")
    for index, inner in enumerate(as_list(content)):
        where = f"{path}.content[{index}]"
        kind = str(as_object(inner).get("type"))
        if kind not in _RESULT:
            yield Finding("tool-result-content", where, f"block type {kind!r} is not a result")
        elif kind in _CHECKS:
            yield from _CHECKS[kind](inner, where)


def _thinking(block: Mapping[str, Json], path: str) -> Findings:
    if any_text(block.get("thinking")):
        yield Finding("block-fields", f"{path}.thinking", "a thinking block needs a string, maybe empty")
    if text(block.get("signature")):
        yield Finding("thinking-signature", f"{path}.signature", "thinking of another provider is not sent")


def _redacted(block: Mapping[str, Json], path: str) -> Findings:
    if text(block.get("data")):
        yield Finding("block-fields", f"{path}.data", "redacted thinking needs its data")


_CHECKS: Mapping[str, BlockCheck] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
}
