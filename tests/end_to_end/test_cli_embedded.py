"""With nothing configured at all, a model answers inside the process."""

from __future__ import annotations

import importlib.util
import json
import signal

import pytest

from modelport.adapters.embedded.store import SMOLLM2, ModelStore
from tests.end_to_end.command import Home


def test_says_that_the_model_is_not_here(home: Home) -> None:
    ran = home.run("chat", "hi", "--no-pull")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert SMOLLM2.file_name in ran.stderr


@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="xllamacpp is not installed")
@pytest.mark.skipif(ModelStore().path(SMOLLM2) is None, reason="the model file is not in the cache folder")
def test_answers_and_stops_at_ctrl_c(home: Home) -> None:
    settings = {"chat": {"main": {"provider": "embedded", "model": SMOLLM2.name, "parameters": {"max_tokens": 8}}}}
    settings["credentials"] = {"embedded": {"provider": "embedded", "directory": str(ModelStore().directory)}}
    path = home.configure("http://127.0.0.1:1")
    path.write_text(json.dumps(settings))
    ran = home.run("chat", "Say hello", "--json")
    last = json.loads(ran.stdout.splitlines()[-1])
    assert (ran.returncode, last["provider"], last["usage"]["output_tokens"]) == (0, "embedded", 8)
    del settings["chat"]["main"]["parameters"]
    path.write_text(json.dumps(settings))
    with home.start("chat", "Write a very long story about a fox, with all its details.") as process:
        assert process.stdout is not None
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        _, found = process.communicate(timeout=30)
    assert (process.returncode, found.strip()) == (130, b"")
