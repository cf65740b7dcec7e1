"""What is kept per event loop: a loop may begin in another thread while the ended ones are being forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.rate_limit.in_process import locks_by_name
from modelport.application.call.per_loop import PerLoop
from modelport.embedding import SQLEmbeddingCache
from tests.application.embedding.embedding_support import CustomEmbedding

Use = Callable[[], Coroutine[Any, Any, object]]


class AskedLoop(asyncio.SelectorEventLoop):
    """Does something else first when it is asked whether it is closed."""

    meanwhile: Callable[[], object] | None = None

    def is_closed(self) -> bool:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().is_closed()


def use_of(kind: str, folder: Path) -> Use:
    locks, model = locks_by_name(), CustomEmbedding()
    cache = SQLEmbeddingCache(f"sqlite+aiosqlite:///{folder}/kept.db")

    async def close(_: object) -> None:
        pass

    resources = PerLoop(object, close)

    async def free() -> object:
        return model.free_request()

    async def lock() -> object:
        return locks.get()["provider/model"]

    async def look() -> object:
        return await cache.retrieve("nothing")

    async def resource() -> object:
        return resources.get()

    return {"requests": free, "locks": lock, "resources": resource, "database": look}[kind]


@pytest.mark.parametrize("kind", ["requests", "locks", "resources", "database"])
def test_a_loop_that_begins_in_another_thread_disturbs_no_other(kind: str, tmp_path: Path) -> None:
    use = use_of(kind, tmp_path)
    with ExitStack() as after, ThreadPoolExecutor(1) as thread:
        first, second, third = AskedLoop(), asyncio.SelectorEventLoop(), asyncio.SelectorEventLoop()
        for loop in (first, second, third):
            after.callback(end, loop)
        first.run_until_complete(use())
        given: list[object] = []
        first.meanwhile = lambda: given.append(thread.submit(second.run_until_complete, use()).result(10))
        third.run_until_complete(use())
        assert first.meanwhile is None, "the first loop was not asked"
        assert second.run_until_complete(use()) is given[0], "the second loop was forgotten"


def end(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
