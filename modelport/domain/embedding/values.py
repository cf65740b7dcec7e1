"""The result of an embedding call, and the storage of its vectors.

The vectors stay in the float32 arrays they arrived in; a row becomes a `list[float]` when it is accessed. 100,000
vectors of 1,024 numbers, which one call may return, take 0.4 GB instead of 3.2 GB as lists, and merging batches or
cache hits moves references only. Every row that the caller sees is a plain list.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from ..ids import new_id, new_timestamp
from ..message.responses import AttemptRecord, ModelWarning
from ..named_fields import NamedFields

__all__ = [
    "Embedding",
    "EmbeddingResponse",
    "EmbeddingUsage",
    "EmbeddingVectors",
    "FloatArray",
    "IncompleteVectors",
    "VectorsLike",
    "compact",
]

Embedding = list[float]
"""One vector, as the caller gets it."""

FloatArray = npt.NDArray[np.floating[Any]]
"""Vectors as stored: float32, or float64 where float32 would change a number; one or two dimensions."""

_FLOAT32 = np.dtype(np.float32)

VectorsLike = Sequence[Sequence[float]] | Sequence[FloatArray] | FloatArray
"""Accepted vectors: lists of numbers, arrays of one dimension, or one array of shape (vectors, size)."""


class EmbeddingVectors(Sequence[Embedding]):
    """An immutable sequence of vectors; an index gives a `list[float]`, a slice another `EmbeddingVectors`.

    It equals any list of the same vectors. `array` is the fast access: float32 of shape (vectors, size), also the
    result of `numpy.asarray`. Given arrays are not copied. Python floats come back unchanged: numbers that float32
    cannot hold exactly are stored as float64. Raises `ValueError` for anything but a list of vectors.
    """

    __slots__ = ("_rows",)

    def __init__(self, vectors: VectorsLike = ()) -> None:
        plain = type(vectors) is np.ndarray and vectors.dtype is _FLOAT32 and vectors.ndim == 2
        self._rows: FloatArray | list[FloatArray] = vectors if plain else _rows(vectors)  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Embedding: ...
    @overload
    def __getitem__(self, index: slice) -> EmbeddingVectors: ...
    def __getitem__(self, index: int | slice) -> Embedding | EmbeddingVectors:
        if isinstance(index, slice):
            return EmbeddingVectors(self._rows[index])
        row: Embedding = self._rows[index].tolist()
        return row

    def __iter__(self) -> Iterator[Embedding]:
        for row in self._rows:
            yield row.tolist()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, EmbeddingVectors):
            pairs = zip(self._rows, other._rows, strict=False)
            return len(self) == len(other) and all(np.array_equal(mine, theirs) for mine, theirs in pairs)
        if isinstance(other, Sequence) and not isinstance(other, str):
            pairs_of_lists = zip(self, other, strict=False)
            return len(self) == len(other) and all(mine == theirs for mine, theirs in pairs_of_lists)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # compares like a list, so it hashes like one

    def __repr__(self) -> str:
        sizes = sorted({len(row) for row in self._rows})
        return f"<EmbeddingVectors: {len(self)} of size {', '.join(map(str, sizes)) or '-'}>"

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.array, dtype=dtype, copy=copy)

    @property
    def rows(self) -> Sequence[FloatArray]:
        """The stored arrays, one of shape (size,) per vector; do not write into them."""
        return list(self._rows)

    @property
    def only_row(self) -> FloatArray | None:
        """The stored array, when there is just one vector; do not write into it."""
        rows = self._rows
        return rows[0] if len(rows) == 1 else None

    @property
    def array(self) -> npt.NDArray[np.float32]:
        """All vectors as float32 of shape (vectors, size), without a copy when they are in one array already.

        Raises `ValueError` when their sizes differ.
        """
        with np.errstate(over="ignore"):
            return self.exact.astype(np.float32, copy=False)

    @property
    def exact(self) -> FloatArray:
        """`array` in the precision that changes no number given: float32 or float64."""
        if not len(self._rows):
            return np.empty((0, 0), dtype=np.float32)
        return self._rows if isinstance(self._rows, np.ndarray) else np.stack(self._rows)

    def tolist(self) -> list[Embedding]:
        """Everything as plain lists, for `json.dumps`: 32 bytes per number."""
        return list(self)


class IncompleteVectors(EmbeddingVectors):
    """Vectors in which some are missing: their places hold `None`, and there is no array of all of them."""

    __slots__ = ("_holes", "_places")

    def __init__(self, rows: Sequence[FloatArray | None]) -> None:
        super().__init__([row for row in rows if row is not None])
        self._holes = tuple(index for index, row in enumerate(rows) if row is None)
        found = iter(self.rows)
        self._places = [None if row is None else next(found) for row in rows]

    @property
    def missing_indices(self) -> tuple[int, ...]:
        """The places that hold `None`."""
        return self._holes

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: Any) -> Any:  # Any: a list of numbers or `None`, and a list of them for a slice
        if isinstance(index, slice):
            return [None if row is None else row.tolist() for row in self._places[index]]
        row = self._places[index]
        return None if row is None else row.tolist()

    def __iter__(self) -> Iterator[Any]:  # Any: as above
        return iter(self[:])

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) and not isinstance(other, str) else False

    __hash__ = None

    def __repr__(self) -> str:
        return f"<IncompleteVectors: {len(self) - len(self._holes)} of {len(self)}>"

    @property
    def exact(self) -> FloatArray:
        """Raises `ValueError`: there is no array with holes."""
        missing = ", ".join(map(str, self._holes[:10]))
        raise ValueError(f"inputs {missing} have no vector; take the others from `embeddings`, which has None there")


@dataclass(slots=True, kw_only=True)
class EmbeddingUsage(NamedFields):
    """Tokens consumed (0 where the provider does not report them) and seconds elapsed."""

    tokens: int = 0
    time: float = 0.0
    type: Literal["embedding"] = "embedding"


@dataclass(slots=True, eq=False, repr=False)
class EmbeddingResponse(NamedFields):
    """One vector per input, in input order.

    `embeddings` may be given as lists or arrays and is always an `EmbeddingVectors` afterwards; of a call with
    `on_error="skip"` it has `None` at `missing_indices`. `source` is `cache` only when no request was made at all.
    """

    embeddings: Sequence[Embedding]
    _: KW_ONLY
    usage: EmbeddingUsage | Any = None  # Any: `None` before the last response, and where the provider reports none
    source: Literal["api", "cache"] = "api"
    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=new_timestamp)
    type: Literal["embedding"] = "embedding"
    provider: str | None = None
    model: str | None = None
    warnings: list[ModelWarning] = field(default_factory=list)
    attempts: list[AttemptRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not isinstance(self.embeddings, EmbeddingVectors):
            self.embeddings = EmbeddingVectors(self.embeddings)

    def __repr__(self) -> str:
        """One line: the vectors' number and size, where they came from, and the tokens."""
        parts = [repr(self.embeddings), self.source, f"{self.provider}/{self.model}" if self.model else ""]
        parts += [f"tokens: {self.usage.tokens}" if self.usage else ""]
        return f"<EmbeddingResponse {', '.join(filter(None, parts))}>"

    def _repr_html_(self) -> str:
        from ..html import table  # for notebooks only

        usage = self.usage or EmbeddingUsage()
        rows = {"vectors": repr(self.embeddings), "source": self.source, "model": self.model, "tokens": usage.tokens}
        return table("Embeddings", rows | {"seconds": round(usage.time, 3)})

    @property
    def missing_indices(self) -> tuple[int, ...]:
        """The inputs that have no vector, which only a call with `on_error="skip"` leaves out."""
        return self.embeddings.missing_indices if isinstance(self.embeddings, IncompleteVectors) else ()

    @property
    def array(self) -> npt.NDArray[np.float32]:
        """`embeddings` as float32 of shape (inputs, size); `ValueError` when the sizes differ or some are missing."""
        given = self.embeddings
        return (given if isinstance(given, EmbeddingVectors) else EmbeddingVectors(given)).array

    @property
    def found_indices(self) -> tuple[int, ...]:
        """The inputs that have a vector: all of them, unless the call left some out."""
        missing = set(self.missing_indices)
        return tuple(index for index in range(len(self.embeddings)) if index not in missing)

    @property
    def found_array(self) -> npt.NDArray[np.float32]:
        """The vectors of `found_indices` as float32 of shape (vectors, size); `ValueError` when the sizes differ."""
        given = self.embeddings
        return EmbeddingVectors(given.rows).array if isinstance(given, IncompleteVectors) else self.array


