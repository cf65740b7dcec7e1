"""What embedding costs beside bare httpx and the official SDK, and what a cache saves: CPU time for a text.

All clients ask the same loopback server, each in a process of its own; they take turns, and the least of the rounds
counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from tests.benchmarks.table import Row, main

CLIENT = [sys.executable, "-m", "tests.benchmarks.embedding_client"]
Found = dict[str, float]


@contextmanager
def server() -> Iterator[str]:
    """The port of a server in a process of its own."""
    process = subprocess.Popen([*CLIENT, "serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def client(*arguments: object) -> Found:
    done = subprocess.run([*CLIENT, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True)
    found: Found = json.loads(done.stdout)
    return found


def least(port: str, count: int, batch: int, rounds: int) -> dict[str, Found]:
    """The round of each client in which it was fastest. One round needs no SDK, which takes a second to import."""
    names = [name for name in ("modelport", "httpx", "openai") if find_spec(name) and (rounds > 1 or name != "openai")]
    all_rounds = [{name: client(name, port, count, batch) for name in names} for _ in range(rounds)]
    return {name: min((each[name] for each in all_rounds), key=lambda found: found["us"]) for name in names}


def of_batch(port: str, count: int, batch: int, rounds: int, goals: tuple[float, float]) -> Iterator[Row]:
    found = least(port, count, batch, rounds)
    ours = found["modelport"]
    what = "one text" if batch == 1 else f"a text, {batch:,} in a request"
    yield Row(f"embedding {what}", ours["us"], found["httpx"]["us"], "httpx", "µs", goals[0], "orjson and NumPy on it")
    if "openai" in found:
        theirs = found["openai"]
        yield Row(f"embedding {what}", ours["us"], theirs["us"], "openai SDK", "µs", goals[1])
    else:
        yield Row(f"embedding {what}", ours["us"], None, "openai SDK", "µs", None, "not installed")
    if batch > 1:
        beside = ", ".join(f"{name} {one['grown_mb'] / one['result_mb']:.2g}" for name, one in found.items())
        share = max(ours["grown_mb"] / ours["result_mb"], 0)
        yield Row(f"memory beside the vectors, {batch:,} in a request", share, None, "", "×", 1.5, beside)


def of_cache(kind: str, port: str, count: int) -> Iterator[Row]:
    found = client("cached", kind, port, count, 100)
    many = f"{count:,} cached texts, a text, {kind} cache"
    yield Row(many, found["many"], found["many_without"], "no cache", "µs", 0.5, "a server that answers without delay")
    one = f"one cached text, the whole call, {kind} cache"
    yield Row(one, found["one"], found["one_without"], "no cache", "µs", 0.5, "a server that answers without delay")


def rows(smoke: bool) -> list[Row]:
    """Embedding in large, small and single requests, and cached calls."""
    asked = [(40_960, 2_048, (1.0, 0.35)), (20_000, 100, (1.0, 0.35)), (300, 1, (1.25, 0.8))]
    measured: list[Row] = []
    with server() as port:
        for count, batch, goals in asked[:1] if smoke else asked:
            measured += of_batch(port, 20 if smoke else count, 10 if smoke else batch, 1 if smoke else 3, goals)
        for kind in ("file", "SQLite"):
            measured += of_cache(kind, port, 10 if smoke else 10_000)
    return measured


if __name__ == "__main__":
    main(rows)
