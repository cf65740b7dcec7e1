"""Entries as bytes: NumPy's own file format (NEP 1, version 1.0), read and written without its general machinery.

`numpy.load` spends most of its time on evaluating the header; here a known header costs one dictionary look-up. A
checksum follows the data, where `numpy.load` does not look: it detects a torn or altered file.
"""

from __future__ import annotations

import re
import struct
import zlib
from functools import lru_cache
from typing import Any

import numpy as np

from ...domain.embedding.values import FloatArray

__all__ = ["decode_entry", "encode_entry", "view_entry"]

_MAGIC = b"\x93NUMPY\x01\x00"
_PREFIX = struct.Struct("<8sH")
_HEAD = 128
"""Bytes that hold the whole header of any table of two dimensions, ours and `numpy.save`'s."""
_SEAL = struct.Struct("<4sI")
_SEAL_MARK = b"mpc1"
_HEADER = re.compile(rb"\{'descr': '(<f[48])', 'fortran_order': False, 'shape': \((\d{1,10}), (\d{1,10})\), \} *\n")


def encode_entry(table: FloatArray) -> bytes:
    """The bytes of an `.npy` file with this table of shape (vectors, size), and its checksum."""
    wire = np.ascontiguousarray(table, dtype=table.dtype.newbyteorder("<"))
    body = _header(wire.itemsize, *wire.shape) + wire.tobytes()
    return body + _SEAL.pack(_SEAL_MARK, zlib.crc32(body))


def decode_entry(data: bytes) -> FloatArray | None:
    """The table, as a read-only view of the bytes; `None` when they are damaged.

    A file without our checksum, written by `numpy.save`, is taken when its length is right.
    """
    layout = _layout(data[:_HEAD])
    if layout is None:
        return None
    dtype, shape, start, end = layout
    if len(data) != end and not _sealed(data, end):
        return None
    return np.ndarray(shape, dtype, data, start)


def view_entry(data: bytes, table: FloatArray) -> FloatArray:
    """The table in what `encode_entry` has just made of it, as a read-only view."""
    return np.ndarray(table.shape, table.dtype.newbyteorder("<"), data, len(_header(table.itemsize, *table.shape)))


def _sealed(data: bytes, end: int) -> bool:
    if len(data) != end + _SEAL.size:
        return False
    mark, checksum = _SEAL.unpack_from(data, end)
    # Writer and reader continue the checksum over the seal, so the data need not be copied or sliced.
    return bool(mark == _SEAL_MARK and zlib.crc32(data[end:], checksum) == zlib.crc32(data))


@lru_cache(maxsize=256)
def _header(item_size: int, rows: int, columns: int) -> bytes:
    text = f"{{'descr': '<f{item_size}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}".encode()
    # The format wants the data to begin at a multiple of 64, and a line break before it.
    padding = -(_PREFIX.size + len(text) + 1) % 64
    return _PREFIX.pack(_MAGIC, len(text) + padding + 1) + text + b" " * padding + b"\n"


@lru_cache(maxsize=256)
def _layout(head: bytes) -> tuple[np.dtype[Any], tuple[int, int], int, int] | None:  # Any: float32 or float64
    """(type of a number, shape, start and end of the table) in a file that begins so; `None` for an unknown header."""
    if len(head) < _PREFIX.size:
        return None
    magic, length = _PREFIX.unpack_from(head)
    start = _PREFIX.size + length
    found = _HEADER.fullmatch(head, _PREFIX.size, start) if magic == _MAGIC and start <= len(head) else None
    if found is None:
        return None
    dtype, rows, columns = np.dtype(found[1].decode()), int(found[2]), int(found[3])
    return dtype, (rows, columns), start, start + dtype.itemsize * rows * columns
