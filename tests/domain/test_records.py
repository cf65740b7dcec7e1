"""Records behave as dataclasses do, though their methods are shared."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Mapping

import pytest

from modelport.domain.records import record


@record(frozen=True, slots=True)
class Point:
    """A record."""

    x: int
    y: int = 0
    note: str = dataclasses.field(default="", compare=False, repr=False)
    facts: Mapping[str, int] = dataclasses.field(default_factory=dict, hash=False)


@record(slots=True, kw_only=True)
class Open:
    """A record that may change."""

    inner: object = None


@dataclasses.dataclass(frozen=True, slots=True)
class Same:
    """The same as a dataclass."""

    x: int
    y: int = 0
    note: str = dataclasses.field(default="", compare=False, repr=False)
    facts: Mapping[str, int] = dataclasses.field(default_factory=dict, hash=False)


def test_it_compares_prints_and_hashes_as_a_dataclass() -> None:
    assert Point(1) == Point(1, note="other") != Point(2)
    other: object = Same(1)
    assert Point(1) != other
    assert repr(Point(1, 2)) == repr(Same(1, 2)).replace("Same", "Point")
    assert hash(Point(1, facts={"a": 1})) == hash(Same(1, facts={"a": 1}))
    assert {Point(1): "found"}[Point(1)] == "found"
    assert Open() == Open(inner=None)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Open())


def test_it_is_copied_and_replaced_as_a_dataclass() -> None:
    point = Point(1, 2, "here", {"a": 1})
    assert [field.name for field in dataclasses.fields(point)][:2] == ["x", "y"]
    assert dataclasses.replace(point, y=3) == Point(1, 3, "here", {"a": 1})
    assert pickle.loads(pickle.dumps(point)) == copy.deepcopy(point) == point
    assert not hasattr(point, "__dict__")


def test_a_record_that_holds_itself_can_be_printed() -> None:
    loop = Open()
    loop.inner = [loop]
    assert repr(loop) == "Open(inner=[...])"
