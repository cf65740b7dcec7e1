"""One list of faults for every cache: none costs an answer, and each gives one warning at most."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.cache.folder import EntryFolder
from modelport.domain.message.responses import ModelWarning
from modelport.embedding import EmbeddingCacheBase, FileEmbeddingCache, SQLEmbeddingCache
from modelport.testing.servers.http import ScriptedServer
from tests.contract.test_refused_inputs import MODELS, vector_of
from tests.contract.test_vector_identity import echo

pytest.importorskip("aiosqlite", reason="aiosqlite is not installed")

from sqlalchemy import URL

from modelport.adapters.sql.engine import LoopEngines
from modelport.adapters.sql.pool import Pool


def file_cache(folder: Path) -> EmbeddingCacheBase:
    return FileEmbeddingCache(folder / "files")


def plain_file_cache(folder: Path) -> EmbeddingCacheBase:
    return FileEmbeddingCache(folder / "files", memory_mb=0)


def sql_cache(folder: Path) -> EmbeddingCacheBase:
    return SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/x.db")


def plain_sql_cache(folder: Path) -> EmbeddingCacheBase:
    return SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/x.db", memory_mb=0)


CACHES: dict[str, Callable[[Path], EmbeddingCacheBase]] = {
    "file": file_cache,
    "file without memory": plain_file_cache,
    "sql": sql_cache,
    "sql without memory": plain_sql_cache,
}


def warnings_of(response: Any) -> list[ModelWarning]:
    return [warning for warning in response.warnings if warning.setting == "embedding_cache"]


def modes_below(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}


def remove_all(folder: Path) -> None:
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


@pytest.mark.parametrize("mask", [0o000, 0o022])
@pytest.mark.parametrize("kind", CACHES)
async def test_what_is_stored_is_read_by_its_owner_only(kind: str, mask: int, tmp_path: Path) -> None:
    async with ScriptedServer(echo) as server:
        before = os.umask(mask)
        try:
            model = MODELS["openai"](server.base_url, embedding_cache=CACHES[kind](tmp_path))
            await model(["one", "two"])
            modes = modes_below(tmp_path)
        finally:
            os.umask(before)
    assert modes and set(modes.values()) == {0o600}, modes


@pytest.mark.parametrize("kind", CACHES)
async def test_storage_that_is_removed_under_the_program_is_made_again(kind: str, tmp_path: Path) -> None:
    async with ScriptedServer(echo) as server:
        model = MODELS["openai"](server.base_url, embedding_cache=CACHES[kind](tmp_path))
        await model(["one"])
        for number in range(2):
            remove_all(tmp_path)
            first = await model([f"new {number}"])
            again = await model([f"new {number}"])
            assert (first.source, again.source) == ("api", "cache")
            assert warnings_of(first) == warnings_of(again) == []
        other = MODELS["openai"](server.base_url, embedding_cache=CACHES[kind](tmp_path))
        assert (await other(["new 1"])).source == "cache"
        assert (await model(["one"])).source == "api"


@pytest.mark.parametrize("kind", CACHES)
async def test_storage_that_is_replaced_under_the_program_is_read(kind: str, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    async with ScriptedServer(echo) as server:
        model = MODELS["openai"](server.base_url, embedding_cache=CACHES[kind](mine))
        await model(["one"])
        writer = CACHES[kind](other)
        await MODELS["openai"](server.base_url, embedding_cache=writer)(["two"])
        await writer.aclose()
        remove_all(mine)
        for entry in other.iterdir():
            shutil.move(entry, mine)
        response = await model(["two"])
    assert response.source == "cache" and warnings_of(response) == []


@contextmanager
def unwritable(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingCacheBase]:
    """The cache as a program sees it that may only read it."""
    if kind.startswith("file"):

        def refuse(self: EntryFolder, name: str, data: bytes) -> None:
            raise PermissionError(13, "Permission denied", self.path)

        monkeypatch.setattr(EntryFolder, "write", refuse)
        yield CACHES[kind](folder)
    else:
        memory = {"memory_mb": 0} if "without" in kind else {}
        yield SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/x.db?mode=ro", **memory)


@pytest.mark.parametrize("kind", CACHES)
async def test_storage_that_can_only_be_read_gives_hits(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ScriptedServer(echo) as server:
        writer = CACHES[kind](tmp_path)
        await MODELS["openai"](server.base_url, embedding_cache=writer)(["one", "two"])
        await writer.aclose()
        with unwritable(kind, tmp_path, monkeypatch) as cache:
            model = MODELS["openai"](server.base_url, embedding_cache=cache, batch_size=1)
            for _ in range(2):
                hit = await model(["one", "two"])
                assert (hit.source, warnings_of(hit)) == ("cache", [])
                both = await model(["one", "three", "four", "five"])
                assert both.embeddings == [vector_of(text) for text in ("one", "three", "four", "five")]
                assert len(warnings_of(both)) == 1


@contextmanager
def out_of_reach(kind: str, folder: Path) -> Iterator[None]:
    """Another program holds the storage's lock; of a folder, which has none, a file has taken its place."""
    if kind.startswith("file"):
        shutil.rmtree(folder / "files")
        (folder / "files").write_bytes(b"")
        yield
        return
    lock = sqlite3.connect(folder / "x.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    yield
    lock.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often a lock was waited for in vain; waits are short."""
    pools: list[Pool] = []

    class Counted(Pool):
        def __init__(self, url: URL, busy_seconds: float, subject: str) -> None:
            super().__init__(url, 0.2, subject)
            pools.append(self)

    monkeypatch.setattr("modelport.adapters.sql.engine.Pool", Counted)
    return lambda: sum(pool.locked_out for pool in pools)


@pytest.mark.parametrize("kind", CACHES)
async def test_storage_that_is_locked_costs_a_call_one_short_wait(
    kind: str, tmp_path: Path, waits: Callable[[], int]
) -> None:
    async with ScriptedServer(echo) as server:
        model = MODELS["openai"](server.base_url, embedding_cache=CACHES[kind](tmp_path), batch_size=1)
        await model(["warm"])
        with out_of_reach(kind, tmp_path):
            response = await model([f"text {number}" for number in range(12)])
            assert waits() == (0 if kind.startswith("file") else 1)
            assert len(response.embeddings) == 12 and len(warnings_of(response)) == 1
            if not kind.startswith("file"):
                hit = await MODELS["openai"](server.base_url, embedding_cache=CACHES[kind](tmp_path))(["warm"])
                assert (hit.source, warnings_of(hit)) == ("cache", [])


@pytest.mark.parametrize("kind", ["sql", "sql without memory"])
async def test_calls_at_the_same_time_do_not_wait_for_a_lock_one_after_the_other(
    kind: str, tmp_path: Path, waits: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ScriptedServer(echo) as server:
        model = MODELS["openai"](server.base_url, embedding_cache=CACHES[kind](tmp_path))
        await model(["warm"])
        with out_of_reach(kind, tmp_path):
            all_ask, asked, transaction = asyncio.Event(), [], LoopEngines.transaction

            async def together(engines: LoopEngines, work: Any) -> Any:
                """All eight ask for their turn before one of them has waited in vain."""
                asked.append(engines)
                if len(asked) == 8:
                    all_ask.set()
                await all_ask.wait()
                return await transaction(engines, work)

            monkeypatch.setattr(LoopEngines, "transaction", together)
            await asyncio.gather(*(model([f"text {number}"]) for number in range(8)))
            assert (len(asked), waits()) == (8, 1)


@pytest.mark.parametrize("kind", CACHES)
async def test_storage_that_is_damaged_costs_no_answer(kind: str, tmp_path: Path) -> None:
    cache = CACHES[kind](tmp_path)
    async with ScriptedServer(echo) as server:
        await MODELS["openai"](server.base_url, embedding_cache=cache)(["one", "two"])
        await cache.aclose()
        for folder, _, names in os.walk(tmp_path):
            for name in names:
                with open(os.path.join(folder, name), "wb") as file:  # noqa: ASYNC230  # a small local file
                    file.write(b"neither vectors nor a database" * 100)
        response = await MODELS["openai"](server.base_url, embedding_cache=CACHES[kind](tmp_path))(["one", "two"])
    assert response.embeddings == [vector_of("one"), vector_of("two")]
    assert len(warnings_of(response)) <= 1


async def test_a_database_server_that_is_away_costs_no_answer() -> None:
    pytest.importorskip("asyncpg", reason="asyncpg is not installed")
    cache = SQLEmbeddingCache("postgresql+asyncpg://app:a-password-0123@127.0.0.1:1/x?sslmode=require")
    async with ScriptedServer(echo) as server:
        model = MODELS["openai"](server.base_url, embedding_cache=cache, batch_size=1)
        for _ in range(2):
            response = await model(["one", "two", "three"])
            assert response.embeddings == [vector_of(text) for text in ("one", "two", "three")]
            (warning,) = warnings_of(response)
            assert "127.0.0.1:1" in warning.message and "a-password" not in str(warning)
    await cache.aclose()


class Wrong(EmbeddingCacheBase):
    """A cache of the application's that fails in one of its methods."""

    def __init__(self, how: str) -> None:
        self.how = how

    async def store(self, embeddings: list[list[float]], identifier: Any, overwrite: bool = False) -> None:
        if self.how == "store":
            raise OSError("the disk is full")

    async def retrieve(self, identifier: Any) -> list[list[float]] | None:
        if self.how == "retrieve":
            raise ConnectionError("the cache is away")
        return [[1.0], [2.0]] if self.how == "several" else [[]] if self.how == "empty" else None

    async def remove(self, identifier: Any) -> None: ...

    async def clear(self) -> None: ...


@pytest.mark.parametrize("how", ["store", "retrieve", "several", "empty"])
async def test_a_cache_of_the_applications_that_fails_costs_no_answer(how: str) -> None:
    async with ScriptedServer(echo) as server:
        model = MODELS["openai"](server.base_url, embedding_cache=Wrong(how), batch_size=1)
        response = await model(["one", "two", "three"])
    assert response.embeddings == [vector_of(text) for text in ("one", "two", "three")]
    assert len(warnings_of(response)) == (how in ("store", "retrieve"))
