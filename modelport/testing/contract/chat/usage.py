"""Token counts: there when the server gave them, and with one meaning everywhere."""

from __future__ import annotations

import re

from ....domain.message.responses import ChatResponse
from ..core.case import NotApplicableError, require
from ..core.recordings import Taped

__all__ = ["check_usage"]

_COUNT = re.compile(rb'"[A-Za-z_]*(?:token|eval_count)[A-Za-z_]*"\s*:\s*([1-9]\d*)', re.IGNORECASE)


def check_usage(response: ChatResponse, tape: Taped) -> None:
    """Raise unless the server's counts are there: cached tokens within the input, reasoning within the output."""
    counts = {int(found) for found in _COUNT.findall(tape.body)}
    if not counts:
        raise NotApplicableError("the server counts no tokens here")
    usage = response.usage
    if usage is None:
        raise AssertionError(f"the server counts tokens ({sorted(counts)}), but the response has no usage")
    numbers = (usage.input_tokens, usage.output_tokens, usage.cache_input_tokens, usage.cache_creation_input_tokens)
    require(all(number >= 0 for number in (*numbers, usage.reasoning_tokens)), f"a negative count: {usage}")
    require(usage.input_tokens > 0, f"no input is counted: {usage}")
    require(usage.output_tokens > 0 or not response.content, f"no output is counted: {usage}")
    cached = usage.cache_input_tokens + usage.cache_creation_input_tokens
    require(cached <= usage.input_tokens, f"more tokens of a cache than input tokens: {usage}")
    require(usage.reasoning_tokens <= usage.output_tokens, f"more reasoning than output: {usage}")
    require(usage.raw, "the provider's own counts are not kept in usage.raw")
    require(usage.time >= 0, f"a negative time: {usage}")
