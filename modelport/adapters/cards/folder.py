"""A folder of card files: what is in it, and whether that is still the same."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ...domain.errors import CardError

if TYPE_CHECKING:
    from .card_file import Stamp

__all__ = ["GONE", "CardFolder", "stamp_of"]

SUFFIXES = (".yaml", ".yml")

GONE: Stamp = (0, -1)
"""Stands for a file that went away while its folder was being read."""

_BY_DESCRIPTOR = os.listdir in os.supports_fd and os.stat in os.supports_dir_fd
"""Whether the system looks files up in an open folder, which is quicker than by their whole paths."""


class CardFolder:
    """A folder while it is being listed; a context manager.

    Attributes:
        path: the folder.
        names: its entries, in no order; none when it does not exist.

    Raises:
        CardError: the folder cannot be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor: int | None = None
        try:
            if _BY_DESCRIPTOR:
                self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            self.names = os.listdir(path if self._descriptor is None else self._descriptor)
        except FileNotFoundError:
            self.names = []
        except OSError as error:
            self.close()
            raise CardError(f"{path}: the card folder cannot be read: {error.strerror}") from error

    def files(self) -> list[str]:
        """The names of the card files, sorted."""
        return sorted(name for name in self.names if name.endswith(SUFFIXES))

    def stamps(self, names: list[str]) -> list[Stamp]:
        """Time and size of each of these files."""
        try:
            if self._descriptor is None:
                infos = [os.stat(self.path + os.sep + name) for name in names]
            else:
                infos = [os.stat(name, dir_fd=self._descriptor) for name in names]
            return [(info.st_mtime_ns, info.st_size) for info in infos]
        except OSError:  # one went away in the meantime
            return [stamp_of(self.path + os.sep + name) for name in names]

    def close(self) -> None:
        """Close the folder; harmless when it is closed already."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def stamp_of(path: str) -> Stamp:
    """Time and size of a file; `GONE` when it cannot be looked up."""
    try:
        info = os.stat(path)
    except OSError:
        return GONE
    return info.st_mtime_ns, info.st_size
