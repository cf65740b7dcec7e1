"""Whatever a tool returned, it ran: its result is a success, and can be sent and stored."""

from __future__ import annotations

import json
import os
from array import array
from typing import Any

import numpy as np
import pytest

from modelport.application.agent.tool_output import output_of
from modelport.message import AssistantMsg, Base64Source, DataBlock, TextBlock, ToolResultState
from tests.application.agent.tool_support import called

FILE_NAME = os.fsdecode(b"caf\xe9.txt")
PICTURE = DataBlock(source=Base64Source(data="iVBORw0KGgo=", media_type="image/png"))


class Odd:
    """It has no attributes to show, and no words either."""

    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("I do not speak")

    __repr__ = __str__


class Parent:
    """It refers to itself."""

    def __init__(self) -> None:
        self.name = FILE_NAME
        self.me = self

    def __str__(self) -> str:
        return "a parent"


def cycle() -> list[Any]:
    items: list[Any] = ["one"]
    items.append({"again": items})
    return items


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(5000):
        value = [value]
    return value


VALUES: dict[str, tuple[Any, str]] = {
    "text that is no UTF-8": (FILE_NAME, "caf\ufffd.txt"),
    "a list of such text": ([FILE_NAME], '["caf\ufffd.txt"]'),
    "such text as a key": ({FILE_NAME: 1}, '{"caf\ufffd.txt":1}'),
    "bytes of text": (b"caf\xc3\xa9", "café"),
    "other bytes": (b"\xff\xfe", "[2 bytes that are not text"),
    "bytes in a list": ([b"\xff"], '["[1 bytes that are not text'),
    "a cycle": (cycle(), '["one",{"again":"[the same object again]"}]'),
    "a set": ({1}, "[1]"),
    "not a number": (float("nan"), "NaN"),
    "an object that cannot be written": (Odd(), '"<Odd>"'),
    "such an object in a list": ([Odd(), b"\xff"], '["<Odd>","[1 bytes'),
    "an object that refers to itself": (Parent(), '"a parent"'),
    "something deep": (deep(), "[[[["),
}


@pytest.mark.parametrize(("value", "output"), VALUES.values(), ids=list(VALUES))
async def test_a_tool_that_returned_something_odd_ran(value: Any, output: str) -> None:
    def tool() -> Any:
        return value

    result = await called(tool, "{}")
    assert result.state is ToolResultState.SUCCESS
    assert isinstance(result.output, str) and result.output.startswith(output)
    assert AssistantMsg("bot", [result]).model_dump_json()


def test_blocks_keep_their_place_among_other_values() -> None:
    text, picture, number = list(output_of(["see", PICTURE, 7]))
    assert picture == PICTURE
    assert isinstance(text, TextBlock) and isinstance(number, TextBlock) and (text.text, number.text) == ("see", "7")
    (named,) = list(output_of([TextBlock(text=FILE_NAME)]))
    assert isinstance(named, TextBlock) and named.text == "caf\ufffd.txt"


async def test_an_error_without_words_is_reported() -> None:
    class Wordless(Exception):
        def __str__(self) -> str:
            raise RuntimeError("I do not speak")

    def tool() -> None:
        raise Wordless

    result = await called(tool, "{}")
    assert result.state is ToolResultState.ERROR and result.output == "Wordless: <Wordless>"


async def test_arguments_with_half_a_character_reach_the_tool() -> None:
    def echo(text: str) -> str:
        return text

    result = await called(echo, r'{"text": "a\ud83d"}')
    assert (result.state, result.output) == (ToolResultState.SUCCESS, "a\ufffd")


class Table:
    """Gives its rows as pandas and Polars do, and an abbreviated text."""

    def to_dict(self, orient: str) -> object:
        return [{"a": number} for number in range(3000)] if orient == "records" else None

    def __str__(self) -> str:
        return "0 ... 2999"


NUMBERS = list(range(3000))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.arange(3000), NUMBERS),
        (np.arange(3000).reshape(2, 1500), [NUMBERS[:1500], NUMBERS[1500:]]),
        ({"a": [np.arange(3000)]}, {"a": [NUMBERS]}),
        ({"a": np.float32(1.5), "b": np.int64(2), "c": np.bool_(True)}, {"a": 1.5, "b": 2, "c": True}),
        (np.array(["é", "b"]), ["é", "b"]),
        (np.array(5), 5),
        (array("h", NUMBERS), NUMBERS),
        (Table(), [{"a": number} for number in NUMBERS]),
        ({"c": cycle(), "n": np.arange(3000)}, {"c": ["one", {"again": "[the same object again]"}], "n": NUMBERS}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_arrays_and_tables_are_not_abbreviated(value: object, expected: object) -> None:
    assert json.loads(str(output_of(value))) == expected
