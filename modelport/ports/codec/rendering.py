"""Messages as a formatter has rendered them for one provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...domain.message.blocks import Base64Source, ContentBlock
from ...domain.message.responses import ModelWarning

__all__ = ["RenderContext", "Rendered"]


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What rendering depends on besides the messages."""

    media: Mapping[str, Base64Source] = field(default_factory=dict)
    """Media already fetched, by URL."""
    family: str = ""
    """The model family asked, which owns replay data; empty for any of the provider's."""
    input_types: Sequence[str] | None = None
    """MIME types that the model takes, from its card; `None` when not known."""
    now: float = 0.0
    """Seconds since the epoch, for what the provider keeps only for a while."""
    marks: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    """Fields for the parts of blocks that end a cached prefix, by type and id (Any: the provider's JSON)."""

    def mark(self, part: dict[str, Any], block: ContentBlock) -> dict[str, Any]:
        """The part, with its mark where the block has one; what is placed is no longer in `marks` (Any: as above)."""
        fields = self.marks.pop((block.type, block.id), None)
        return {**part, **fields} if fields else part


@dataclass(frozen=True, slots=True)
class Rendered:
    """The conversation in the provider's own terms."""

    messages: list[dict[str, Any]]
    """Message objects of the wire (Any: the provider's JSON). System turns stay among them as `role: system`."""
    warnings: Sequence[ModelWarning] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Tool names as sent, to what they are called here, where the two differ."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Tool call ids as they are here, to ids as sent, where the two differ."""
