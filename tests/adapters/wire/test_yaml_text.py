"""Every file in YAML has one reader: a fault is our error with the file and the line, whatever kind of file it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelport import Modelport
from modelport.adapters.cassettes.http_file import read_interactions
from modelport.adapters.cassettes.websocket_file import read_conversations
from modelport.adapters.wire import yaml_text
from modelport.adapters.wire.yaml_text import YamlFault, read_yaml
from modelport.error import CardError, SettingsError
from modelport.model import OpenAIChatModel

BOMB = b"a: &a [x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (name, name, b",".join([b"*%c" % (name - 1)] * 7)) for name in range(98, 105)
)
FAULTS: list[tuple[bytes, int, str]] = [
    (b"a: 1\nb: 2\na: 3\n", 3, "the key 'a' is written twice, first on line 1"),
    (b"x:\n  - {a: 1, a: 2}\n", 2, "written twice"),
    (b"a: 1\n'a': 2\n", 2, "written twice"),
    (b"1: a\n0x1: b\n", 2, "written twice"),
    (b"a: &b\n  c: *b\n", 1, "contains itself"),
    (b"x: 1\na: &b [*b]\n", 2, "contains itself"),
    (b"a: &b {<<: *b}\n", 1, "contains itself"),
    (BOMB, 6, "too many"),
    (b"a:\n\tb: 1\n", 2, "not valid YAML"),
    (b"a: 1\nb: {c: 1,\td: 2}\n", 2, "a tab stands"),
    (b"a: 1\t# one\n", 1, "a tab stands"),
    (b"a:\t b\n", 1, "a tab stands"),
    (b'a: 1\nb: "x"\t\n', 2, "a tab stands"),
    (b"\x00\x05\x16\x07\x00", 1, "no text file has"),
    (b"a: 1\nb: \x07\n", 2, "no text file has"),
    (b"a: 1\nb: \xff\n", 2, "UTF-8"),
    ("a: é".encode("utf-16"), 1, "UTF-8"),
    (b"a: 1\nb: 2024-02-30\n", 2, "not a valid timestamp"),
    (b"a: 1\nb: !!timestamp x\n", 2, "not a valid timestamp"),
    (b"a: 1\nb: !!float sk-secret\n", 2, "not a valid float"),
    (b"a: 1\nb: " + b"9" * 5000, 2, "not a valid int"),
    (b"? [1]\n: 2\n", 1, "a key must be a single value"),
    (b"a: 1\nb: !!python/object/apply:os.system ['true']\n", 2, "constructor"),
    (b"a: 1\n---\nb: 1\n", 2, "another document"),
    (b"a: *nothing\n", 1, "undefined alias"),
    (b"a: =\n", 1, "constructor"),
    (b"<<: 3\n", 1, "mapping"),
    (b"[" * 300 + b"]" * 300, 1, "nest"),
    (b"[" * 100_000, 1, "nest"),
    (b"- " * 5_000, 1, "nest"),
]  # fmt: skip


def of_card(file: Path) -> None:
    OpenAIChatModel.list_models(file.parent)


def of_settings(file: Path) -> None:
    Modelport.from_file(file, {})


def of_cassette(file: Path) -> None:
    read_interactions(file)


def of_conversations(file: Path) -> None:
    read_conversations(file.parent)


READERS: list[Callable[[Path], None]] = [of_card, of_settings, of_cassette, of_conversations]


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@pytest.mark.parametrize("number", range(len(FAULTS)))
@pytest.mark.parametrize("name", ["a.yaml", "._a.yaml"])
def test_a_fault_has_a_file_and_a_line(tmp_path: Path, read: Callable[[Path], None], number: int, name: str) -> None:
    text, line, reason = FAULTS[number]
    (tmp_path / name).write_bytes(text)
    with pytest.raises((CardError, SettingsError)) as caught:
        read(tmp_path / name)
    assert f"{tmp_path / name}: line {line}" in str(caught.value) and reason in str(caught.value)
    assert "secret" not in str(caught.value)


def use_loader(base: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with PyYAML's own parser or with that of libyaml."""
    monkeypatch.setattr(yaml_text, "_Loader", yaml_text.loader_class(base))
    monkeypatch.setattr(yaml_text, "_QuickLoader", yaml_text.quick_loader_class(base))


@pytest.mark.parametrize("text", [text for text, _, _ in FAULTS])
def test_the_other_library_finds_the_same_faults(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML without libyaml."""
    use_loader(yaml.SafeLoader, monkeypatch)
    with pytest.raises(YamlFault):
        read_yaml(text)


GOOD = b"""\xef\xbb\xbf# a\ttab in a comment
base: &base {a: 1, b: [1, 2]}
text: "a\ttab" # and\there
block: |
  one\ttwo
next: {<<: *base, b: 3}
again: *base
"""


def test_what_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    for loader in (yaml_text._BASE, yaml.SafeLoader):
        use_loader(loader, monkeypatch)
        document = read_yaml(GOOD)
        assert document.value["next"] == {"a": 1, "b": 3} and document.value["text"] == "a\ttab"
        assert document.value["block"] == "one\ttwo\n" and document.value["again"] is not None
        assert [document.line(place) for place in (["next", "b"], ["base", "b", 1], ["none"], ["text", "x"])] == [
            6, 2, None, 3
        ]  # fmt: skip
    assert read_yaml(b"# a\n- b\n").line([]) == 2
    assert read_yaml(b"").value is None and read_yaml(b"# nothing\n").line(["a"]) is None


TEXTS = st.binary(max_size=200) | st.text("ab:{}[],-&*!|>?%@'\"\t\n #<=~.0123456789TZ", max_size=200).map(str.encode)


@given(TEXTS)
def test_nothing_else_is_raised(text: bytes) -> None:
    try:
        read_yaml(text)
    except YamlFault as fault:
        assert 1 <= fault.line <= text.count(b"\n") + text.count(b"\r") + 2


WORDS = st.text("ab1 :", max_size=5)
LINES = st.lists(st.builds("{}{}: {}".format, st.sampled_from(["", "  ", "- ", "  - "]), WORDS, WORDS), max_size=8)


@given(TEXTS | LINES.map(lambda lines: "\n".join(lines).encode()))
def test_the_quick_reading_gives_what_the_careful_one_gives(text: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        readings: list[object] = []
        for pattern in (yaml_text._NEEDS_CARE, re.compile("")):
            patch.setattr(yaml_text, "_NEEDS_CARE", pattern)
            try:
                readings.append(repr(read_yaml(text).value))
            except YamlFault as fault:
                readings.append(str(fault))
    assert readings[0] == readings[1]
