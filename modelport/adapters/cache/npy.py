"""Entries as bytes: NumPy's own file format (NEP 1, version 1.0), read and written without its general machinery.

`numpy.load` spends most of its time on evaluating the header; here a known header costs one dictionary look-up. A
checksum follows the data, where `numpy.load` does not look: a torn or altered file is told from a good one.
"""

from __future__ import annotations

import re
import struct
import zlib
from functools import lru_cache

import numpy as np

from ...domain.embedding.values import FloatArray

__all__ = ["decode_entry", "encode_entry"]

_MAGIC = b"\x93NUMPY\x01\x00"
_PREFIX = struct.Struct("<8sH")
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
    if len(data) < _PREFIX.size:
        return None
    magic, length = _PREFIX.unpack_from(data)
    start = _PREFIX.size + length
    layout = _layout(data[_PREFIX.size : start]) if magic == _MAGIC else None
    if layout is None:
        return None
    item_size, rows, columns = layout
    end = start + item_size * rows * columns
    if len(data) != end and not _sealed(data, end):
        return None
    return np.frombuffer(data, f"<f{item_size}", rows * columns, start).reshape(rows, columns)


def _sealed(data: bytes, end: int) -> bool:
    if len(data) != end + _SEAL.size:
        return False
    mark, checksum = _SEAL.unpack_from(data, end)
    return bool(mark == _SEAL_MARK and checksum == zlib.crc32(memoryview(data)[:end]))


@lru_cache(maxsize=256)
def _header(item_size: int, rows: int, columns: int) -> bytes:
    text = f"{{'descr': '<f{item_size}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}".encode()
    # The format wants the data to begin at a multiple of 64, and a line break before it.
    padding = -(_PREFIX.size + len(text) + 1) % 64
    return _PREFIX.pack(_MAGIC, len(text) + padding + 1) + text + b" " * padding + b"\n"


@lru_cache(maxsize=256)
def _layout(header: bytes) -> tuple[int, int, int] | None:
    """(bytes a number, vectors, size) of a header's text, or `None` when it is not one that we write."""
    found = _HEADER.fullmatch(header)
    return (int(found[1][2:]), int(found[2]), int(found[3])) if found else None
