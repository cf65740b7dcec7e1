"""What the cards of Gemini models say, and the names that the API takes.

Facts: docs/protocols/gemini.md#request, docs/protocols/gemini.md#thinking.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...domain.chat.names import legal_name

if TYPE_CHECKING:
    from ...domain.card.cards import ModelCard

__all__ = ["PROVIDER", "demands_signatures", "takes_media_in_results", "wire_name"]

PROVIDER = "gemini"

_LEGAL = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}\Z")


def demands_signatures(card: ModelCard | None) -> bool:
    """Whether the first function call of each step must be signed: Gemini 3 and later, so any model without a card."""
    if card is None or not card.known:
        return True
    return card.thinking is not None and card.thinking.replay == "tool_calls"


def takes_media_in_results(card: ModelCard | None) -> bool:
    """Whether a function's response may hold media itself: Gemini 3 and later, whose cards tell the replay rule."""
    return card is not None and card.known and demands_signatures(card)


def wire_name(original: str) -> str:
    """A function name that the API takes: a letter or underscore, then letters, digits and `_.:-`, at most 64."""
    if _LEGAL.match(original):
        return original
    legal = legal_name(original)
    return legal if _LEGAL.match(legal) else "f_" + legal_name(original + "\n", 62)
