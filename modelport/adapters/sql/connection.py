"""Connections to SQLite files that are closed when they are dropped, and in a process that was forked."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from threading import Thread
from typing import Any
from weakref import WeakSet

__all__ = ["SelfClosing"]

_PATIENCE = 1.0
"""Seconds for closing what was inherited: a lock that a thread of the parent held at the fork is never released."""


class SelfClosing(sqlite3.Connection):
    """Closes when it is dropped, as by a connecting that was cancelled, before Python 3.13 would warn of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as `sqlite3.connect` gives them
        super().__init__(*args, **kwargs)
        _open.add(self)

    def __del__(self) -> None:
        with suppress(sqlite3.Error):
            self.close()


_open: WeakSet[SelfClosing] = WeakSet()


def _close_inherited() -> None:
    """Close the connections of the parent.

    SQLite counts its locks in the memory of the process. A fork copies the count and not the locks, so a connection
    that is opened beside the inherited ones has no lock: the parent would remove the log that it writes to. One in a
    transaction stays, as closing it would undo what the parent is writing, in memory that both share.
    """
    inherited = [connection for connection in _open if _is_idle(connection)]
    if inherited:
        thread = Thread(target=_close_all, args=(inherited,), daemon=True)
        thread.start()
        thread.join(_PATIENCE)


def _is_idle(connection: SelfClosing) -> bool:
    with suppress(sqlite3.Error):  # it is closed
        return not connection.in_transaction
    return False


def _close_all(connections: list[SelfClosing]) -> None:
    for connection in connections:
        with suppress(sqlite3.Error):
            connection.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)
