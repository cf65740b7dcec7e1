"""The contract of a realtime model: recorded conversations, and how to build the model.

class TestMine(RealtimeContract):
    recordings = "recordings/mine"

    def build(self, script, url, connector):
        return MyRealtimeModel(...)
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.case import Case
from .base import RealtimeContractBase
from .cases import CASES

__all__ = ["RealtimeContract"]


class RealtimeContract(RealtimeContractBase):
    """What every realtime model promises, on recorded conversations.

    Attributes:
        recordings: a folder of JSON files, or their values; `RealtimeReplayServer` describes the frames, and
            `expected` is what a client should end up with.
        most_cuts: at how many places of a recording its connection is broken, or the application leaves.
    """

    cases: ClassVar[tuple[Case[Any], ...]] = CASES
