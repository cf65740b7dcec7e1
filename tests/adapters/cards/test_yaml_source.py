"""Reading folders of cards: which files are read, what a broken one says, and whose copy a caller gets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, Field

from modelport.adapters.cards import card_file, folder
from modelport.adapters.cards.yaml_source import YamlCardSource, file_stem
from modelport.domain.card.cards import CardQuery, ModelCard
from modelport.domain.card.embedding_card import EmbeddingModelCard
from modelport.domain.card.speech_card import TTSModelCard
from modelport.domain.errors import CardError
from modelport.embedding import OpenAIEmbeddingModel
from modelport.model import OpenAIChatModel


class Parameters(BaseModel):
    max_tokens: int | None = Field(default=None, gt=0)
    temperature: float | None = None
    voice: str | None = None


CHAT = CardQuery(ModelCard, Parameters)
SPEECH = CardQuery(TTSModelCard, Parameters)
FACTS: dict[str, Any] = {"label": "M", "context_size": 100, "output_size": 50}


def write(folder: Path, file: str, **facts: Any) -> Path:
    path = folder / file
    path.write_text(yaml.safe_dump({**FACTS, **facts}))
    return path


class Reads:
    """The files that were read, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        monkeypatch.setattr(card_file, "open", self._open, raising=False)

    def _open(self, path: str, mode: str) -> Any:
        self.names.append(os.path.basename(path))
        return open(path, mode)


@pytest.mark.parametrize(
    ("model", "stem"), [("qwen3:8b", "qwen3_8b"), ("org/m-1.5", "org_m-1.5"), ("../x", ".._x"), ("é", "_")]
)
def test_the_file_is_named_after_the_model(model: str, stem: str) -> None:
    assert file_stem(model) == stem


def test_cards_are_sorted_by_name(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write(tmp_path, f"{ord(name) * 7 % 5}.yaml", name=name)
    assert [card.name for card in YamlCardSource().list_all(tmp_path, CHAT)] == ["a", "b", "c"]


def test_a_missing_folder_has_no_cards(tmp_path: Path) -> None:
    assert YamlCardSource().list_all(tmp_path / "none", CHAT) == []
    assert YamlCardSource().find(tmp_path / "none", "m", CHAT) is None


def test_finding_reads_only_the_model_s_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "qwen3_8b.yaml", name="qwen3:8b")
    write(tmp_path, "other.yaml", name="other")
    (tmp_path / "broken.yaml").write_text("name: [")
    reads = Reads(monkeypatch)
    source = YamlCardSource()
    for _ in range(3):
        card = source.find(tmp_path, "qwen3:8b", CHAT)
        assert card is not None
        assert card.name == "qwen3:8b"
    assert reads.names == ["qwen3_8b.yaml"]


@pytest.mark.parametrize("wanted", ["my-model", "my-model-2026-01-01"])
def test_other_file_names_and_aliases_are_found_too(tmp_path: Path, wanted: str) -> None:
    write(tmp_path, "anything.yml", name="my-model", aliases=["my-model-2026-01-01"])
    write(tmp_path, "trap.yaml", name="trap", label=wanted)
    card = YamlCardSource().find(tmp_path, wanted, CHAT)
    assert card is not None
    assert card.name == "my-model"


def test_an_unknown_model_is_none_and_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.yaml", name="a")
    reads = Reads(monkeypatch)
    source = YamlCardSource()
    assert source.find(tmp_path, "zz", CHAT) is None
    assert source.find(tmp_path, "zzz", CHAT) is None
    assert reads.names == ["a.yaml"]


def test_a_file_is_parsed_once_and_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "a.yaml", name="a")
    reads = Reads(monkeypatch)
    source = YamlCardSource()
    for _ in range(3):
        source.list_all(tmp_path, CHAT)
    assert reads.names == ["a.yaml"]
    write(tmp_path, "a.yaml", name="a", label="changed")
    os.utime(path, ns=(1, 1))
    assert [card.label for card in source.list_all(tmp_path, CHAT)] == ["changed"]
    path.unlink()
    assert source.list_all(tmp_path, CHAT) == []


