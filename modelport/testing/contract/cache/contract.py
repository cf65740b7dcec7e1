"""The contract of an embedding cache: how to make one, and nothing else.

class TestMine(CacheContract):
    async def make(self, folder):
        return MyCache(folder)
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.case import Case
from . import rules, sharing, values
from .base import CacheContractBase

__all__ = ["CacheContract"]


class CacheContract(CacheContractBase):
    """What every embedding cache promises: the four methods, those for many entries, and what it keeps.

    Attributes:
        shared: whether two caches made in one folder are the same place.
        patience: seconds of real time to wait for what should happen at once.
    """

    cases: ClassVar[tuple[Case[Any], ...]] = (*values.CASES, *rules.CASES, *sharing.CASES)
