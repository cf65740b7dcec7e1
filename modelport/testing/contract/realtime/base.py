"""What the cases of realtime models ask of their contract: recordings, and how to build the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ....application.realtime.model import RealtimeModelBase
from ....ports.websocket import WebSocketConnector
from ..core.contract import Contract
from .recordings import builtin_model, load_recordings
from .script import Script

__all__ = ["RealtimeContractBase"]


class Tape(dict[str, Any]):  # Any: JSON
    """A recording, which shows its name in the names of tests."""

    def __str__(self) -> str:
        return str(self["id"])


class RealtimeContractBase(Contract):
    """A contract of a realtime model, without cases."""

    recordings: ClassVar[str | Path | Sequence[Mapping[str, Any]]] = ()  # Any: JSON
    most_cuts: ClassVar[int] = 6

    def check_declared(self) -> None:
        """Raise `TypeError` unless there are recordings."""
        if not self.tapes():
            raise TypeError(f"{type(self).__name__} needs `recordings`: a folder of JSON files, or their values")

    def tapes(self) -> list[Tape]:
        """The recordings."""
        given = self.recordings
        found = load_recordings(Path(given)) if isinstance(given, str | Path) else given
        return [Tape(recording) for recording in found]

    def build(self, script: Script, url: str, connector: WebSocketConnector) -> RealtimeModelBase:
        """The model for a recording: with its `script.parameters`, `script.detection` and `script.reconnects`.

        By default the built-in model of the recording's `api`.
        """
        return builtin_model(script, url, connector)
