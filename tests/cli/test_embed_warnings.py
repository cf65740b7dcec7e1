"""What `modelport embed` and `modelport cache` say when the cache or the server is not as it should be."""

from __future__ import annotations

from pathlib import Path

from modelport.testing.servers.http import ScriptedServer
from tests.cli.embed_server import CountingServer
from tests.cli.test_embed import corpus, run, settings


def test_a_cache_that_cannot_be_used_is_reported_once_and_in_one_line(tmp_path: Path) -> None:
    corpus(tmp_path, 200)
    (tmp_path / "kept").write_text("this is no folder")
    with ScriptedServer(CountingServer()).in_thread() as served:
        settings(tmp_path, served.base_url, cache={"adapter": "file", "path": str(tmp_path / "kept")})
        done = run(tmp_path, "embed", "--file", "corpus.jsonl", "--out", "vectors.npy")
    assert done.returncode == 0 and (tmp_path / "vectors.npy").exists()
    assert "Traceback" not in done.stderr and done.stderr.count("embedding_cache") == 1, done.stderr
    for arguments in (["stats"], ["clear", "--yes"], ["prune", "--max-age", "1d"]):
        done = run(tmp_path, "cache", *arguments)
        assert done.returncode == 2 and "kept" in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_another_size_than_asked_for_is_reported(tmp_path: Path) -> None:
    with ScriptedServer(CountingServer()).in_thread() as served:
        settings(tmp_path, served.base_url)
        done = run(tmp_path, "embed", "text 1", "--dimensions", "5")
    assert done.returncode == 0 and "vectors of 5 numbers are expected" in done.stderr
