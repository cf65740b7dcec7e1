"""An embedding model in one event loop after another."""

from __future__ import annotations

import asyncio
import gc
import weakref

from tests.application.embedding.embedding_support import CustomEmbedding, texts


def test_a_model_keeps_no_loop_that_has_ended() -> None:
    model = CustomEmbedding()
    loops: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()

    async def use() -> None:
        loops.add(asyncio.get_running_loop())
        await model(texts(3))

    for _ in range(5):
        asyncio.run(use())
    gc.collect()
    assert len(loops) <= 1, "only the last loop may be kept, until the next one"
