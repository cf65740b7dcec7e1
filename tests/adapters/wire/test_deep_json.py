"""JSON that is nested too deeply is no JSON, whatever brackets stand in its strings."""

from __future__ import annotations

import json

import pytest

from modelport.adapters.wire.errors import read_error
from modelport.adapters.wire.json_text import parse_json
from modelport.application.structured.reading import InvalidAnswerError, read_object
from modelport.domain.chat.arguments import legal_arguments
from modelport.domain.json_values import read_json, too_deep
from modelport.domain.structured.schema_values import fitted

LEVELS = [201, 500, 1000, 1024, 5000, 60_000]


@pytest.mark.parametrize("levels", LEVELS)
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


@pytest.mark.parametrize("levels", LEVELS)
def test_long_texts_are_searched_too(levels: int) -> None:
    """Python 3.12 and newer read thousands of levels, which no walk over the value survives."""
    text = "[" * levels + "NaN" + "]" * levels
    for data in (text + " " * 2_000_000, text.encode() + b" " * 2_000_000, text.encode("utf-16")):
        with pytest.raises(ValueError, match="deep"):
            parse_json(data)


def test_the_encoding_of_a_text_hides_no_brackets() -> None:
    """In UTF-16 the second byte of some letters is that of a quote."""
    text = '["\u2200",' + "[" * 5000 + "]" * 5000 + "]"
    with pytest.raises(ValueError, match="deep"):
        parse_json(text.encode("utf-16"))


@pytest.mark.parametrize("levels", LEVELS)
def test_what_a_model_writes_is_read_no_deeper(levels: int) -> None:
    deep = '{"a":' * levels + "1" + "}" * levels
    with pytest.raises(ValueError, match="deep"):
        read_json(deep)
    with pytest.raises(InvalidAnswerError, match="deep"):
        read_object(deep)
    with pytest.raises(InvalidAnswerError):
        read_object(deep.replace("1", "'1'"))  # has to be repaired
    assert json.loads(legal_arguments(deep)[0]) == {"INVALID_JSON": deep}
    lists = "[" * levels + "]" * levels
    assert fitted(lists, {"type": "integer"}) == lists
