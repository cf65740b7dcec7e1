"""The port that reads model cards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..domain.card.cards import C, CardQuery

__all__ = ["CardSource"]


class CardSource(Protocol):
    """Reads the cards of a folder.

    The file of a model is named after it: characters other than letters, digits, `.`, `-` and `_` become `_`, then
    `.yaml` follows (`qwen3:8b` is in `qwen3_8b.yaml`). A file with another name is found too, only more slowly.
    Every card handed out is the caller's own and may be changed. A broken card raises `CardError`.
    """

    def find(self, directory: Path, name: str, query: CardQuery[C]) -> C | None:
        """The card of one model, by its name or an alias; `None` when the folder has none. Reads only that card."""
        ...

    def list_all(self, directory: Path, query: CardQuery[C]) -> list[C]:
        """The cards asked for, sorted by name; empty when the folder does not exist."""
        ...