def compact(numbers: npt.ArrayLike) -> FloatArray:
    """The same numbers as float32 where that changes none of them, else as float64; float32 is not copied.

    Raises `ValueError` for anything but numbers.
    """
    given = numbers if isinstance(numbers, np.ndarray) else _float64(numbers)
    if given.dtype == _FLOAT32:
        return given
    if given.dtype.kind not in "fiu":
        raise ValueError(f"a vector holds real numbers, not {given.dtype}")
    wide = given.astype(np.float64, copy=False)
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    same = narrow == wide
    return narrow if same.all() or np.array_equal(narrow, wide, equal_nan=True) else wide


def _float64(numbers: Any) -> npt.NDArray[np.float64]:  # Any: a caller's lists, which NumPy checks
    """A list of numbers, or of lists of as many numbers each, as an array."""
    rows = numbers if isinstance(numbers, list) and numbers and type(numbers[0]) is list else [numbers]
    size = len(rows[0]) if type(rows[0]) is list else 0
    if size and all(type(row) is list and len(row) == size for row in rows):
        with suppress(struct.error, TypeError, OverflowError):
            # A third of the time that NumPy takes to find out what is in a list.
            wire = bytearray().join([struct.pack(f"{size}d", *row) for row in rows])
            flat = np.frombuffer(wire)
            return flat.reshape(len(rows), size) if rows is numbers else flat
    return np.asarray(numbers, dtype=np.float64)


def _rows(vectors: VectorsLike) -> FloatArray | list[FloatArray]:
    """One array of two dimensions, or one array per vector when they are separate or differ in size."""
    if isinstance(vectors, EmbeddingVectors):
        return vectors._rows
    if isinstance(vectors, np.ndarray):
        return _table(compact(vectors)) if vectors.size or vectors.ndim == 2 else []
    if not len(vectors):
        return []
    if isinstance(vectors[0], np.ndarray) or len({len(row) for row in _lists(vectors)}) > 1:
        return [_row(compact(row)) for row in vectors]
    return _table(compact(vectors))


def _lists(vectors: Any) -> Sequence[Sequence[float]]:  # Any: a caller's list, checked here
    if any(isinstance(row, str) or not hasattr(row, "__len__") for row in vectors):
        raise ValueError("give a list of vectors, each a list of numbers")
    return vectors  # type: ignore[no-any-return]


def _table(array: FloatArray) -> FloatArray:
    if array.ndim != 2:
        raise ValueError(f"vectors have the shape (vectors, size), not {array.shape}")
    return array


def _row(array: FloatArray) -> FloatArray:
    if array.ndim != 1:
        raise ValueError(f"a vector has the shape (size,), not {array.shape}")
    return array
