"""Class attributes and validators that are made at their first use."""

from __future__ import annotations

import inspect
import threading

import pytest

from modelport.credential import OpenAICredential
from modelport.domain.deferred import Deferred
from modelport.domain.late import late
from modelport.formatter import OpenAIChatFormatter
from modelport.message import Msg, TextBlock
from modelport.model import OpenAIChatModel


def test_a_late_attribute_is_made_once_and_is_then_a_plain_one() -> None:
    made: list[str] = []

    def make() -> str:
        made.append("once")
        return "value"

    class Owner:
        name = late(make)

    class Heir(Owner):
        pass

    assert not made
    assert (Heir.name, Heir().name, Owner.name, Owner().name) == ("value",) * 4
    assert made == ["once"] and vars(Owner)["name"] == "value" and "name" not in vars(Heir)


def test_a_late_attribute_can_be_replaced_in_a_subclass() -> None:
    class Mine(OpenAIChatModel):
        formatter_class = type("MyFormatter", (OpenAIChatFormatter,), {})

    assert Mine.formatter_class.__name__ == "MyFormatter" and OpenAIChatModel.formatter_class is OpenAIChatFormatter


def test_signatures_are_those_of_the_fields_before_the_first_use() -> None:
    class Thing(Deferred):
        name: str

    class Larger(Thing):
        size: int = 3

    assert Thing(name="a").name == "a"  # so that it has a signature, which the other class must not inherit
    assert list(inspect.signature(Larger).parameters) == ["name", "size"]
    assert {"content", "name", "role"} <= set(inspect.signature(Msg).parameters)
    assert {"text", "id"} <= set(inspect.signature(TextBlock).parameters)
    with pytest.raises(AttributeError):
        _ = Larger(name="b").__signature__


def test_threads_that_need_a_class_at_once_all_get_it() -> None:
    class Mine(OpenAICredential):
        pass

    start, found = threading.Barrier(8), []

    def use() -> None:
        start.wait()
        found.append(Mine(api_key="x-PlantedWord7").base_url)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1
