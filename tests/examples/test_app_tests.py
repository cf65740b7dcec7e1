"""The tests of an application: they pass without a key, fail for a changed request, and are recorded once."""

from __future__ import annotations

import json
from pathlib import Path

from modelport.testing import ScriptedAnswer, ScriptedServer
from tests.end_to_end.command import SECRET
from tests.examples.running import copy_of

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")


def test_they_pass_offline(tmp_path: Path) -> None:
    found = copy_of("app_tests", tmp_path).run(*PYTEST)
    assert found.returncode == 0 and "3 passed" in found.stdout, found.stdout + found.stderr


def test_a_changed_request_is_noticed(tmp_path: Path) -> None:
    example = copy_of("app_tests", tmp_path)
    news = example.folder / "news.py"
    news.write_text(news.read_text().replace("Write a headline for", "Find a title for"))
    found = example.run(*PYTEST)
    assert found.returncode == 1 and "1 failed, 2 passed" in found.stdout
    assert "ReplayMismatchError" in found.stdout and "Find a title for" in found.stdout


def test_a_cassette_is_recorded_once_and_replayed(tmp_path: Path) -> None:
    example = copy_of("app_tests", tmp_path)
    cassette = example.folder / "tests" / "cassettes" / "test_a_headline.yaml"
    cassette.unlink()
    content = json.dumps({"title": "Old ferry comes home", "urgent": False})
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    with ScriptedServer([ScriptedAnswer.json({"model": "m", "choices": [choice]})]).in_thread() as server:
        variables = {"RECORD": "1", "OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": f"{server.base_url}/v1"}
        recorded = example.run(*PYTEST, "-k", "headline", **variables)
        assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    assert "Old ferry comes home" in cassette.read_text() and SECRET not in cassette.read_text()
    replayed = example.run(*PYTEST)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
