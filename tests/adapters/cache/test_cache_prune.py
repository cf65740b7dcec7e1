"""Pruning by limits that no cache can exceed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.adapters.cache.test_recent import ONE, make


@pytest.mark.parametrize("kind", ["file", "sqlite"])
async def test_a_limit_beyond_all_numbers_removes_nothing(kind: str, tmp_path: Path) -> None:
    cache = make(kind, tmp_path, 0)
    await cache.store_many([(ONE, "a"), (ONE, "b")])
    for age in (timedelta.max, 1e300, float("inf")):
        assert await cache.prune(max_age=age) == 0
    assert await cache.prune(max_entries=10**30) == 0
    assert await cache.prune(max_entries=1) == 1
    await cache.aclose()
