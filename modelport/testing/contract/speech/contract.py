"""The contract of a speech model: one class and a folder of cassettes, of HTTP or of WebSockets.

class TestMine(TTSContract):
    model = MyTTSModel
    credential = MyCredential(api_key="test")
    cassettes = Path(__file__).parent / "cassettes"
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.case import Case
from ..model import byte_changes, cards, refusals, sockets, timeouts
from . import realtime, streams, texts, truncation
from .base import TTSContractBase

__all__ = ["TTSContract"]


class TTSContract(TTSContractBase):
    """What every speech model does, whatever its server, its network or its caller do.

    Attributes:
        model: the class.
        credential: one that it takes; its keys are replaced by known ones.
        cassettes: the folder of cassettes, or several; those of a realtime model are conversations over WebSockets.
            Those of other endpoints in it are passed over.
        model_name: the model to ask where a cassette names none; by default the first of the cards.
        limit: how many mutations of one kind are made of one cassette at most.
        patience: seconds of real time to wait for what should happen at once.
    """

    cases: ClassVar[tuple[Case[Any], ...]] = (
        *streams.CASES,
        *byte_changes.CASES,
        *truncation.CASES,
        *texts.CASES,
        *realtime.CASES,
        *refusals.CASES,
        *timeouts.CASES,
        *sockets.CASES,
        *cards.CASES,
        cards.card_defaults_are_sent,
    )
