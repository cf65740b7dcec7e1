"""The contract of an embedding model: one class and a folder of cassettes.

class TestMine(EmbeddingContract):
    model = MyEmbeddingModel
    credential = MyCredential(api_key="test")
    cassettes = Path(__file__).parent / "cassettes"
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.case import Case
from ..model import byte_changes, cards, refusals, sockets, timeouts
from . import batches, bodies, cache_use, inputs
from .base import EmbeddingContractBase

__all__ = ["EmbeddingContract"]


class EmbeddingContract(EmbeddingContractBase):
    """What every embedding model does, whatever its server, its network or its caller do.

    Attributes:
        model: the class.
        credential: one that it takes; its keys are replaced by known ones.
        cassettes: the folder of cassettes, or several. Those of other endpoints in it are passed over.
        model_name: the model to ask where a cassette names none; by default the first of the cards.
        limit: how many mutations of one kind are made of one cassette at most.
        patience: seconds of real time to wait for what should happen at once.
        cache: makes the cache that the model uses where a case is about caching; by default one in memory.
    """

    cases: ClassVar[tuple[Case[Any], ...]] = (
        *bodies.CASES,
        byte_changes.cut_in_two,
        byte_changes.one_byte_at_a_time,
        *batches.CASES,
        *cache_use.CASES,
        *inputs.CASES,
        *refusals.CASES,
        *timeouts.CASES,
        *sockets.CASES,
        *cards.CASES,
        cards.card_defaults_are_sent,
    )
