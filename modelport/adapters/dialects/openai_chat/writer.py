"""Writes Chat Completions messages, turn by turn.

Facts: docs/protocols/openai-chat.md#messages, docs/protocols/openai-chat.md#round-trip-rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....domain.chat.names import exact_id, legal_name, short_id
from ....domain.chat.turns import AssistantTurn, HintTurn, SystemTurn, ToolTurn, Turn, UserTurn
from ....domain.message.blocks import DataBlock, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock
from ....domain.message.media import THINKING_TYPE, media_matches, split_tool_output
from ....domain.message.responses import ModelWarning
from ....ports.codec.rendering import RenderContext, Rendered
from .parts import PartWriter
from .profile import OpenAIChatProfile
from .replay import DETAILS, EXTRA, add_reasoning, owned

__all__ = ["MessageWriter"]

Json = dict[str, Any]  # Any: the provider's JSON

_ROLE_NAMES = frozenset({"user", "assistant", "system", ""})


class MessageWriter:
    """The messages of one request; each turn adds none, one or several."""

    def __init__(self, profile: OpenAIChatProfile, context: RenderContext) -> None:
        self.profile = profile
        self.messages: list[Json] = []
        self.keepable = True
        self.warnings: list[ModelWarning] = []
        self._parts = PartWriter(profile, context, self.warnings)
        self._context = context
        self._thinking_dropped = False

    def add(self, turn: Turn) -> None:
        """Write one turn."""
        if isinstance(turn, SystemTurn):
            content = self._parts.content(turn.texts) if self._context.marks else _joined(turn.texts)
            self._append({"role": "system", "content": content}, turn.name)
        elif isinstance(turn, UserTurn):
            self._append({"role": "user", "content": self._parts.content(turn.blocks)}, turn.name)
        elif isinstance(turn, HintTurn):
            self._append({"role": "user", "content": self._parts.content(turn.blocks)}, "")
        elif isinstance(turn, AssistantTurn):
            self._assistant(turn)
        else:
            self._tools(turn)

    def rendered(self, warnings: Sequence[ModelWarning]) -> Rendered:
        """The messages of the request body."""
        messages = _with_one_system(self.messages) if self.profile.one_system_message else self.messages
        return Rendered(messages, [*warnings, *self.warnings])

    def branch(self, context: RenderContext) -> MessageWriter:
        """As in `TurnWriter`."""
        other = MessageWriter(self.profile, context)
        other.messages += self.messages
        other.warnings += self.warnings
        other.keepable, other._thinking_dropped = self.keepable, self._thinking_dropped
        return other

    def settled(self) -> int:
        """As in `TurnWriter`."""
        return len(self.messages)

    def _append(self, message: Json, name: str) -> None:
        if self.profile.message_names and name not in _ROLE_NAMES:
            message["name"] = legal_name(name)
        self.messages.append(message)

    def _assistant(self, turn: AssistantTurn) -> None:
        message: Json = {"role": "assistant"}
        sound = self._kept_sound(turn)
        texts = [block for block in turn.blocks if isinstance(block, TextBlock)]
        refusals = [block.text for block in texts if self._own(block, "refusal")]
        words = [b.text for b in texts if not self._own(b, "refusal") and not (sound and self._own(b, "transcript"))]
        words += self._parts.announced(
            [b for b in turn.blocks if isinstance(b, DataBlock) and not self._own(b, "audio")]
        )
        message["content"] = "\n".join(words) or None
        if refusals:
            message["refusal"] = "\n".join(refusals)
        if sound:
            message["audio"] = {"id": sound}
        if turn.calls:
            message["tool_calls"] = [self._call(call) for call in turn.calls]
            if message["content"] is None:
                message["content"] = self.profile.empty_content
        extra = next((found for block in texts if (found := owned(block, self.profile, EXTRA))), None)
        if extra:
            message[EXTRA] = extra
        self._reasoning(turn, message)
        if message["content"] is None and len(message) == 2:
            return  # nothing of this turn can be sent to this provider
        self._append(message, turn.name)

    def _reasoning(self, turn: AssistantTurn, message: Json) -> None:
        """Add `reasoning_content`, where the provider requires its thinking to be sent back."""
        thoughts = [block for block in turn.blocks if isinstance(block, ThinkingBlock)]
        replays = self._replays(turn)
        own = [block.thinking for block in thoughts if replays and block.thinking and self._own_thought(block)]
        if len(thoughts) == len(turn.blocks):
            own = []  # no provider takes a message without content and calls
        for name in self.profile.kept_fields:
            kept = next((found for block in thoughts if (found := owned(block, self.profile, name))), None)
            if kept and (message["content"] is not None or turn.calls):
                message[name] = kept
        details = [entry for block in thoughts for entry in owned(block, self.profile, DETAILS) or ()]
        if details and (message["content"] is not None or turn.calls):
            message[DETAILS] = details  # the text of it is in them
            return
        self._drop_thinking(len(thoughts) - len(own))
        text = "\n".join(own) or (self.profile.reasoning_placeholder if replays and turn.calls else None)
        if text is not None and (message["content"] is not None or turn.calls):
            add_reasoning(message, text, self.profile)

    def _replays(self, turn: AssistantTurn) -> bool:
        wanted, types = self.profile.replay_reasoning, self._context.input_types
        taken = self.profile.replay_unknown if types is None else media_matches(THINKING_TYPE, types)
        return taken and (wanted == "always" or (wanted == "tool_calls" and bool(turn.calls)))

    def _own_thought(self, block: ThinkingBlock) -> bool:
        return bool(block.provider_data and block.provider_data.owned_by(self.profile.provider))

    def _drop_thinking(self, count: int) -> None:
        if count and not self._thinking_dropped:
            self._thinking_dropped = True
            message = f"{self.profile.provider} does not accept reasoning of these earlier turns; it was left out"
            self.warnings.append(ModelWarning("dropped", "thinking", message))

    def _kept_sound(self, turn: AssistantTurn) -> str | None:
        """The id of an earlier spoken answer that the provider still keeps."""
        for block in turn.blocks if self.profile.keeps_audio else ():
            if isinstance(block, DataBlock) and self._own(block, "audio"):
                self.keepable = False
                facts = block.provider_data.data["audio"] if block.provider_data else None
                expires = facts.get("expires_at") if isinstance(facts, dict) else None
                if isinstance(facts, dict) and isinstance(expires, int | float) and self._context.now < expires:
                    return str(facts.get("id"))
        return None

    def _own(self, block: TextBlock | DataBlock, key: str) -> bool:
        owned = block.provider_data
        return bool(owned and owned.owned_by(self.profile.provider) and owned.data.get(key))

    def _call(self, call: ToolCallBlock) -> Json:
        function = {"name": legal_name(call.name), "arguments": call.input}
        written = {"id": self._call_id(call.id), "type": "function", "function": function}
        extra = owned(call, self.profile, EXTRA)
        return {**written, EXTRA: extra} if extra else written

    def _call_id(self, call_id: str) -> str:
        exact = self.profile.id_length
        return exact_id(call_id, exact) if exact else short_id(call_id, self.profile.max_id_length)

    def _tools(self, turn: ToolTurn) -> None:
        """The results in one run, then the media that a tool message cannot hold."""
        promoted: list[TextBlock | DataBlock] = []
        for result in turn.results:
            text, media = split_tool_output(result)
            content, left = self._result_content(text or "(no output)", media)
            if self._context.marks:
                content = self._marked(content, result)
            self.messages.append({"role": "tool", "tool_call_id": self._call_id(result.id), "content": content})
            for block in left:
                promoted += [TextBlock(text=f"The tool's output with the identifier {block.id}:"), block]
        if promoted:
            self.messages.append({"role": "user", "content": self._parts.content(promoted)})

    def _marked(self, content: Any, result: ToolResultBlock) -> Any:  # Any: JSON
        """The content of a result, whose last part has the result's mark."""
        parts = _as_parts(content)
        last = self._context.mark(parts[-1], result)
        return content if last is parts[-1] else [*parts[:-1], last]

    def _result_content(self, text: str, media: list[DataBlock]) -> tuple[Any, list[DataBlock]]:
        """The content of one result, a string when there is only text, and the media that stay outside (Any: JSON)."""
        if not self.profile.media.in_tool_results:
            return text, media
        parts = [(block, self._parts.part(block)) for block in media]
        shown = [part for _, part in parts if part is not None]
        left = [block for block, part in parts if part is None]
        return [{"type": "text", "text": text}, *shown] if shown else text, left


def _joined(texts: list[TextBlock]) -> str:
    return "\n".join(block.text for block in texts)


def _with_one_system(messages: list[Json]) -> list[Json]:
    """The messages with all instructions in one, at the start."""
    system = [message for message in messages if message["role"] == "system"]
    if len(system) < 2 and (not system or messages[0] is system[0]):
        return messages
    if any(isinstance(message["content"], list) for message in system):
        content: Any = [part for message in system for part in _as_parts(message["content"])]
    else:
        content = "\n".join(message["content"] for message in system)
    joined = {**system[0], "content": content}
    return [joined, *(message for message in messages if message["role"] != "system")]


def _as_parts(content: Any) -> list[Json]:  # Any: a string or parts
    return content if isinstance(content, list) else [{"type": "text", "text": content}]
