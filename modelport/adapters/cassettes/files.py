"""Files that are written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["replace_file", "write_beside"]


def replace_file(path: Path, text: str) -> None:
    """Put a new file in the place of this one; a link there is replaced, and what it points to is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = write_beside(path, text)
    try:
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_beside(path: Path, text: str) -> Path:
    """A new hidden file with a random name in the same folder; readable and writable by its owner only."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)
