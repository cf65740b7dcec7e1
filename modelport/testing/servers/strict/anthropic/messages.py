"""Messages of the Messages API: turns, tool use with its results, thinking and cache marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from ..common import Finding, Findings, Json, as_list, as_object, objects
from .blocks import BLOCK_RULES, check_block

_BODY = "docs/protocols/anthropic-messages.md#request-body"
_BLOCKS = "docs/protocols/anthropic-messages.md#content-blocks"
_TRAPS = "docs/protocols/anthropic-messages.md#quirks"
_ROUND_TRIP = "docs/protocols/anthropic-messages.md#round-trip-rules"

MESSAGE_RULES: Mapping[str, str] = {
    "messages-required": _BODY,
    "role-legal": _BODY,
    "first-user": _BODY,
    "system-shape": _BODY,
    "content-shape": _BLOCKS,
    "empty-content": _TRAPS,
    "trailing-whitespace": _BLOCKS,
    "tool-use-id-unique": _TRAPS,
    "tool-result-after-call": _TRAPS,
    "tool-result-duplicate": _TRAPS,
    "tool-result-first": _TRAPS,
    "tool-call-unanswered": _TRAPS,
    "thinking-first": _ROUND_TRIP,
    "cache-control-limit": _BLOCKS,
    "cache-control-order": _BLOCKS,
    **BLOCK_RULES,
}

_MOST_MARKS = 4
_THINKING = ("thinking", "redacted_thinking")

Block: TypeAlias = tuple[str, dict[str, Json]]


class Turn(NamedTuple):
    """Neighbouring messages of one role, as the server sees them."""

    role: str
    blocks: list[Block]


def check_messages(body: Mapping[str, Json]) -> Findings:
    """System, every message by itself, then what spans several messages."""
    yield from _system(body)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        yield Finding("messages-required", "$.messages", "messages is a non-empty list")
        return
    if as_object(messages[0]).get("role") != "user":
        yield Finding("first-user", "$.messages[0].role", "the first message is the user's")
    for index, message in enumerate(messages):
        last = index == len(messages) - 1
        yield from _message(as_object(message), f"$.messages[{index}]", last=last)
    turns = merge_turns(messages)
    yield from _exchange(turns)
    yield from _thinking_first(body, turns)
    yield from _cache_marks(body)


def _system(body: Mapping[str, Json]) -> Findings:
    system = body.get("system", "")
    if isinstance(system, str):
        return
    if not isinstance(system, list):
        yield Finding("system-shape", "$.system", "system is a string or a list of text blocks")
    for index, block in enumerate(as_list(system)):
        if as_object(block).get("type") != "text":
            yield Finding("system-shape", f"$.system[{index}]", "system holds text blocks only")
        else:
            yield from check_block(block, "system", f"$.system[{index}]")


def _message(message: Mapping[str, Json], path: str, *, last: bool) -> Findings:
    role, content = message.get("role"), message.get("content")
    if role not in ("user", "assistant", "system"):
        yield Finding("role-legal", f"{path}.role", f"role {role!r} is not known")
        return
    if not isinstance(content, str | list):
        yield Finding("content-shape", f"{path}.content", "content is a string or a list of blocks")
        return
    if not content and not (last and role == "assistant"):
        yield Finding("empty-content", f"{path}.content", "content is empty")
    for index, block in enumerate(as_list(content)):
        yield from check_block(block, role, f"{path}.content[{index}]")
    ending: Json = content if isinstance(content, str) else as_object((content or [None])[-1]).get("text")
    if last and role == "assistant" and isinstance(ending, str) and ending != ending.rstrip():
        yield Finding("trailing-whitespace", f"{path}.content", "the begun answer ends in whitespace")


def merge_turns(messages: list[Json]) -> list[Turn]:
    """Role and blocks of each turn: the server joins neighbours of the same role."""
    turns: list[Turn] = []
    for path, message in objects(messages, "$.messages"):
        role, content = str(message.get("role")), message.get("content")
        if not turns or turns[-1].role != role:
            turns.append(Turn(role, []))
        if isinstance(content, str):
            turns[-1].blocks.append((f"{path}.content", {"type": "text", "text": content}))
        turns[-1].blocks.extend(objects(content, f"{path}.content"))
    return turns


def _exchange(turns: list[Turn]) -> Findings:
    """Results open the user turn directly after the calls, one each."""
    pending: dict[str, str] = {}
    for turn in [*turns, Turn("end", [])]:
        if turn.role == "user":
            yield from _results(turn.blocks, pending)
        yield from _unanswered(pending)
        pending = {} if turn.role == "user" else dict(_calls(turn))
    yield from _repeated_ids(turns)


def _calls(turn: Turn) -> Iterator[tuple[str, str]]:
    """Ids of the calls of a turn, with their paths."""
    return ((str(block.get("id")), path) for path, block in turn.blocks if block.get("type") == "tool_use")


def _unanswered(pending: Mapping[str, str]) -> Findings:
    for name, path in pending.items():
        yield Finding("tool-call-unanswered", path, f"call {name!r} has no result directly after it")


def _repeated_ids(turns: list[Turn]) -> Findings:
    seen: set[str] = set()
    for name, path in (call for turn in turns for call in _calls(turn)):
        if name in seen:
            yield Finding("tool-use-id-unique", f"{path}.id", f"id {name!r} is used twice")
        seen.add(name)


def _results(blocks: list[Block], pending: dict[str, str]) -> Findings:
    """Checks the results of one user turn and takes them off the pending calls."""
    others_before = False
    answered: set[str] = set()
    for path, block in blocks:
        if block.get("type") != "tool_result":
            others_before = True
            continue
        name = str(block.get("tool_use_id"))
        if others_before:
            yield Finding("tool-result-first", path, "results come before everything else in their turn")
        if name in answered:
            yield Finding("tool-result-duplicate", path, f"call {name!r} is answered twice")
        elif name not in pending:
            yield Finding("tool-result-after-call", path, f"no call {name!r} in the message before")
        answered.add(name)
    for name in answered:
        pending.pop(name, None)


def _thinking_first(body: Mapping[str, Json], turns: list[Turn]) -> Findings:
    """With manual thinking a running tool loop begins with the thinking that led to it."""
    if as_object(body.get("thinking")).get("type") != "enabled" or len(turns) < 2:
        return
    if not _has_results(turns[-1]):
        return
    opening: Block | None = None
    for turn in reversed(turns):
        if turn.role == "assistant" and turn.blocks:
            opening = turn.blocks[0]
        elif not _has_results(turn):
            break
    if opening and opening[1].get("type") not in _THINKING:
        yield Finding("thinking-first", opening[0], "the turn starts with its thinking block")


def _has_results(turn: Turn) -> bool:
    return any(block.get("type") == "tool_result" for _, block in turn.blocks)


def _marks(body: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Cache marks in the order in which the server builds the prompt: tools, system, messages."""
    holders = [*objects(body.get("tools"), "$.tools"), *objects(body.get("system"), "$.system")]
    for path, message in objects(body.get("messages"), "$.messages"):
        holders.extend(objects(message.get("content"), f"{path}.content"))
    if "cache_control" in body:
        holders.append(("$", dict(body)))  # marks the last block that can be marked
    for path, holder in holders:
        if holder.get("cache_control") is not None:
            yield f"{path}.cache_control", as_object(holder["cache_control"])


def _cache_marks(body: Mapping[str, Json]) -> Findings:
    marks = list(_marks(body))
    if len(marks) > _MOST_MARKS:
        yield Finding("cache-control-limit", marks[-1][0], f"at most {_MOST_MARKS} cache marks")
    short_seen = False
    for path, mark in marks:
        if mark.get("type") != "ephemeral" or mark.get("ttl", "5m") not in ("5m", "1h"):
            yield Finding("cache-control-shape", path, "ephemeral, with a ttl of 5m or 1h")
        lasting = mark.get("ttl") == "1h"
        if lasting and short_seen:
            yield Finding("cache-control-order", path, "1h marks come before 5m marks")
        short_seen = short_seen or not lasting
