"""Models without `await`: `model.sync.generate(…)`, in scripts, threads and notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .application.blocking.chat import SyncChatModel, SyncChatStream
    from .application.blocking.others import SyncEmbeddingModel, SyncSTTModel, SyncTTSModel
    from .application.blocking.portal import run

__all__ = ["SyncChatModel", "SyncChatStream", "SyncEmbeddingModel", "SyncSTTModel", "SyncTTSModel", "run"]

__getattr__ = lazy_exports(
    __name__,
    {
        "SyncChatModel": "application.blocking.chat",
        "SyncChatStream": "application.blocking.chat",
        "SyncEmbeddingModel": "application.blocking.others",
        "SyncSTTModel": "application.blocking.others",
        "SyncTTSModel": "application.blocking.others",
        "run": "application.blocking.portal",
    },
)
