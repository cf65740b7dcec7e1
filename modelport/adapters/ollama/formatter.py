"""Messages to Ollama's.

Facts: docs/protocols/ollama.md#chat-request, docs/protocols/ollama.md#round-trip-rules.

Content is one string; images are bare base64 in a field of their own; arguments of tool calls are objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ...application.model.formatter import FormatterBase
from ...domain.chat.turns import AssistantTurn, HintTurn, SystemTurn, ToolTurn, Turn, UserTurn
from ...domain.message.blocks import Base64Source, DataBlock, TextBlock, ThinkingBlock, ToolCallBlock, URLSource
from ...domain.message.media import accepted, announcement, plain_type, split_tool_output
from ...domain.message.responses import ModelWarning
from ...ports.codec.rendering import RenderContext, Rendered, TurnWriter
from ..wire.json_text import parse_json

__all__ = ["OllamaChatFormatter", "OllamaMultiAgentFormatter"]

Json = dict[str, Any]  # Any: the provider's JSON

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


class OllamaChatFormatter(FormatterBase):
    """Each message as API messages in its native role; images of tools follow in a user message."""

    def needs_download(self, block: DataBlock) -> bool:
        """The API takes no URLs."""
        return isinstance(block.source, URLSource) and plain_type(block.source.media_type) in _IMAGES

    def turn_writer(self, context: RenderContext) -> TurnWriter:
        """The writer of the messages of the request body."""
        return _Writer(context)


class OllamaMultiAgentFormatter(OllamaChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True


class _Writer:
    keepable = True

    def __init__(self, context: RenderContext) -> None:
        self.messages: list[Json] = []
        self.warnings: list[ModelWarning] = []
        self._context = context
        self._names: dict[str, str] = {}
        """Names of called tools by call id: the API matches results by name."""

    def add(self, turn: Turn) -> None:
        if isinstance(turn, SystemTurn):
            self.messages.append({"role": "system", "content": "\n".join(block.text for block in turn.texts)})
        elif isinstance(turn, UserTurn | HintTurn):
            self._user(turn.blocks)
        elif isinstance(turn, AssistantTurn):
            self._assistant(turn)
        else:
            self._tools(turn)

    def rendered(self, warnings: Sequence[ModelWarning]) -> Rendered:
        return Rendered(self.messages, [*warnings, *self.warnings])

    def branch(self, context: RenderContext) -> TurnWriter:
        other = _Writer(context)
        other.messages += self.messages
        other.warnings += self.warnings
        other._names.update(self._names)
        return other

    def settled(self) -> int:
        return len(self.messages)

    def _user(self, blocks: Sequence[TextBlock | DataBlock]) -> None:
        texts, images = self._split(blocks)
        message: Json = {"role": "user", "content": "\n".join(texts)}
        if images:
            message["images"] = images
        self.messages.append(message)

    def _split(self, blocks: Sequence[TextBlock | DataBlock]) -> tuple[list[str], list[Any]]:  # Any: texts of the wire
        texts, images = [], []
        for block in blocks:
            if isinstance(block, TextBlock):
                texts.append(block.text)
                continue
            image = self._image(block)
            if image is None:
                texts.append(self._announced(block))
            else:
                images.append(image)
        return texts, images

    def _announced(self, block: DataBlock) -> str:
        message = f"ollama does not accept {block.source.media_type} here; a text note was sent instead"
        self.warnings.append(ModelWarning("changed", "data", message))
        return announcement(block)

    def _image(self, block: DataBlock) -> Any:  # Any: a text of the wire, or nothing
        if plain_type(block.source.media_type) not in _IMAGES or not accepted(block, self._context.input_types):
            return None
        source = block.source
        resolved = source if isinstance(source, Base64Source) else self._context.media.get(source.url)
        return self._context.text(resolved.data) if resolved else None

    def _assistant(self, turn: AssistantTurn) -> None:
        texts, _ = self._split([block for block in turn.blocks if isinstance(block, TextBlock)])
        texts += [self._announced(block) for block in turn.blocks if isinstance(block, DataBlock)]
        message: Json = {"role": "assistant", "content": "\n".join(texts)}
        thoughts = self._own_thoughts(turn)
        if thoughts:
            message["thinking"] = thoughts
        if turn.calls:
            message["tool_calls"] = [_call(index, call) for index, call in enumerate(turn.calls)]
            self._names.update((call.id, call.name) for call in turn.calls)
        if texts or thoughts or turn.calls:
            self.messages.append(message)

    def _own_thoughts(self, turn: AssistantTurn) -> str:
        thoughts = [block for block in turn.blocks if isinstance(block, ThinkingBlock)]
        own = [b.thinking for b in thoughts if b.provider_data and b.provider_data.owned_by("ollama")]
        if len(own) < len(thoughts):
            message = "reasoning of another provider's turns was left out"
            self.warnings.append(ModelWarning("dropped", "thinking", message))
        return "\n".join(own)

    def _tools(self, turn: ToolTurn) -> None:
        promoted: list[TextBlock | DataBlock] = []
        for result in turn.results:
            text, media = split_tool_output(result)
            self.messages.append(
                {
                    "role": "tool",
                    "tool_name": self._names.get(result.id, result.name),
                    "tool_call_id": result.id,
                    "content": text or "(no output)",
                }
            )
            for block in media:
                promoted += [TextBlock(text=f"The tool's output with the identifier {block.id}:"), block]
        if promoted:
            self._user(promoted)


def _call(index: int, call: ToolCallBlock) -> Json:
    function = {"index": index, "name": call.name, "arguments": parse_json(call.input)}
    return {"id": call.id, "function": function}
