"""How a turn of the Live API ended. Facts: docs/protocols/realtime-gemini.md#server-frames."""

from __future__ import annotations

import re

from ....domain.message.responses import FinishReason
from ....domain.realtime.signals import ResponseEnded
from .turn import LiveTurn

__all__ = ["is_refusal", "turn_ended"]

_FAILED = frozenset({"MALFORMED_FUNCTION_CALL", "MAX_REGENERATION_REACHED"})
_HARMLESS = frozenset({"", "TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT"})
_WORD = re.compile(r"[A-Z_]{1,80}")


def is_refusal(reason: str) -> bool:
    """Whether a `turnCompleteReason` says that the answer is not what was asked for."""
    return reason not in _HARMLESS and _WORD.fullmatch(reason) is not None


def turn_ended(turn: LiveTurn, reason: str) -> ResponseEnded:
    """The end of an answer, with its `turnCompleteReason`: those that are not failures are about its content."""
    if turn.interrupted:
        return ResponseEnded(turn.id, "cancelled", usage=turn.usage)
    if reason in _FAILED:
        return ResponseEnded(turn.id, "failed", error=f"the turn ended with {reason}", usage=turn.usage)
    finish = FinishReason.CONTENT_FILTER if is_refusal(reason) else FinishReason.STOP
    return ResponseEnded(turn.id, "completed", finish, usage=turn.usage)
