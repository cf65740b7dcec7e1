"""JSON that is nested too deeply is no JSON, whatever brackets stand in its strings."""

from __future__ import annotations

import json

import pytest

from modelport.adapters.wire.errors import read_error
from modelport.adapters.wire.json_text import parse_json, too_deep


@pytest.mark.parametrize("levels", [201, 1000, 1024, 5000, 60_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":\n', "}]")])
def test_deep_json_is_refused(levels: int, opening: str, closing: str) -> None:
    text = opening * levels + "1" + closing * levels
    for data in (text, text.encode()):
        with pytest.raises(ValueError, match="deep"):
            parse_json(data)
    assert read_error(f'{{"error": {{"message": {text}}}}}'.encode()).message.startswith('{"error": {"message"')


@pytest.mark.parametrize(
    "value",
    [
        ["["] * 300,
        "[" * 500 + "]" * 500,
        ['"' * 300 + "{" * 400, "\\" * 7 + "[" * 300, "\\\\" + '"' + "[" * 300],
        [[{}]] * 500,
        {"[" * 300: "{" * 300},
    ],
)
def test_brackets_in_strings_and_side_by_side_are_not(value: object) -> None:
    assert not too_deep(json.dumps(value).encode())
    assert parse_json(json.dumps(value)) == value


def test_200_levels_are_read() -> None:
    assert parse_json("[" * 200 + "]" * 200) is not None
