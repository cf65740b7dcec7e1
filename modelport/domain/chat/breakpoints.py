"""Breakpoints of prompt caches: blocks up to which a provider keeps the prompt.

Facts: docs/protocols/settings-across-providers.md#prompt-caching.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from ..message.blocks import ContentBlock, HintBlock, ToolResultBlock
from ..message.messages import Msg
from ..message.responses import ModelWarning
from ..records import record

__all__ = ["NO_BREAKPOINTS", "BreakpointRules", "CacheMarks", "cache_marks", "has_breakpoints", "unplaced"]

Mark = Callable[[str], Mapping[str, Any]]
"""The fields of a part that ends a cached prefix, by its time, empty for the provider's own (Any: JSON values)."""


@record(frozen=True, slots=True)
class BreakpointRules:
    """How a provider marks blocks.

    Attributes:
        mark: makes the fields of a marked part; `None` where nothing can be marked.
        most: how many marks a request may have; the last ones count.
        times: the times that it knows, longest first; a longer one may not follow a shorter one.
        default_time: the time of a mark that names none.
        whole_counts: whether the call's own `cache` is one of the marks, at the end.
        why_not: why nothing can be marked.
    """

    mark: Mark | None
    most: int = 4
    times: tuple[str, ...] = ()
    default_time: str = ""
    whole_counts: bool = False
    why_not: str = ""


NO_BREAKPOINTS = BreakpointRules(None, why_not="the provider takes no breakpoints for its cache")


@record(slots=True)
class CacheMarks:
    """The fields for each marked block, by its type and id, and what the caller should know."""

    fields: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)  # Any: JSON values
    warnings: list[ModelWarning] = field(default_factory=list)


def has_breakpoints(messages: Sequence[Msg]) -> bool:
    """Whether any block asks to be one."""
    for message in messages:
        for block in message.content:
            if block.cache or (isinstance(block, ToolResultBlock | HintBlock) and next(_marked(block), None)):
                return True
    return False


def cache_marks(messages: Sequence[Msg], rules: BreakpointRules, whole: str | None = None) -> CacheMarks:
    """The marks of these messages; `whole` is the call's own `cache` setting, of which `off` means no mark at all."""
    blocks = [] if whole == "off" else [b for message in messages for block in message.content for b in _marked(block)]
    if blocks and rules.mark is None:
        return CacheMarks(warnings=[_dropped(rules.why_not)])
    marks = CacheMarks()
    most = rules.most - (1 if whole and rules.whole_counts else 0)
    if len(blocks) > most:
        marks.warnings.append(_dropped(f"a request has at most {most}; the last ones were sent"))
    longest = rules.times.index(whole) if whole and whole in rules.times else len(rules.times)
    for block in reversed(blocks[-most:]):
        time = _time(block, rules, marks)
        if time in rules.times:
            longest = min(longest, rules.times.index(time))
            if rules.times[longest] != time:
                marks.warnings.append(_changed(time, f"{rules.times[longest]}, as what follows it"))
                time = rules.times[longest]
        if rules.mark is not None:
            marks.fields[block.type, block.id] = rules.mark("" if time == rules.default_time else time)
    return marks


def unplaced(marks: Mapping[tuple[str, str], Any]) -> list[ModelWarning]:
    """A warning for marks that no part of the request has."""
    return [_dropped("the provider does not take one at these blocks")] if marks else []


def _marked(block: ContentBlock) -> Iterator[ContentBlock]:
    if isinstance(block, ToolResultBlock | HintBlock):
        inner = block.output if isinstance(block, ToolResultBlock) else block.hint
        yield from (part for part in (() if isinstance(inner, str) else inner) if part.cache)
    if block.cache:
        yield block


def _time(block: ContentBlock, rules: BreakpointRules, marks: CacheMarks) -> str:
    if block.cache is True or block.cache in rules.times:
        return rules.default_time if block.cache is True else str(block.cache)
    marks.warnings.append(_changed(str(block.cache), rules.default_time or "the provider's own time"))
    return rules.default_time


def _dropped(why: str) -> ModelWarning:
    return ModelWarning("dropped", "cache", f"breakpoints of blocks were not sent: {why}")


def _changed(asked: str, given: str) -> ModelWarning:
    return ModelWarning("changed", "cache", f"a block is kept for {given} instead of {asked}")
