"""Past messages as items of the conversation, and as text for servers that take no items."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ....domain.chat.turns import AssistantTurn, HintTurn, SystemTurn, ToolTurn, to_turns
from ....domain.message.blocks import Base64Source, DataBlock, TextBlock, ToolCallBlock, ToolResultBlock
from ....domain.message.media import announcement
from ....domain.message.messages import Msg
from ...wire.decoder import Json
from .profile import RealtimeProfile

__all__ = ["history_items", "history_text", "item_text", "user_content"]


def history_items(messages: Sequence[Msg], profile: RealtimeProfile) -> Iterator[Json]:
    """The messages as items, in the order that the model has to see them in."""
    for turn in to_turns(messages).turns:
        if isinstance(turn, ToolTurn):
            for result in turn.results:
                yield {"type": "function_call_output", "call_id": result.id, "output": _output(result)}
        elif isinstance(turn, AssistantTurn):
            yield from _assistant_items(turn, profile)
        elif isinstance(turn, SystemTurn):
            yield _message("system", [{"type": "input_text", "text": block.text} for block in turn.texts])
        else:
            prefix = "[hint] " if isinstance(turn, HintTurn) else ""
            content = user_content(turn.blocks, images=profile.images == "item")
            if prefix and content and content[0].get("text"):
                content[0]["text"] = prefix + content[0]["text"]
            yield _message("user", content)


def _assistant_items(turn: AssistantTurn, profile: RealtimeProfile) -> Iterator[Json]:
    texts = "".join(block.text for block in turn.blocks if isinstance(block, TextBlock))
    if texts:
        yield _message("assistant", [{"type": profile.output_text, "text": texts}])
    for block in turn.blocks:
        if isinstance(block, ToolCallBlock):
            yield {"type": "function_call", "call_id": block.id, "name": block.name, "arguments": block.input}


def _message(role: str, content: list[Json]) -> Json:
    return {"type": "message", "role": role, "content": content}


def user_content(blocks: Sequence[TextBlock | DataBlock], *, images: bool) -> list[Json]:
    """The parts of a user's message; media that are not taken are announced in their places."""
    content: list[Json] = []
    for block in blocks:
        if isinstance(block, TextBlock):
            content.append({"type": "input_text", "text": block.text})
        elif images and isinstance(block.source, Base64Source) and block.source.media_type.startswith("image/"):
            url = f"data:{block.source.media_type};base64,{block.source.data}"
            content.append({"type": "input_image", "image_url": url})
        else:
            content.append({"type": "input_text", "text": announcement(block)})
    return content


def item_text(item: Json) -> str | None:
    """The text of an item that we send, by which the server's copy is recognised."""
    content = item.get("content")
    if not isinstance(content, list):
        return None
    texts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return "".join(texts) or None


def history_text(messages: Sequence[Msg]) -> str:
    """The messages as lines for the instructions; each is written as JSON, so that none can pass for another."""
    lines = []
    for turn in to_turns(messages).turns:
        if isinstance(turn, ToolTurn):
            lines += [_line("tool", _output(result)) for result in turn.results]
        elif isinstance(turn, AssistantTurn):
            lines += [_line("assistant", block.text) for block in turn.blocks if isinstance(block, TextBlock)]
            lines += [
                _line("assistant calls", f"{block.name} {block.input}")
                for block in turn.blocks
                if isinstance(block, ToolCallBlock)
            ]
        elif isinstance(turn, SystemTurn):
            lines += [_line("system", block.text) for block in turn.texts]
        else:
            lines += [
                _line("user", block.text if isinstance(block, TextBlock) else announcement(block))
                for block in turn.blocks
            ]
    return "The conversation so far, one contribution a line:\n" + "\n".join(lines) if lines else ""


def _line(who: str, text: str) -> str:
    return f"{who}: {json.dumps(text, ensure_ascii=False)}"


def _output(result: ToolResultBlock) -> str:
    if isinstance(result.output, str):
        return result.output
    return "\n".join(block.text if isinstance(block, TextBlock) else announcement(block) for block in result.output)
