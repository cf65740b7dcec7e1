"""Collections of embedded texts: the search is that of numpy over everything, whatever the order and the size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelport.adapters.collections import sql
from modelport.adapters.collections.sql import CollectionSummary, SQLCollections
from modelport.error import SettingsError


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/collections.db"


async def test_the_best_of_many_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "_CHUNK", 7)
    kept, random = SQLCollections(url(tmp_path)), np.random.default_rng(1)
    vectors = random.normal(size=(50, 8)) * random.uniform(0.1, 9, size=(50, 1))
    texts = [f"text {number}" for number in range(50)]
    await kept.add("c", "m", texts[:20], vectors[:20])
    await kept.add("c", "m", texts[20:], vectors[20:])
    await kept.add("other", "m", ["elsewhere"], vectors[:1])
    wanted = random.normal(size=8)
    cosines = vectors @ wanted / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(wanted))
    order = np.argsort(-cosines)[:5]
    found = await kept.nearest("c", wanted, 5)
    await kept.aclose()
    assert [each.text for each in found] == [texts[number] for number in order]
    assert np.allclose([each.score for each in found], cosines[order], atol=1e-5)


async def test_a_text_is_there_once_and_a_collection_has_one_model(tmp_path: Path) -> None:
    kept = SQLCollections(url(tmp_path))
    await kept.add("c", "m", ["a", "b", "a"], np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    await kept.add("c", "m", ["a", "zero\0"], np.array([[0.0, -1.0], [0.0, 0.0]]))
    assert await kept.summaries() == [CollectionSummary("c", "m", 3)]
    found = await kept.nearest("c", np.array([0.0, 2.0]), 10)
    assert [(each.text, round(each.score, 3)) for each in found] == [("b", 1.0), ("zero", 0.0), ("a", -1.0)]
    with pytest.raises(SettingsError, match="has vectors of m, not of other"):
        await kept.add("c", "other", ["x"], np.array([[1.0, 0.0]]))
    with pytest.raises(SettingsError, match="of another size"):
        await kept.nearest("c", np.array([1.0, 0.0, 0.0]), 1)
    assert await kept.model_of("c") == "m" and await kept.model_of("d") is None
    assert await kept.remove("c") and not await kept.remove("c")
    assert await kept.nearest("c", np.array([1.0, 0.0]), 1) == []
    await kept.aclose()
