"""Rendered messages to a legal `system` and `messages`.

Facts: docs/protocols/anthropic-messages.md#request-body, docs/protocols/anthropic-messages.md#quirks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from ...domain.message.responses import ModelWarning
from ...ports.codec.rendering import KeptArray
from ..wire.decoder import Json
from ..wire.request_body import dump_body

__all__ = [
    "Arranged",
    "Digest",
    "arrange",
    "beginning",
    "bound_key",
    "bound_thinking",
    "has_results",
    "is_thinking",
    "loop_opening",
]

Digest = Any
"""A `hashlib` object (Any: its class has no public name)."""

_THINKING = ("thinking", "redacted_thinking")
_OPENING = "[The conversation begins with what you said.]"
_CONTINUE = "[Continue.]"


@dataclass(slots=True)
class Arranged:
    """The conversation in the form of the request body."""

    system: list[Json] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)
    warnings: list[ModelWarning] = field(default_factory=list)
    kept: KeptArray | None = None
    """The messages in chunks, in place of `messages`."""
    opening: Json | None = None
    """The first block of the model in the tool loop that the conversation ends in."""

    @property
    def loop_without_thinking(self) -> bool:
        """Whether the conversation ends in a tool loop that does not begin with the model's thinking."""
        return self.opening is not None and not is_thinking(self.opening)


def arrange(rendered: Sequence[Json], *, prefill: bool) -> Arranged:
    """Leading system messages become `system`, later ones hints; a user message comes first and, where needed, last.

    `prefill` is true if the model continues a trailing message of its own.
    """
    arranged = Arranged()
    for message in rendered:
        role, content = message["role"], _blocks(message["content"])
        if role == "system" and not arranged.messages:
            arranged.system += content
        elif role == "system":
            _warn(arranged, "system", "a later system message was sent as a hint in a user message")
            _append(arranged.messages, "user", _as_hint(content))
        else:
            _append(arranged.messages, role, content)
    _leave_out_trailing_thinking(arranged)
    _begin(arranged)
    _leave_out_unanswered(arranged)
    _end(arranged, prefill)
    if has_results(arranged.messages[-1]):
        arranged.opening = loop_opening(arranged.messages)[1]
    return arranged


def _leave_out_trailing_thinking(arranged: Arranged) -> None:
    """The API refuses a message of the model that ends with thinking."""
    messages, arranged.messages = arranged.messages, []
    left_out = False
    for message in messages:
        content = message["content"]
        while message["role"] == "assistant" and content and content[-1].get("type") in _THINKING:
            content, left_out = content[:-1], True
        _append(arranged.messages, message["role"], content)
    if left_out:
        text = "thinking at the end of a turn was left out, since what it led to is not in the conversation"
        arranged.warnings.append(ModelWarning("dropped", "thinking", text))


def _begin(arranged: Arranged) -> None:
    """A user's message first."""
    if not arranged.messages:
        _warn(arranged, "messages", "the API needs a user message; the system message was repeated as one")
        arranged.messages = [{"role": "user", "content": list(arranged.system)}]
    elif arranged.messages[0]["role"] != "user":
        _warn(arranged, "messages", "the API expects a user message first; one was added")
        arranged.messages.insert(0, {"role": "user", "content": [_text(_OPENING)]})


def _leave_out_unanswered(arranged: Arranged) -> None:
    """Calls of the provider's own tools that it never answered and that a later user message follows."""
    last = arranged.messages[-1]
    if last["role"] == "assistant" or has_results(last):
        return
    answered = {block.get("tool_use_id") for message in arranged.messages for block in message["content"]}
    for message in arranged.messages:
        kept = [b for b in message["content"] if b.get("type") != "server_tool_use" or b.get("id") in answered]
        if kept and len(kept) < len(message["content"]):
            message["content"] = kept
            text = "a call of the provider's own tool was left out, since its answer never came"
            arranged.warnings.append(ModelWarning("dropped", "server_tools", text))


