"""Opens files for writing without following a symbolic link of that name."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["open_private", "open_unlinked"]

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def open_private(path: str | Path, flags: int) -> int:
    """An `opener` for `open`: a new file with the mode 0600; a link is an `OSError`."""
    return os.open(path, flags | _NO_LINK, 0o600)


def open_unlinked(path: str | Path, flags: int) -> int:
    """An `opener` for `open`: with the user's usual mode; a link is an `OSError`."""
    return os.open(path, flags | _NO_LINK, 0o666)
