"""Entries come back unchanged: vectors to the last bit, under any JSON value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....domain.embedding.values import EmbeddingVectors
from ..core.case import Case, case, require, require_equal
from .base import CacheContractBase

__all__ = ["CASES"]

_LONG = 200_000
_VECTORS: dict[str, list[list[float]]] = {
    "one number": [[1.0]],
    "float32": [[0.5, -2.25, 3.0e-5 + 0.0], [1.0, 2.0, 4.0]],
    "float64": [[0.1, 1 / 3, -math.pi], [1e300, 5e-324, -0.0]],
    "infinite": [[math.inf, -math.inf, 0.0]],
    "no vectors": [],
    "empty vectors": [[], []],
    "many": [[float(row), float(column)] for row in range(40) for column in range(25)],
    "long": [[float(number) / 7 for number in range(8192)]],
}
_SINGLE = np.random.default_rng(1).random((30, 64), dtype=np.float32)


def _vectors(contract: CacheContractBase) -> list[str]:
    return list(_VECTORS)


@case("Vectors come back exactly, as plain lists of numbers", _vectors)
async def exact_vectors(contract: CacheContractBase, name: str) -> None:
    given = _VECTORS[name]
    async with contract.opened() as (cache, _):
        await cache.store(given, {"name": name})
        found = await cache.retrieve({"name": name})
    require_equal("what comes back", found, given)
    require(type(found) is list, f"what comes back is a {type(found).__name__}")
    require(all(type(row) is list for row in found or ()), "a vector is not a list")
    require(all(type(number) is float for row in found or () for number in row), "a number is not a float")
    signs = [math.copysign(1, number) for row in found or () for number in row]
    require_equal("the signs", signs, [math.copysign(1, number) for row in given for number in row])


@case("Arrays of float32 come back to the last bit")
async def exact_arrays(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        entries = [(EmbeddingVectors(row[None, :]), {"row": number}) for number, row in enumerate(_SINGLE)]
        await cache.store_many(entries)
        found = await cache.retrieve_many([{"row": number} for number in range(len(_SINGLE))])
        for number, (one, row) in enumerate(zip(found, _SINGLE, strict=True)):
            require(one is not None and len(one) == 1, f"entry {number} is {one!r:.100}")
            assert one is not None
            same = np.array_equal(np.asarray(one[0], dtype=np.float32), row)
            require(same, f"vector {number} changed: {list(one[0])[:3]} instead of {row[:3].tolist()}")


_IDENTIFIERS: list[Any] = [  # Any: JSON values
    None, True, False, 0, 1, -7, 1.5, "", "1", "true", "null", "text", "ä 例 🔔", "a\u0000b", "\ud800", "line\nline",
    [], [1], ["1"], [[]], ["a", "b"], ["b", "a"], {}, {"": ""}, {"a": 1}, {"a": "1"}, {"a": [1]}, {"a": {"b": None}},
    {"a": {"b": [None, {"c": True}]}},
]  # fmt: skip


@case("Any JSON value identifies an entry, and different values are different entries")
async def any_identifier(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        for number, identifier in enumerate(_IDENTIFIERS):
            require_equal(f"what is kept under {identifier!r} at first", await cache.retrieve(identifier), None)
            await cache.store([[float(number)]], identifier)
        for number, identifier in enumerate(_IDENTIFIERS):
            found = await cache.retrieve(identifier)
            require_equal(f"what is kept under {identifier!r}", found, [[float(number)]])


@case("The order of keys never matters, at any depth")
async def key_order(contract: CacheContractBase, variant: str) -> None:
    one = {"model": "m", "input": {"type": "text", "text": "ä", "more": [{"x": 1, "y": 2}]}, "dimensions": None}
    async with contract.opened() as (cache, _):
        await cache.store([[1.0]], one)
        other = _turned(one)
        require_equal("what is kept under the same with other order", await cache.retrieve(other), [[1.0]])
        await cache.store([[2.0]], other, overwrite=True)
        require_equal("what is kept after it was overwritten", await cache.retrieve(one), [[2.0]])
        await cache.remove(other)
        require_equal("what is kept after it was removed", await cache.retrieve(one), None)


def _turned(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(each) for each in value] if isinstance(value, list) else value


@case("An identifier may be long")
async def long_identifier(contract: CacheContractBase, variant: str) -> None:
    async with contract.opened() as (cache, _):
        for number, last in enumerate("ab"):
            await cache.store([[float(number)]], {"text": "x" * _LONG + last})
        for number, last in enumerate("ab"):
            found = await cache.retrieve({"text": "x" * _LONG + last})
            require_equal("what is kept under a long text", found, [[float(number)]])


@case("An identifier that is not a JSON value is refused")
async def no_identifier(contract: CacheContractBase, variant: str) -> None:
    wrong: Sequence[Any] = (object(), b"bytes", {1, 2}, {"a": b"bytes"}, {"a": object()})
    async with contract.opened() as (cache, _):
        for identifier in wrong:
            for call in (cache.store([[1.0]], identifier), cache.retrieve(identifier)):
                refused = False
                try:
                    await call
                except (TypeError, ValueError):
                    refused = True
                require(refused, f"{identifier!r} is accepted as an identifier; expected a TypeError or a ValueError")


CASES: tuple[Case[Any], ...] = (
    exact_vectors,
    exact_arrays,
    any_identifier,
    key_order,
    long_identifier,
    no_identifier,
)
