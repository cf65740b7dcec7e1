"""Messages to Gemini's contents.

Facts: docs/protocols/gemini.md#request, docs/protocols/gemini.md#function-responses,
docs/protocols/gemini.md#round-trip-rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ...application.model.formatter import FormatterBase
from ...domain.chat.names import legal_name
from ...domain.chat.turns import AssistantBlock, AssistantTurn, HintTurn, SystemTurn, Turn, UserTurn
from ...domain.message.blocks import DataBlock, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock, URLSource
from ...domain.message.media import kind_of, split_tool_output
from ...domain.message.responses import ModelWarning
from ...ports.codec.rendering import RenderContext, Rendered, TurnWriter
from ..wire.json_text import parse_json
from .contents import PROVIDER, RESULT_LABEL, wire_name
from .media import MediaWriter, stays_remote, takes
from .replay import own_data, raw_parts, text_parts

__all__ = ["GeminiChatFormatter", "GeminiMultiAgentFormatter"]

Json = dict[str, Any]  # Any: the provider's JSON

_FAILED = frozenset({"error", "denied", "interrupted"})


class GeminiChatFormatter(FormatterBase):
    """Each message as contents of `user` and `model`; system turns stay apart, as `role: system`."""

    def needs_download(self, block: DataBlock) -> bool:
        """Every URL but those of the API's own files and YouTube: only some models fetch others."""
        source = block.source
        return isinstance(source, URLSource) and takes(source.media_type) and not stays_remote(source.url)

    def turn_writer(self, context: RenderContext) -> TurnWriter:
        """The writer of the contents of the request body."""
        return _Writer(context)


class GeminiMultiAgentFormatter(GeminiChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True


class _Writer:
    keepable = True

    def __init__(self, context: RenderContext) -> None:
        self.messages: list[Json] = []
        self.warnings: list[ModelWarning] = []
        self._media = MediaWriter(context, self.warnings)
        self._family = context.family
        self._calls: dict[str, Json] = {}
        """Name and id on the wire, by our call id: a response repeats them."""
        self._warned: set[str] = set()

    def add(self, turn: Turn) -> None:
        if isinstance(turn, SystemTurn):
            self._append("system", [{"text": "\n".join(block.text for block in turn.texts)}])
        elif isinstance(turn, UserTurn | HintTurn):
            self._append("user", [self._spoken(block) for block in turn.blocks])
        elif isinstance(turn, AssistantTurn):
            self._append("model", [part for block in turn.blocks for part in self._said(block)])
        else:
            self._append("user", self._results(turn.results))

    def rendered(self, warnings: Sequence[ModelWarning]) -> Rendered:
        return Rendered(self.messages, [*warnings, *self.warnings])

    def branch(self, context: RenderContext) -> TurnWriter:
        other = _Writer(context)
        other.messages += self.messages
        other.warnings += self.warnings
        other._calls.update(self._calls)
        other._warned |= self._warned
        return other

    def settled(self) -> int:
        return len(self.messages)

    def _append(self, role: str, parts: list[Json]) -> None:
        if parts:
            self.messages.append({"role": role, "parts": parts})

    def _spoken(self, block: TextBlock | DataBlock) -> Json:
        return {"text": block.text} if isinstance(block, TextBlock) else self._media.part_or_text(block)

    def _said(self, block: AssistantBlock) -> list[Json]:
        """The parts of one block of the model, with the parts that came before and after it."""
        own = own_data(block, self._family)
        if own is None:
            self._check_foreign(block)
        if isinstance(block, TextBlock):
            parts = self._texts(block.text, own)
        elif isinstance(block, ThinkingBlock):
            parts = [] if own is None else [{**part, "thought": True} for part in self._texts(block.thinking, own)]
        elif isinstance(block, DataBlock):
            parts = [self._shown(block, own)]
        else:
            parts = [self._call(block, own)]
        return [*raw_parts(own, "before"), *parts, *raw_parts(own, "after")]

    def _check_foreign(self, block: AssistantBlock) -> None:
        """Warn once about replay data of other models, which is left out."""
        if isinstance(block, ThinkingBlock):
            self._warn("dropped", "thinking", "reasoning of another model's turns was left out")
        elif block.provider_data is not None and block.provider_data.provider == PROVIDER:
            reason = f"signatures of {block.provider_data.family or 'another model'} were left out: no other reads them"
            self._warn("dropped", "thought_signature", reason)

    def _texts(self, text: str, own: Json | None) -> list[Json]:
        parts = text_parts(text, own)
        if parts is None:
            self._warn("dropped", "thought_signature", "signatures of a text that was edited were left out")
            parts = [{"text": text}]
        return [part for part in parts if part["text"] or "thoughtSignature" in part]

    def _shown(self, block: DataBlock, own: Json | None) -> Json:
        """The model's own image is sent back; other media are replaced by a note in text."""
        part = self._media.inline(block) if own is not None and kind_of(block.source.media_type) == "image" else None
        if part is None:
            return {"text": self._media.announce(block)}
        return _signed(part, own)

    def _call(self, call: ToolCallBlock, own: Json | None) -> Json:
        function: Json = {"name": wire_name(call.name), "args": parse_json(call.input)}
        if own is None:
            function = {"id": legal_name(call.id), **function}
        elif not own.get("local_id"):
            function = {"id": call.id, **function}
        self._calls[call.id] = {key: function[key] for key in ("id", "name") if key in function}
        return _signed({"functionCall": function}, own)

    def _results(self, results: Sequence[ToolResultBlock]) -> list[Json]:
        """All responses of the batch in one content, each with the media that it returned."""
        parts: list[Json] = []
        for result in results:
            text, media = split_tool_output(result)
            word = "error" if result.state in _FAILED else "output"
            response = {**self._calls[result.id], "response": {word: text if text.strip() else "(no output)"}}
            parts.append({"functionResponse": response})
            for block in media:
                parts += [{"text": f"{RESULT_LABEL}{block.id}:"}, self._media.part_or_text(block)]
        return parts

    def _warn(self, kind: Any, setting: str, message: str) -> None:  # Any: a WarningKind
        if message not in self._warned:
            self._warned.add(message)
            self.warnings.append(ModelWarning(kind, setting, message))


def _signed(part: Json, own: Json | None) -> Json:
    signature = own.get("thoughtSignature") if own else None
    return {**part, "thoughtSignature": signature} if signature else part
