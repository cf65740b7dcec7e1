"""Embeds a corpus slice by slice, with progress, into memory or into a file."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from ..adapters.wire.private_file import open_unlinked
from ..domain.errors import ResponseDecodeError, SettingsError
from .console.terminal import errors

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..application.embedding.model import EmbeddingModelBase
    from ..composition.hub import Modelport
    from ..domain.embedding.values import Embedding, EmbeddingResponse
    from ..domain.message.responses import ModelWarning
    from .corpus import Corpus

__all__ = ["EmbeddingRun", "progress_bar"]

_BATCHES_A_WORKER = 4
_LARGEST_SLICE = 8192
_CHANGED = (
    "the file of texts has changed while it was read, so lines and vectors would not match; run the command again"
)


class EmbeddingRun:
    """One run over a corpus; `done` and `tokens` count the texts and tokens so far."""

    def __init__(self, hub: Modelport, model: EmbeddingModelBase[Any], corpus: Corpus) -> None:
        self._hub = hub
        self._model = model
        self._corpus = corpus
        self.done = self.tokens = 0
        self._noted: set[tuple[str, str]] = set()

    @property
    def total(self) -> int:
        """How many texts the corpus has."""
        return self._corpus.count

    async def vectors(self) -> list[Embedding]:
        """The vectors as lists."""
        found: list[Embedding] = []
        async with self._hub, aclosing(self._slices()) as responses:
            async for response in responses:
                found += response.embeddings
        return found

    async def into(self, path: Path) -> None:
        """Write the vectors as a .npy file, which appears at the path once it is complete."""
        import numpy as np

        unfinished = path.with_name(f".{path.name}.part")  # always the same, so that killed runs leave one file
        table: Any = None  # Any: numpy's memory map
        begun = _begin(path, unfinished)
        try:
            async with self._hub, aclosing(self._slices()) as responses:
                async for response in responses:
                    rows = _rows(response, table)
                    if table is None:
                        shape = (self.total, rows.shape[1])
                        with _writing(path):
                            table = np.lib.format.open_memmap(unfinished, "w+", np.dtype("<f4"), shape)
                    table[self.done - len(rows) : self.done] = rows
            if table is None:
                raise click.UsageError("there are no texts")
            with _writing(path):
                table.flush()
                os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
            begun.close()

    def _note(self, warnings: Iterable[ModelWarning]) -> None:
        """Show each kind of warning once; every slice repeats them, some with different numbers."""
        from .console.answers import note_warning

        for warning in warnings:
            if (warning.kind, warning.setting) not in self._noted:
                self._noted.add((warning.kind, warning.setting))
                note_warning(warning)

    async def _slices(self) -> AsyncGenerator[EmbeddingResponse, None]:
        total, texts = self.total, iter(self._corpus)
        size = min(self._model.batch_size * self._model.concurrency * _BATCHES_A_WORKER, _LARGEST_SLICE)
        with progress_bar(total) as progress:
            while piece := list(islice(texts, size)):
                if self.done + len(piece) > total:
                    raise click.UsageError(_CHANGED)
                response = await self._model(piece)
                self._note(response.warnings)
                self.done += len(piece)
                self.tokens += response.usage.tokens if response.usage else 0
                if progress is not None:
                    progress.update(progress.task_ids[0], completed=self.done)
                yield response
            if self.done < total:
                raise click.UsageError(_CHANGED)


def _rows(response: EmbeddingResponse, table: Any) -> Any:  # Any: arrays of numpy, which is loaded by the first call
    """The vectors; `ResponseDecodeError` unless they have the size of those in the table."""
    from ..domain.embedding.values import EmbeddingVectors

    rows = EmbeddingVectors(response.embeddings).rows
    sizes = {len(row) for row in rows} | (set() if table is None else {table.shape[1]})
    if len(sizes) > 1:
        found = ", ".join(map(str, sorted(sizes)))
        raise ResponseDecodeError(f"expected vectors of one size, got the sizes {found}; check the model")
    return response.array


def _begin(path: Path, unfinished: Path) -> BinaryIO:
    """Check that the file can be written, before any request. The open file returned is a lock against other runs."""
    if path.exists() and not path.is_file():
        raise click.UsageError(f"--out {path}: expected a regular file or a new path, since the file is replaced")
    with _writing(path):
        file = open(unfinished, "ab", opener=open_unlinked)  # noqa: SIM115 - it is returned
    if not _locked(file):
        file.close()
        raise click.UsageError(f"--out {path}: another run is writing it; wait for it, or give another path")
    return file


def _locked(file: BinaryIO) -> bool:
    """Whether this process holds the lock of the file; the lock ends with the process."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the file system does not support locks
        return True
    return True


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror or error}") from error


@contextmanager
def progress_bar(total: int) -> Iterator[Progress | None]:
    """A progress bar on stderr, on a terminal and for at least 100 texts."""
    if not errors().is_terminal or total < 100:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors(), transient=True) as progress:
        progress.add_task("embedding", total=total)
        yield progress
