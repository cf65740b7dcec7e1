"""Tools as they were written for an earlier request: an agent sends the same ones with every request."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from operator import eq
from typing import Any

import orjson

from ...domain.chat.tools import ToolSchema
from ...domain.message.responses import ModelWarning
from ...ports.codec.rendering import Chunk, KeptArray

__all__ = ["names_on_the_wire", "written_tools"]

_MOST_SETS = 32
_MOST_BYTES = 1024 * 1024
"""A larger set is written each time."""

Write = Callable[[ToolSchema, list[ModelWarning]], dict[str, Any]]
"""Writes one tool, and adds to the warnings (Any: the provider's JSON)."""
_Set = tuple[Hashable, list[bytes], KeptArray, tuple[ModelWarning, ...]]

_sets: list[_Set] = []
"""The sets that were used last, the newest first. It is replaced, never changed, so threads may read it at any time."""


def written_tools(tools: Sequence[ToolSchema], key: Hashable, write: Write, warnings: list[ModelWarning]) -> Any:
    """The tools as an array for a body that `dump_body` writes (Any: JSON values, or `KeptArray`).

    They are recognised by their JSON, so one that was changed in place is written again. `key` is all else that
    `write` depends on.
    """
    global _sets
    try:
        found = next((one for one in _sets if one[0] == key and _are(tools, one[1])), None)
        if found is None:
            found = _new_set(tools, key, write)
    except TypeError:  # what only other writers of JSON know
        return [write(tool, warnings) for tool in tools]
    if not (_sets and _sets[0] is found) and sum(map(len, found[1])) <= _MOST_BYTES:
        _sets = [found, *(one for one in _sets if one is not found)][:_MOST_SETS]
    warnings += found[3]
    return found[2]


def _are(tools: Sequence[ToolSchema], given: Sequence[bytes]) -> bool:
    """Whether this is the JSON of these tools, one after the other: a buffer for all costs more than what is in it."""
    return len(tools) == len(given) and all(map(eq, map(orjson.dumps, tools), given))


def _new_set(tools: Sequence[ToolSchema], key: Hashable, write: Write) -> _Set:
    warnings: list[ModelWarning] = []
    given = [*map(orjson.dumps, tools)]
    values = deepcopy([write(tool, warnings) for tool in tools])  # they may hold parts of the caller's own
    return key, given, KeptArray([Chunk(values)]), tuple(warnings)


def names_on_the_wire(tools: Sequence[ToolSchema], legal: Callable[[str], str]) -> Mapping[str, str]:
    """What tools are called here, by their names as sent."""
    return _named(tuple([str(tool["function"]["name"]) for tool in tools]), legal) if tools else {}


@lru_cache(_MOST_SETS)
def _named(names: tuple[str, ...], legal: Callable[[str], str]) -> Mapping[str, str]:
    return {legal(name): name for name in names}