def _end(arranged: Arranged, prefill: bool) -> None:
    """A trailing message of the model: continued, resent as it is when the server paused in it, or answered."""
    last = arranged.messages[-1]
    if last["role"] != "assistant" or any(_ran_by_server(block) for block in last["content"]):
        return
    if not prefill:
        _warn(arranged, "messages", "the model cannot continue its own message; a user message asks it to")
        arranged.messages.append({"role": "user", "content": [_text(_CONTINUE)]})
    elif last["content"][-1].get("type") == "text":
        last["content"][-1] = {**last["content"][-1], "text": last["content"][-1]["text"].rstrip()}


def loop_opening(messages: Sequence[Json]) -> tuple[bool, Json | None]:
    """Whether a user message without results is among these, and the model's first block after the last such one."""
    opening: Json | None = None
    for message in reversed(messages):
        if message["role"] == "assistant":
            opening = message["content"][0]
        elif not has_results(message):
            return True, opening
    return False, opening


def beginning(body: Json) -> Digest:
    """The digest of what stands before the messages."""
    system = body.get("system")
    system = [_unmarked(block) for block in system] if isinstance(system, list) else system
    return blake2b(dump_body([system, body.get("tools")]), digest_size=16)


def bound_thinking(
    messages: Sequence[Json], digest: Digest, prefixes: Mapping[str, Sequence[str]]
) -> tuple[list[Json], int]:
    """The messages without thinking that an edit has made illegal, and how many blocks of it there were.

    Newer models refuse thinking when anything before it (system, tools, messages) is not what it was when the thinking
    was written. Blocks are digested one by one, so that merging of messages changes nothing; `digest` is updated.
    """
    kept_messages: list[Json] = []
    dropped = 0
    for message in messages:
        kept, reached = [], {digest.hexdigest()}
        for block in message["content"]:
            made_after = prefixes.get(bound_key(block))
            if made_after and reached.isdisjoint(made_after):
                dropped += 1
                continue
            kept.append(block)
            digest.update(message["role"].encode() + dump_body(_unmarked(block)))
            reached.add(digest.hexdigest())
        if kept:
            kept_messages.append({**message, "content": kept})
    return kept_messages, dropped


def _unmarked(block: Json) -> Json:
    """The block without its cache mark, which changes nothing that the model sees."""
    return (
        {name: value for name, value in block.items() if name != "cache_control"} if "cache_control" in block else block
    )


def _append(messages: list[Json], role: str, content: list[Json]) -> None:
    if not content:
        return
    if messages and messages[-1]["role"] == role:
        messages[-1] = {"role": role, "content": [*messages[-1]["content"], *content]}
    else:
        messages.append({"role": role, "content": list(content)})


def _blocks(content: object) -> list[Json]:
    """A custom formatter may write plain strings."""
    if isinstance(content, str):
        return [_text(content)] if content.strip() else []
    return list(content) if isinstance(content, list) else []


def _as_hint(content: Sequence[Json]) -> list[Json]:
    words = "\n".join(str(block.get("text", "")) for block in content)
    return [_text(f"<instruction>\n{words}\n</instruction>")]


def is_thinking(block: Json) -> bool:
    """Whether the block is thinking, shown or not."""
    return block.get("type") in _THINKING


def has_results(message: Json) -> bool:
    """Whether this is a user message with results of tools."""
    return message["role"] == "user" and any(block.get("type") == "tool_result" for block in message["content"])


def _ran_by_server(block: Json) -> bool:
    kind = str(block.get("type"))
    return kind == "server_tool_use" or (kind.endswith("_tool_result") and kind != "tool_result")


def bound_key(block: Json) -> str:
    """What tells a thinking block from others: its signature or data."""
    return str(block.get("signature") or block.get("data")) if block.get("type") in _THINKING else ""


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _warn(arranged: Arranged, setting: str, message: str) -> None:
    arranged.warnings.append(ModelWarning("changed", setting, message))
