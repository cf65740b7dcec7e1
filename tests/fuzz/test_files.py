"""Whatever stands in a file of settings, cards or cassettes, reading it raises our errors only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import modelport
from modelport import Modelport
from modelport.adapters.cassettes.http_file import read_interactions
from modelport.adapters.cassettes.websocket_file import read_conversations
from modelport.error import ModelportError
from modelport.model import OpenAIChatModel
from tests.cassettes import CASSETTES
from tests.fuzz.test_decoders import VALUES, fuzz, places, replaced, written

SETTINGS = {
    "credentials": {"work": {"provider": "openai", "api_key": "${KEY}", "base_url": "http://127.0.0.1:9"}},
    "providers": {"own": {"base_url": "http://127.0.0.1:9", "fields": {"a": {"type": "str"}}, "profile": {"a": 1}}},
    "chat": {"a": {"credential": "work", "model": "m", "parameters": {"temperature": 1}, "timeouts": {"idle": 1}}},
    "embedding": {"e": {"credential": "work", "model": "m", "retry": {"max_retries": 1}}},
    "tts": {"t": {"provider": "dashscope", "model": "m"}},
    "cache": {"adapter": "sql", "url": "sqlite+aiosqlite:///a.db", "max_entries": 5},
    "rate_limits": {"adapter": "in_process", "limits": {"*": {"requests": 5, "period": 60}}},
    "transport": {"adapter": "auto", "proxy": "http://127.0.0.1:9", "max_answer_mb": 5},
    "media": {"roots": ["a"], "max_bytes": 5},
    "default_chat": "a",
}
TAGS = [
    "2024-02-30",
    "!!timestamp x",
    "!!int abc",
    "!!binary x",
    "*a",
    "&a [*a]",
    "!!python/none x",
    "\t",
    "{a: 1, a: 2}",
]
TAGS += [".inf", "0o8", "1_0", "<<: {a: b}", "!!set {a}", "? [a]\n: b", "~", "!x y", "@", "- |"]
RAW_YAML = st.sampled_from(TAGS)


def example(folder: Path) -> Any:  # Any: YAML
    """The first file of a folder, with dates as texts."""
    text = min(folder.rglob("*.yaml")).read_text("utf-8")
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


KINDS = {
    "settings": SETTINGS,
    "card": example(Path(modelport.__file__).parent / "adapters/openai/_models"),
    "cassette": example(CASSETTES / "openai"),
    "conversation": example(CASSETTES.with_name("websocket")),
}


def read(kind: str, folder: Path, text: str) -> None:
    folder = folder / str(len(list(folder.iterdir())))
    folder.mkdir()
    file = folder / f"{kind}.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    if kind == "settings":
        Modelport.from_file(file, {"KEY": "k-PlantedWord7"})
    elif kind == "card":
        OpenAIChatModel.list_models(custom_yaml_dir=str(folder))
    elif kind == "cassette":
        read_interactions(file)
    else:
        read_conversations(file)


@pytest.mark.parametrize("kind", KINDS)
def test_files(kind: str, tmp_path: Path) -> None:
    @fuzz
    @given(st.data())
    def run(data: st.DataObject) -> None:
        value = KINDS[kind]
        for _ in range(data.draw(st.integers(1, 2))):
            where = data.draw(st.sampled_from(list(places(value))))
            value = replaced(value, where, data.draw(VALUES | st.just("@yaml@")))
        text = written(value).replace('"@yaml@"', data.draw(RAW_YAML), 1)
        try:
            read(kind, tmp_path, text)
        except ModelportError as error:
            assert str(error)

    run()
