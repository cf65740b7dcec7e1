"""Which servers take back thinking without a signature.

Facts: docs/protocols/anthropic-messages.md#unsigned-thinking.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from ...domain.message.responses import ModelWarning
from ..wire.decoder import Json

__all__ = ["without_unsigned"]

_VERIFYING_HOSTS = ("anthropic.com", "claude.com", "amazonaws.com", "googleapis.com", "azure.com")
"""Hosts that serve Claude, which signs all thinking and refuses any other. The others think unsigned, and demand it."""


def without_unsigned(messages: Sequence[Json], base_url: str) -> tuple[Sequence[Json], list[ModelWarning]]:
    """The messages as this server takes them: Claude refuses thinking that another server wrote unsigned."""
    host = urlsplit(base_url).hostname or ""
    if not any(host == name or host.endswith("." + name) for name in _VERIFYING_HOSTS):
        return messages, []
    if not any(_is_unsigned(block) for message in messages for block in _blocks(message)):
        return messages, []
    kept = [
        {**message, "content": [block for block in _blocks(message) if not _is_unsigned(block)]} for message in messages
    ]
    warning = ModelWarning("dropped", "thinking", "thinking without a signature of this provider's was left out")
    return [message for message in kept if message["content"]], [warning]


def _blocks(message: Json) -> list[Json]:
    content = message["content"]
    return content if isinstance(content, list) else [{"type": "text", "text": content}]


def _is_unsigned(block: Json) -> bool:
    return block.get("type") == "thinking" and not block.get("signature")
