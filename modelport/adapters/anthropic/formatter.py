"""Messages to the Messages API's.

Facts: docs/protocols/anthropic-messages.md#content-blocks, docs/protocols/anthropic-messages.md#round-trip-rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from ...application.model.formatter import FormatterBase
from ...domain.chat.turns import AssistantTurn, HintTurn, SystemTurn, ToolTurn, Turn, UserTurn
from ...domain.message.blocks import DataBlock, TextBlock, ThinkingBlock, ToolCallBlock, URLSource
from ...domain.message.responses import ModelWarning
from ...ports.codec.rendering import RenderContext, Rendered, TurnWriter
from .parts import PartWriter, is_taken

if TYPE_CHECKING:
    from ..wire.decoder import Json

__all__ = ["AnthropicChatFormatter", "AnthropicMultiAgentFormatter", "AnthropicRendered"]


@dataclass(frozen=True, slots=True)
class AnthropicRendered(Rendered):
    """The messages, and what the thinking of newer models is bound to."""

    prefixes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Digests of everything that was sent to get a thinking block, by its signature or data."""


class AnthropicChatFormatter(FormatterBase):
    """Native roles, neighbours of one role merged; all results of a turn in one user message after the calls."""

    def needs_download(self, block: DataBlock) -> bool:
        """The API fetches images and PDF files from http(s) URLs; text and local files are sent whole."""
        source = block.source
        if not isinstance(source, URLSource) or not is_taken(source.media_type):
            return False
        return not source.url.startswith(("http://", "https://")) or source.media_type.startswith("text/")

    def turn_writer(self, context: RenderContext) -> TurnWriter:
        """The writer of the messages of the request body; system turns keep their place."""
        return _Writer(context)


class AnthropicMultiAgentFormatter(AnthropicChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True


class _Writer:
    keepable = True

    def __init__(self, context: RenderContext) -> None:
        self.messages: list[Json] = []
        self.warnings: list[ModelWarning] = []
        self.prefixes: dict[str, list[str]] = {}
        self._parts = PartWriter(context, self.warnings)
        self._family = context.family
        self._thinking_dropped = False

    def add(self, turn: Turn) -> None:
        if isinstance(turn, SystemTurn):
            self._append("system", self._parts.parts(turn.texts))
        elif isinstance(turn, UserTurn | HintTurn):
            self._append("user", self._parts.parts(turn.blocks))
        elif isinstance(turn, AssistantTurn):
            self._append("assistant", [part for block in turn.blocks for part in self._assistant(block)])
        else:
            self._append("user", self._results(turn))

    def rendered(self, warnings: Sequence[ModelWarning]) -> Rendered:
        return AnthropicRendered(self.messages, [*warnings, *self.warnings], prefixes=self.prefixes)

    def branch(self, context: RenderContext) -> TurnWriter:
        other = _Writer(context)
        other.messages += self.messages
        if other.messages:  # later turns may add to the last one
            last = other.messages[-1]
            other.messages[-1] = {"role": last["role"], "content": [*last["content"]]}
        other.warnings += self.warnings
        other.prefixes.update((key, [*digests]) for key, digests in self.prefixes.items())
        other._thinking_dropped = self._thinking_dropped
        return other

    def settled(self) -> int:
        return max(len(self.messages) - 1, 0)

    def _append(self, role: str, content: list[Json]) -> None:
        """One message a role: the server merges neighbours anyway, and results must open their message."""
        if self.messages and self.messages[-1]["role"] == role:
            self.messages[-1]["content"] += content
        elif content:
            self.messages.append({"role": role, "content": content})

    def _results(self, turn: ToolTurn) -> list[Json]:
        return [self._parts.result(result) for result in turn.results]

    def _assistant(self, block: TextBlock | ThinkingBlock | DataBlock | ToolCallBlock) -> list[Json]:
        """A block of the model in its place, with the tools that the provider ran before and after it."""
        owned = self._owned(block)
        return [*_objects(owned.get("before")), *self._own_part(block, owned), *_objects(owned.get("after"))]

    def _own_part(self, block: TextBlock | ThinkingBlock | DataBlock | ToolCallBlock, owned: Json) -> list[Json]:
        if isinstance(block, ThinkingBlock):
            return self._thinking(block, owned)
        if isinstance(block, ToolCallBlock):
            made_by = {"caller": owned["caller"]} if owned.get("caller") else {}
            return [{**self._parts.call(block), **made_by}]
        if isinstance(block, DataBlock):
            return [self._parts.announced(block)]  # the model's turns hold no media
        return self._parts.parts([block])

    def _thinking(self, block: ThinkingBlock, owned: Json) -> list[Json]:
        """Thinking with its signature, even when its text is empty; other providers' thinking is not sent."""
        signature, redacted = owned.get("signature"), owned.get("redacted")
        if isinstance(owned.get("prefix"), str):
            self.prefixes.setdefault(str(signature or redacted), []).append(owned["prefix"])
        if signature:
            return [{"type": "thinking", "thinking": block.thinking, "signature": signature}]
        if redacted:
            return [{"type": "redacted_thinking", "data": redacted}]
        if owned.get("unsigned") and block.thinking:
            return [{"type": "thinking", "thinking": block.thinking, "signature": ""}]
        if not self._thinking_dropped:
            self._thinking_dropped = True
            message = "thinking without a signature of this provider's was left out"
            self.warnings.append(ModelWarning("dropped", "thinking", message))
        return []

    def _owned(self, block: TextBlock | ThinkingBlock | DataBlock | ToolCallBlock) -> Json:
        data = block.provider_data
        return dict(data.data) if data and data.owned_by("anthropic", self._family) else {}


def _objects(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
