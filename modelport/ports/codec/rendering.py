"""Messages as a formatter has rendered them for one provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ...domain.message.blocks import Base64Source, ContentBlock
from ...domain.message.media import data_uri_head
from ...domain.message.responses import ModelWarning

if TYPE_CHECKING:
    from ...domain.chat.turns import Turn

__all__ = ["Chunk", "KeptArray", "LongText", "RenderContext", "Rendered", "TurnWriter"]

_LONG = 64 * 1024
"""Characters of a text that is not copied into rendered messages."""


class LongText:
    """A long text of a rendered message, `head` and then `data`: they are joined in the bytes of the body only."""

    __slots__ = ("data", "head")

    def __init__(self, head: str, data: str) -> None:
        self.head = head
        self.data = data

    def __str__(self) -> str:
        return self.head + self.data


class Chunk:
    """Some messages of the wire that do not change any more, and their JSON once somebody has written it."""

    __slots__ = ("memo", "parts", "values")

    def __init__(self, values: Sequence[dict[str, Any]]) -> None:  # Any: the provider's JSON
        self.values = values
        self.parts: Sequence[bytes | LongText] = ()
        """The elements of a JSON array, long texts apart."""
        self.memo: Any = None
        """What a codec made of them (Any: its own)."""


class KeptArray:
    """A JSON array as chunks, most of them written for an earlier call."""

    __slots__ = ("chunks", "of")

    def __init__(self, chunks: Sequence[Chunk], of: Sequence[dict[str, Any]] = ()) -> None:  # Any: as above
        self.chunks = chunks
        self.of = of
        """The list that it stands for, where there is one."""

    def values(self) -> list[dict[str, Any]]:  # Any: as above
        """The same as one list."""
        return [value for chunk in self.chunks for value in chunk.values]


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

    by_parts: bool = False
    """Whether long texts may stand as `LongText`, and messages be kept: who asks for it writes with `dump_body`."""

    def text(self, data: str, head: str = "") -> Any:
        """The text of some media in base64, after `head`; a long one as `LongText` (Any: that or a string)."""
        if self.by_parts and len(data) >= _LONG:
            return LongText(head, data)
        return head + data

    def data_uri(self, source: Base64Source) -> Any:
        """The source as a `data:` URI (Any: as above)."""
        return self.text(source.data, data_uri_head(source))

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
    kept: KeptArray | None = None
    """The messages in a form that `dump_body` writes faster; it counts while `messages` is the list that it is of."""

    def in_chunks(self) -> KeptArray | None:
        """The messages in chunks, where some of them were kept."""
        kept = self.kept
        return kept if kept is not None and kept.of is self.messages else None

    @property
    def body_messages(self) -> Any:
        """The messages for a body that `dump_body` writes (Any: JSON values, or `KeptArray`)."""
        return self.in_chunks() or self.messages


class TurnWriter(Protocol):
    """Writes the messages of one request, turn by turn."""

    messages: list[dict[str, Any]]
    """What was written so far (Any: the provider's JSON)."""
    keepable: bool
    """Whether what was written depends on the turns and the context's family and types alone, and not on the time."""

    def add(self, turn: Turn) -> None:
        """Write one turn."""
        ...

    def rendered(self, warnings: Sequence[ModelWarning]) -> Rendered:
        """What was written, with these warnings before the writer's own."""
        ...

    def branch(self, context: RenderContext) -> TurnWriter:
        """A writer that goes on from here with a context of its own, and shares nothing that either will change."""
        ...

    def settled(self) -> int:
        """How many of the messages no later turn will change."""
        ...
