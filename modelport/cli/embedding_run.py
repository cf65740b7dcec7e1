"""Going through a corpus: slice by slice, with progress, into memory or into a file."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .terminal import errors

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..application.embedding_model import EmbeddingModelBase
    from ..composition.facade import Modelport
    from ..domain.embedding.values import Embedding, EmbeddingResponse
    from .corpus import Corpus

__all__ = ["EmbeddingRun"]

_BATCHES_A_WORKER = 4
_LARGEST_SLICE = 8192


class EmbeddingRun:
    """One run over a corpus; `done` and `tokens` say how far it got."""

    def __init__(self, hub: Modelport, model: EmbeddingModelBase[Any], corpus: Corpus) -> None:
        self._hub = hub
        self._model = model
        self._corpus = corpus
        self.done = self.tokens = 0

    async def vectors(self) -> list[Embedding]:
        """The vectors as lists."""
        found: list[Embedding] = []
        async with self._hub, aclosing(self._slices()) as responses:
            async for response in responses:
                found += response.embeddings
        return found

    async def into(self, path: Path) -> None:
        """Write the vectors as a .npy file, which is there only when it is whole."""
        import numpy as np

        unfinished = path.with_name(f".{path.name}.part")  # one name, so that killed runs leave no more than one
        table: Any = None  # Any: numpy's memory map
        try:
            async with self._hub, aclosing(self._slices()) as responses:
                async for response in responses:
                    rows = response.array
                    if table is None:
                        shape = (self._corpus.count, rows.shape[1])
                        table = np.lib.format.open_memmap(unfinished, "w+", np.dtype("<f4"), shape)
                    table[self.done - len(rows) : self.done] = rows
            if table is None:
                raise click.UsageError("there are no texts")
            table.flush()
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    async def _slices(self) -> AsyncGenerator[EmbeddingResponse, None]:
        total, texts = self._corpus.count, iter(self._corpus)
        size = min(self._model.batch_size * self._model.concurrency * _BATCHES_A_WORKER, _LARGEST_SLICE)
        with _progress(total) as progress:
            while piece := list(islice(texts, size)):
                response = await self._model(piece)
                self.done += len(piece)
                self.tokens += response.usage.tokens if response.usage else 0
                if progress is not None:
                    progress.update(progress.task_ids[0], completed=self.done)
                yield response


@contextmanager
def _progress(total: int) -> Iterator[Progress | None]:
    """A bar on stderr for people who have something to wait for."""
    if not errors().is_terminal or total < 100:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors(), transient=True) as progress:
        progress.add_task("embedding", total=total)
        yield progress
