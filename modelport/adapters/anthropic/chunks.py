"""Rendered messages in chunks to a legal `system` and `messages`: what was found of a chunk is not looked for again.

Only conversations in which nothing has to be arranged go this way, and they are nearly all. The others are arranged
whole, as `turns` does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...ports.codec.rendering import Chunk, KeptArray
from ..wire.decoder import Json
from .turns import Arranged, Digest, bound_key, bound_thinking, has_results, is_thinking, loop_opening

__all__ = ["arranged_chunks", "bound_in_chunks"]


@dataclass(slots=True)
class _Facts:
    """What is known of a chunk."""

    skipped: int
    """How many messages at its start are the instruction."""
    rest: Chunk
    roles: tuple[str, str]
    """Of the first and the last message of the rest."""
    usual: bool
    """Whether nothing in the rest has to be changed."""
    turn_begins: bool
    """Whether a user message without results is in the rest."""
    opening: Json | None
    """The first block of the model after that user message, or of the rest."""
    bound: _Bound | None = None


@dataclass(frozen=True, slots=True)
class _Bound:
    """That no thinking in a chunk is illegal, for a beginning."""

    before: Digest
    after: Digest
    prefixes: Sequence[tuple[str, Sequence[str]]]
    """What its thinking was known to be bound to."""


def arranged_chunks(kept: KeptArray) -> Arranged | None:
    """As `arrange`, with the messages in chunks; `None` where something has to be arranged."""
    first = kept.chunks[0].values
    skipped = next((index for index, message in enumerate(first) if message["role"] != "system"), len(first))
    if skipped == len(first):
        return None
    known = [_facts(chunk, 0 if index else skipped) for index, chunk in enumerate(kept.chunks)]
    before = "assistant"
    for facts in known:
        if not facts.usual or facts.roles[0] == before:
            return None
        before = facts.roles[1]
    if before == "assistant":
        return None
    system = [part for message in first[:skipped] for part in message["content"]]
    return Arranged(system, kept=KeptArray([facts.rest for facts in known]), opening=_loop_opening(known))


def _facts(chunk: Chunk, skipped: int) -> _Facts:
    known: _Facts | None = chunk.memo
    if known is not None and known.skipped == skipped:
        return known
    rest = chunk.values[skipped:]
    roles = [message["role"] for message in rest]
    usual = (
        all(one != other for one, other in pairwise(roles))
        and {*roles} <= {"user", "assistant"}
        and all(_is_usual(message) for message in rest)
    )
    begins, opening = loop_opening(rest) if usual else (False, None)
    kept = Chunk(rest) if skipped else chunk
    chunk.memo = found = _Facts(skipped, kept, (roles[0], roles[-1]), usual, begins, opening)
    return found


def _is_usual(message: Json) -> bool:
    content = message["content"]
    if not isinstance(content, list) or not content:
        return False
    if message["role"] == "assistant" and is_thinking(content[-1]):
        return False
    return not any(
        block.get("type") == "server_tool_use" or (block.get("type") == "thinking" and not block.get("signature"))
        for block in content
    )


def _loop_opening(known: Sequence[_Facts]) -> Json | None:
    """The first block of the model in the tool loop that the conversation ends in."""
    opening: Json | None = None
    if has_results(known[-1].rest.values[-1]):
        for facts in reversed(known):
            opening = facts.opening or opening
            if facts.turn_begins:
                break
    return opening


def bound_in_chunks(kept: KeptArray, digest: Digest, prefixes: Mapping[str, Sequence[str]]) -> Digest | None:
    """As `bound_thinking`, for chunks: the digest after them; `None` where some thinking is illegal."""
    for chunk in kept.chunks:
        facts = _facts(chunk, 0)
        known = facts.bound
        if known is None or not _still(known, digest, prefixes):
            after = digest.copy()
            _, dropped = bound_thinking(chunk.values, after, prefixes)
            if dropped:
                return None
            keys = {key for message in chunk.values for block in message["content"] if (key := bound_key(block))}
            known = facts.bound = _Bound(digest, after, [(key, [*prefixes.get(key, ())]) for key in keys])
        digest = known.after
    return digest


def _still(known: _Bound, digest: Digest, prefixes: Mapping[str, Sequence[str]]) -> bool:
    same = known.before is digest or known.before.digest() == digest.digest()
    return same and all([*prefixes.get(key, ())] == found for key, found in known.prefixes)
