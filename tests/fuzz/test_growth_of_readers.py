"""Texts, headers, files and pieces of them are read in linear time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from modelport.adapters.cassettes.found_secrets import body_secrets
from modelport.adapters.rate_limit.headers import remaining
from modelport.adapters.wire.errors import read_error
from modelport.adapters.wire.framing import NDJSONFramer, SSEFramer
from modelport.adapters.wire.json_text import parse_json
from modelport.adapters.wire.words.think_tags import ThinkTags
from modelport.adapters.wire.yaml_text import read_yaml
from modelport.application.structured.reading import read_object
from modelport.cli.console.terminal import printable
from modelport.domain.chat.history import escape_history_tags
from modelport.domain.chat.tokens import estimate_tokens
from modelport.domain.message.urls import encoded_url
from modelport.domain.retry import parse_retry_after
from modelport.domain.secrets import SecretFilter, hide_url_secrets
from modelport.domain.speech.text import ColdStart, Sentences, cut_text, split_text
from modelport.domain.structured.partial_json import PartialJson
from modelport.domain.unicode import well_formed_value
from tests.fuzz.growth import Run, assert_linear, exponent, fed, quiet, text_case

pytestmark = pytest.mark.usefixtures("small_heap")  # whose collections are not counted, but last


def pieces(new: Callable[[], Any], unit: bytes, size: int) -> Callable[[int], Callable[[], Any]]:
    def make(count: int) -> Callable[[], Any]:
        data = unit * count

        def work() -> None:
            framer = new()
            for start in range(0, len(data), size):
                framer.feed(data[start : start + size])
            framer.tail()

        return work

    return make


SECRETS = SecretFilter(["sk-0123456789abcdef", "another-secret-key", "a" * 40])
READERS: dict[str, Run] = {
    "sse: events": pieces(SSEFramer, b"data: a\n\n", 4096),
    "sse: one long event": pieces(SSEFramer, b"data: a\n", 64),
    "sse: one long line": pieces(SSEFramer, b"aaaaaaa", 64),
    "sse: carriage returns": pieces(SSEFramer, b"data: a\r\n\r\n", 3),
    "sse: comments": pieces(SSEFramer, b": a\n", 5),
    "ndjson: lines": pieces(NDJSONFramer, b"{}\n", 4096),
    "ndjson: one long line": pieces(NDJSONFramer, b"[1,2],", 64),
    "ndjson: blank lines": pieces(NDJSONFramer, b" \n", 3),
    "json: lists": text_case(parse_json, "[],", "[", "0]"),
    "json: quotes": text_case(quiet(parse_json), '"\\', "[" * 300),
    "json: deep": text_case(quiet(parse_json), "["),
    "json: vectors": text_case(parse_json, "[0.12345],", "[", "0]"),
    "errors: text": text_case(lambda text: read_error(text.encode()), "no "),
    "errors: tags": text_case(lambda text: read_error(text.encode()), "<script "),
    "errors: list": text_case(lambda text: read_error(text.encode()), '{"msg": "a"},', '{"detail": [', "{}]}"),
    "errors: events": text_case(lambda text: read_error(text.encode()), "data: a\n\n"),
    "object: blanks": text_case(quiet(read_object), " ", "<think"),
    "object: fence": text_case(quiet(read_object), "\t ", "```"),
    "object: fences": text_case(quiet(read_object), "``` "),
    "object: thoughts": text_case(quiet(read_object), "<think>"),
    "object: brackets": lambda size: lambda: quiet(read_object)("[" * size + "}" * size),
    "object: braces": text_case(quiet(read_object), "{}"),
    "object: words": text_case(quiet(read_object), "a ", '{"a": "', '"}'),
    "object: escapes": text_case(quiet(read_object), '\\"', '{"a": "', '"}'),
    "object: fields": text_case(quiet(read_object), '"a": 1,', "{", '"b": 1}'),
    "partial: words": fed(PartialJson, "word ", '{"a": "'),
    "partial: fields": fed(PartialJson, '1, "k": ', '{"k": '),
    "partial: blanks": fed(PartialJson, " "),
    "partial: thoughts": fed(PartialJson, "hm ", "<think>"),
    "partial: halves": fed(PartialJson, "\\ud83d", '{"a": "'),
    "tags: blanks": fed(ThinkTags, " "),
    "tags: line breaks": fed(ThinkTags, "\n", "<think>a"),
    "tags: signs": fed(ThinkTags, "</", "<think>a"),
    "tokens: words": text_case(estimate_tokens, "word, "),
    "tokens: signs": text_case(estimate_tokens, "-", after="\x00"),
    "tokens: blanks": text_case(estimate_tokens, " ", after="a"),
    "speech: stops": text_case(lambda text: split_text(text, 500), "."),
    "speech: stops in one": text_case(lambda text: split_text(text, len(text) - 1), "."),
    "speech: words": text_case(lambda text: split_text(text, 500), "word "),
    "speech: accents": text_case(lambda text: cut_text(text, 500), "\u0301"),
    "speech: blanks": text_case(lambda text: split_text(text, 500), " ", "a", "b"),
    "sentences: words": fed(Sentences, "word "),
    "sentences: stops": fed(Sentences, "!"),
    "sentences: line breaks": fed(Sentences, "\n"),
    "cold start: words": fed(lambda: ColdStart(words=10**9), "word "),
    "cold start: one word": fed(lambda: ColdStart(words=2), "word"),
    "cold start: blanks": fed(ColdStart, " "),
    "history: tags": text_case(escape_history_tags, "<history "),
    "secrets: near misses": text_case(SECRETS.hide, "sk-0123456789abcde "),
    "secrets: one letter": text_case(SECRETS.hide, "a", "b"),
    "secrets: escapes": text_case(SECRETS.hide, "%61\\u0061"),
    "secrets: urls": text_case(hide_url_secrets, "http://a:"),
    "secrets: body": text_case(lambda text: body_secrets(text.encode()), 'name="key"\r\n'),
    "secrets: form": text_case(lambda text: body_secrets(text.encode()), "--a\r\nname: key\r\n"),
    "terminal": text_case(printable, "\x9b[0m"),
    "url: blanks": text_case(quiet(encoded_url), " ", "https://a.example/"),
    "url: signs": text_case(quiet(encoded_url), "@", "https://"),
    "yaml: list": text_case(lambda text: read_yaml(text.encode()), "- a\n"),
    "yaml: keys": lambda size: lambda: read_yaml("".join(f"k{n}: 1\n" for n in range(size)).encode()),
    "yaml: deep": text_case(quiet(lambda text: read_yaml(text.encode())), "["),
    "yaml: tabs": text_case(quiet(lambda text: read_yaml(text.encode())), "a: 'b'\t\n"),
    "yaml: aliases": text_case(quiet(lambda text: read_yaml(text.encode())), "- *a\n", "- &a b\n"),
    "headers: reset": text_case(lambda text: list(remaining({"x-ratelimit-reset-requests": text}, 0.0)), "9"),
    "headers: retry after": text_case(lambda text: parse_retry_after({"retry-after": text}, 0.0), "9"),
    "headers: date": text_case(lambda text: parse_retry_after({"retry-after": text}, 0.0), "Fri, "),
    "unicode": lambda size: lambda: well_formed_value({"a": ["\ud83d"] * size}),
}


WINDOWS = ("sentences: stops", "sentences: words")
"""A few hundred characters are looked at again and again, whatever the size."""


@pytest.mark.parametrize("case", READERS)
def test_nothing_is_worse_than_linear(case: str) -> None:
    assert_linear(READERS[case], 1024 if case in WINDOWS else 16)


def test_a_square_is_found() -> None:
    assert exponent(lambda size: lambda: [0 for _ in range(size) for _ in range(size)]) > 1.7
