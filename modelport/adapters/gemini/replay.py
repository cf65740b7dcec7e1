"""Replay data: what must be sent back to Gemini with its own parts, kept on our blocks.

Facts: docs/protocols/gemini.md#round-trip-rules.

A block of ours may stand for several parts: text arrives in pieces, of which some are signed. The signatures are kept
with the stretch of text they belong to, so that the same parts can be made again; parts that have no block of their own
(code that the provider ran, signatures without content) are kept with the nearest block.
"""

from __future__ import annotations

from typing import Any, cast

from pydantic import JsonValue

from ...domain.message.blocks import ContentBlock, ProviderData
from .contents import PROVIDER

__all__ = ["ReplayData", "own_data", "raw_parts", "text_parts"]

Json = dict[str, Any]  # Any: the provider's JSON


_MOST_CARRIED = 8
"""With more signatures the pieces of a text do not carry them all, of which there were a square; its end does."""


class ReplayData:
    """The replay data of one block while it is being decoded."""

    __slots__ = ("_data", "_family", "_spans", "changed", "length")

    def __init__(self, family: str, before: list[Json], **facts: JsonValue) -> None:
        self._family = family
        self._data: Json = {key: value for key, value in facts.items() if value}
        self._spans: list[list[Any]] = []  # Any: start, end and signature
        self.length = 0
        self.changed = False
        """Whether there is replay data that the block's pieces so far do not carry."""
        if before:
            self._data["before"] = before

    def text(self, size: int, signature: str | None) -> bool:
        """More text, signed or not; whether its piece must carry the data."""
        start = self.length
        self.length += size
        if signature:
            self._spans.append([start, self.length, signature])
        if len(self._spans) > _MOST_CARRIED:
            self.changed = True
            return False
        return bool(self._spans)

    def after(self, part: Json) -> None:
        """A part without a block of its own that follows this block."""
        self._data.setdefault("after", []).append(part)
        self.changed = True

    def owned(self) -> ProviderData:
        """Everything so far."""
        self.changed = False
        data = dict(self._data)
        if self._spans:
            data.update(signatures=[list(span) for span in self._spans], length=self.length)
        if "after" in data:
            data["after"] = list(data["after"])
        return ProviderData(provider=PROVIDER, family=self._family, data=data)


def own_data(block: ContentBlock, family: str) -> Json | None:
    """The block's replay data, when this provider made it and this model may see it; no `family` means any model."""
    owned = block.provider_data
    if owned is None or not owned.owned_by(PROVIDER, family or owned.family):
        return None
    return cast("Json", owned.data)


def raw_parts(data: Json | None, side: str) -> list[Json]:
    """The parts that stood `before` or `after` the block, verbatim."""
    parts = data.get(side) if data else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def text_parts(text: str, data: Json | None) -> list[Json] | None:
    """The parts that a text came in, signed as they were; `None` when the text is not what was signed."""
    spans = (data or {}).get("signatures")
    if not spans:
        return [{"text": text}]
    if not isinstance(spans, list) or (data or {}).get("length") != len(text):
        return None
    parts: list[Json] = []
    position = 0
    for start, end, signature in spans:
        if start > position:
            parts.append({"text": text[position:start]})
        parts.append({"text": text[start:end], "thoughtSignature": signature})
        position = end
    if position < len(text):
        parts.append({"text": text[position:]})
    return parts
