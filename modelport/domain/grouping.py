"""Grouping of several agents' messages into one history."""

from __future__ import annotations

from collections.abc import Sequence

from .conversation import Conversation, to_turns
from .messages import Msg

__all__ = ["to_history_turns"]


def to_history_turns(messages: Sequence[Msg]) -> Conversation:
    """The messages as turns, agents' messages grouped."""
    return to_turns(messages)