@pytest.mark.parametrize("by_descriptor", [True, False])
def test_a_folder_is_followed_on_every_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_descriptor: bool
) -> None:
    """Where the system cannot look files up in an open folder, their paths are used."""
    monkeypatch.setattr(folder, "_BY_DESCRIPTOR", by_descriptor and folder._BY_DESCRIPTOR)
    source = YamlCardSource()

    def names() -> list[str]:
        return [card.name for card in source.list_all(tmp_path, CHAT)]

    write(tmp_path, "a.yaml", name="a")
    (tmp_path / "nowhere.yaml").symlink_to(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("no card")
    assert names() == names() == ["a"]
    write(tmp_path, "b.yml", name="b")
    assert names() == names() == ["a", "b"]
    write(tmp_path, "b.yml", name="changed")
    assert names() == ["a", "changed"]
    (tmp_path / "a.yaml").unlink()
    assert names() == ["changed"]
    with pytest.raises(CardError, match="cannot be read: Not a directory"):
        source.list_all(tmp_path / "b.yml", CHAT)


def test_every_caller_gets_a_copy_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", name="a", parameter_overrides={"temperature": None, "max_tokens": {"default": 5}})
    source = YamlCardSource()
    first = source.list_all(tmp_path, CHAT)[0]
    before = first.model_dump_json()
    first.label = "mine"
    first.input_types.append("image/png")
    first.parameter_schema["properties"]["max_tokens"]["maximum"] = 1
    first.parameters_overrides.clear()
    first.removed_parameters().clear()
    for again in (source.list_all(tmp_path, CHAT)[0], source.find(tmp_path, "a", CHAT)):
        assert again is not None
        assert again.model_dump_json() == before
        assert list(again.removed_parameters()) == ["voice", "temperature"]


def test_one_folder_holds_all_kinds(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", name="a")
    write(tmp_path, "b.yaml", name="b", type="chat_model")
    (tmp_path / "c.yaml").write_text("name: c\nlabel: C\nvoices: [x]\n")
    (tmp_path / "d.yaml").write_text("name: d\nlabel: D\noutput_types: [audio/wav]\n")
    (tmp_path / "e.yaml").write_text("name: e\nlabel: E\noutput_types: [application/x-embedding]\ncontext_size: 5\n")
    (tmp_path / "f.yaml").write_text("name: f\nlabel: F\ntype: embedding\ncontext_size: 5\n")
    source = YamlCardSource()
    embeddings = CardQuery(EmbeddingModelCard, Parameters)
    assert [card.name for card in source.list_all(tmp_path, CHAT)] == ["a", "b"]
    assert [card.name for card in source.list_all(tmp_path, SPEECH)] == ["c", "d"]
    assert [card.name for card in source.list_all(tmp_path, embeddings)] == ["e", "f"]
    assert source.find(tmp_path, "a", SPEECH) is None


def test_a_class_lists_its_own_and_a_subclass_inherits(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", name="a", classes=["A"])
    write(tmp_path, "b.yaml", name="b", classes=["B"])
    write(tmp_path, "c.yaml", name="c")

    def names(*class_names: str) -> list[str]:
        query = CardQuery(ModelCard, Parameters, class_names)
        return [card.name for card in YamlCardSource().list_all(tmp_path, query)]

    assert names("A") == ["a", "c"]
    assert names("MyA", "A", "Base") == ["a", "c"]
    assert names() == ["a", "b", "c"]


def test_realtime_models_can_be_listed_apart(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: a\nlabel: A\nrealtime: true\n")
    (tmp_path / "b.yaml").write_text("name: b\nlabel: B\ntype: tts\n")
    source = YamlCardSource()
    for realtime, expected in ((True, ["a"]), (False, ["b"]), (None, ["a", "b"])):
        query = CardQuery(TTSModelCard, Parameters, realtime=realtime)
        assert [card.name for card in source.list_all(tmp_path, query)] == expected


def test_a_file_may_say_how_a_class_differs(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", name="a", per_class={"B": {"output_size": 7}})
    source = YamlCardSource()
    sizes = {}
    for name in ("A", "B"):
        card = source.find(tmp_path, "a", CardQuery(ModelCard, Parameters, (name,)))
        assert card is not None
        sizes[name] = card.output_size
    assert sizes == {"A": 50, "B": 7}


def test_two_files_for_one_model_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, "1.yaml", name="a")
    write(tmp_path, "2.yaml", name="a")
    with pytest.raises(CardError, match=r"2\.yaml.*'name'.*1\.yaml"):
        YamlCardSource().list_all(tmp_path, CHAT)


BROKEN = [
    ("name: a\nlabel: [x\n", r"line 3"),
    ("name: a\n\tlabel: x\n", r"line 2"),
    ("just text", r"line 1: a card is a mapping"),
    ("", r"line 1: a card is a mapping"),
    ("label: M\ncontext_size: 1\noutput_size: 1\n", r"field 'name'.*[Rr]equired"),
    ("name: a\nlabel: M\noutput_size: 1\n", r"field 'context_size'.*[Rr]equired"),
    ("name: a\nlabel: M\ncontext_size: 1\noutput_size: 1\nnonsense: 3\n", r"line 5, field 'nonsense'"),
    ("name: a\nlabel: M\ncontext_size: '9'\noutput_size: 1\n", r"line 3, field 'context_size'.*integer"),
    ("name: 4.1\nlabel: M\ncontext_size: 9\noutput_size: 1\n", r"line 1, field 'name'.*string"),
    ("name: a\nlabel: M\ncontext_size: 0\noutput_size: 1\n", r"line 3, field 'context_size'.*greater than 0"),
    ("name: a\nlabel: M\nstatus: old\ncontext_size: 1\noutput_size: 1\n", r"line 3, field 'status'"),
    ("name: a\nlabel: M\ncontext_size: 1\noutput_size: 1\ninput_types: text/plain\n", r"line 5, field 'input_types'"),
    (
        "name: a\nlabel: M\ncontext_size: 1\noutput_size: 1\nparameter_overrides:\n  max_tokens: 5\n",
        r"line 6, field 'parameter_overrides\.max_tokens",
    ),
    ("name: a\nlabel: M\ncontext_size: 1\noutput_size: 1\nthinking: {mode: x}\n", r"line 5, field 'thinking\.mode'"),
    ("name: a\nlabel: M\ntype: video\ncontext_size: 1\noutput_size: 1\n", r"field 'type'.*chat, tts, embedding"),
    ("name: a\nlabel: M\ncontext_size: 1\noutput_size: 1\nparameter_schema: {}\n", r"field 'parameter_schema'"),
    ("name: a\nlabel: M\ncontext_size: 1\noutput_size: 1\nper_class: [x]\n", r"field 'per_class'"),
    ("name: a\nlabel: !!python/object:os.system x\n", r"line 2"),
    ("name: &a [*a]\n", r"line 1: the value contains itself"),
]
OVERRIDES = [
    ("max_tokens: {maximum: many}", r"max_tokens\.maximum must be a number, not 'many'"),
    ("max_tokens: {minimum: .nan}", r"max_tokens\.minimum must be a number"),
    ("max_tokens: {multipleOf: 0}", r"max_tokens\.multipleOf must be a number above 0"),
    ("temperature: {enum: 1}", r"temperature\.enum must be a list"),
    ("temperature: {enum: low}", r"temperature\.enum must be a list"),
    ("temperature: {type: 3}", r"temperature\.type must be the name of a type"),
    ("temperature: {pattern: '('}", r"temperature\.pattern must be a regular expression"),
    ("temperature: {anyOf: [{minLength: x}]}", r"temperature\.anyOf\.0\.minLength must be a whole number"),
    ("temperature: {anyOf: 3}", r"temperature\.anyOf must be a list"),
    ("temperature: {items: 3}", r"temperature\.items must be a mapping"),
    ("temperature: {hidden: perhaps}", r"temperature\.hidden must be true or false"),
    ("temperature: &t {default: *t}", r"line 6: the value contains itself"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_card_names_file_place_and_reason(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, "good.yaml", name="good")
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(CardError, match=message) as caught:
        YamlCardSource().list_all(tmp_path, CHAT)
    assert str(tmp_path / "bad.yaml") in str(caught.value)


def test_bytes_that_are_no_text_are_an_error_too(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"name: \xff\xfe\n")
    with pytest.raises(CardError, match=r"bad\.yaml"):
        YamlCardSource().list_all(tmp_path, CHAT)


def test_a_file_instead_of_a_folder_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", name="a")
    with pytest.raises(CardError, match="cannot be read"):
        YamlCardSource().list_all(path, CHAT)


@pytest.mark.parametrize(("override", "message"), OVERRIDES)
def test_an_override_that_could_not_be_checked_is_an_error(tmp_path: Path, override: str, message: str) -> None:
    fields = "name: a\nlabel: A\ncontext_size: 1\noutput_size: 1\n"
    (tmp_path / "bad.yaml").write_text(f"{fields}parameter_overrides:\n  {override}\n")
    with pytest.raises(CardError, match=rf"bad\.yaml.*{message}"):
        YamlCardSource().list_all(tmp_path, CHAT)


CONTRADICTIONS = [
    ("parameter_overrides:\n  temprature: {maximum: 1}\n", 5, "no such parameter; it has .*temperature"),
    ("parameters_overrides:\n  temprature: null\n", 5, "no such parameter"),
    ("parameter_overrides:\n  temperature:\n    default: 9\n", 6, "the default 9 is above the maximum 2"),
    ("parameter_overrides:\n  temperature: {default: 1, maximum: 0.5}\n", 5, "the default 1 is above the maximum 0.5"),
    ("parameter_overrides:\n  temperature: {minimum: 1.5, maximum: 0.5}\n", 5, "minimum 1.5 is above the maximum 0.5"),
    ("parameter_overrides:\n  reasoning_effort: {default: most, enum: [low, high]}\n", 5, "'most' is not one of"),
    ("parameter_overrides:\n  max_tokens: {default: 100}\n", 5, "the default 100 is above the maximum 10"),
    ("per_class:\n  OpenAIChatModel:\n    parameter_overrides:\n      tempo: null\n", 7, "no such parameter"),
]


@pytest.mark.parametrize(("text", "line", "message"), CONTRADICTIONS)
def test_a_card_that_contradicts_itself_is_an_error_with_its_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    (tmp_path / "a.yaml").write_text(f"name: a\nlabel: A\noutput_size: 10\n{text}context_size: 100\n")
    with pytest.raises(CardError, match=rf"a\.yaml: line {line}, field .*{message}"):
        OpenAIChatModel.list_models(tmp_path)


def test_an_embedding_card_with_a_size_that_it_does_not_support(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: a\nlabel: A\ncontext_size: 9\ndimensions: 3\nsupported_dimensions: [4]\n")
    with pytest.raises(CardError, match=r"a\.yaml: line 4, .*dimensions 3 is not one of the supported \[4\]"):
        OpenAIEmbeddingModel.list_models(tmp_path)
