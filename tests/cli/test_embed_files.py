"""`modelport embed --file` with corpora and output files that are not what they should be."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from tests.cli.test_embed import run, settings


class Lengths:
    """Answers with the length of each text; `size` says how many numbers a text's vector has."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.size: Callable[[str], int] = lambda text: 2

    def __call__(self, received: RecordedRequest) -> ScriptedAnswer:
        inputs = received.json()["input"]
        self.asked += inputs
        data = [{"index": i, "embedding": [float(len(text))] * self.size(text)} for i, text in enumerate(inputs)]
        return ScriptedAnswer.json({"data": data})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Lengths]:
    lengths = Lengths()
    with ScriptedServer(lengths).in_thread() as served:
        settings(tmp_path, served.base_url)
        yield lengths


@pytest.mark.parametrize("name", ["corpus.txt", "corpus.jsonl"])
def test_a_byte_order_mark_is_no_text(name: str, server: Lengths, tmp_path: Path) -> None:
    lines = ["first", "second"] if name.endswith(".txt") else [json.dumps("first"), json.dumps({"text": "second"})]
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    done = run(tmp_path, "embed", "--file", name, "--out", "vectors.npy")
    assert done.returncode == 0, done.stderr
    assert server.asked == ["first", "second"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("latin.txt", "first\ncafé\n".encode("latin-1"), "UTF-8"),
        ("wide.txt", "first\nsecond\n".encode("utf-16"), "UTF-8"),
        ("deep.jsonl", b'"first"\n' + b"[" * 100_000 + b"\n", "line 2"),
        ("empty.jsonl", b'"first"\n\n{"text": ""}\n', "line 3"),
    ],
)
def test_what_cannot_be_read_is_reported_before_anything_is_asked(
    name: str, data: bytes, message: str, server: Lengths, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    done = run(tmp_path, "embed", "--file", name, "--out", "vectors.npy")
    assert done.returncode == 2 and message in done.stderr and name in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and server.asked == []


@pytest.mark.parametrize("out", ["missing/vectors.npy", ".", "folder"])
def test_a_file_that_cannot_be_written_is_reported_before_anything_is_asked(
    out: str, server: Lengths, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "corpus.txt").write_text("first\n")
    done = run(tmp_path, "embed", "--file", "corpus.txt", "--out", out)
    assert done.returncode == 2 and out in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert server.asked == []


def test_vectors_of_several_sizes_make_no_table(server: Lengths, tmp_path: Path) -> None:
    server.size = lambda text: 3 if text == "text 99" else 2
    (tmp_path / "corpus.txt").write_text("\n".join(f"text {number}" for number in range(100)))
    done = run(tmp_path, "embed", "--file", "corpus.txt", "--out", "vectors.npy")
    assert done.returncode == 1 and "sizes" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not (tmp_path / "vectors.npy").exists()


@pytest.mark.parametrize("added", [-60, 60])
def test_a_corpus_that_changes_meanwhile_makes_no_table(added: int, server: Lengths, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("".join(f"text {number}\n" for number in range(20_000)))

    def change(text: str) -> int:
        if text == "text 0":
            os.truncate(corpus, corpus.stat().st_size + (added if added < 0 else 0))
            with corpus.open("a") as file:
                file.write("another\n" * max(0, added))
        return 2

    server.size = change
    done = run(tmp_path, "embed", "--file", "corpus.txt", "--out", "vectors.npy")
    assert done.returncode == 2 and "changed" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not (tmp_path / "vectors.npy").exists()


def test_a_pipe_is_read_once(server: Lengths, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    try:
        done = run(tmp_path, "embed", "--file", "pipe", "--out", "vectors.npy")
    finally:
        os.close(writer)
    assert done.returncode == 2 and "regular file" in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_table_that_was_there_stays_when_the_run_fails(server: Lengths, tmp_path: Path) -> None:
    np.save(tmp_path / "vectors.npy", np.zeros((1, 1)))
    (tmp_path / "corpus.txt").write_text("a\nbb\n")
    server.size = len
    done = run(tmp_path, "embed", "--file", "corpus.txt", "--out", "vectors.npy")
    assert done.returncode == 1 and np.load(tmp_path / "vectors.npy").shape == (1, 1)


def test_what_is_no_file_is_not_replaced(server: Lengths, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "corpus.txt").write_text("first\n")
    done = run(tmp_path, "embed", "--file", "corpus.txt", "--out", "pipe")
    assert done.returncode == 2 and "pipe" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert (tmp_path / "pipe").is_fifo() and server.asked == []


def test_two_runs_do_not_write_one_table(server: Lengths, tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("first\n")
    (tmp_path / ".vectors.npy.part").write_bytes(b"what a killed run has left")
    with (tmp_path / ".vectors.npy.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        done = run(tmp_path, "embed", "--file", "corpus.txt", "--out", "vectors.npy")
        assert done.returncode == 2 and "another run" in done.stderr and "Traceback" not in done.stderr, done.stderr
        assert server.asked == [] and (tmp_path / ".vectors.npy.part").exists()
    done = run(tmp_path, "embed", "--file", "corpus.txt", "--out", "vectors.npy")
    assert done.returncode == 0 and np.load(tmp_path / "vectors.npy").tolist() == [[5.0, 5.0]], done.stderr
    assert not (tmp_path / ".vectors.npy.part").exists()


def test_the_vectors_do_not_replace_the_texts(server: Lengths, tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("first\n")
    done = run(tmp_path, "embed", "--file", "corpus.txt", "--out", "./corpus.txt")
    assert done.returncode == 2 and "--out" in done.stderr, done.stderr
    assert (tmp_path / "corpus.txt").read_text() == "first\n" and server.asked == []
