"""The guide's program, run as it is printed: four Dask workers, one cache, one rate limit, one counting server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
import yaml

from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer

pytest.importorskip("distributed")
pytestmark = pytest.mark.timeout(600)  # four clusters, of five processes each

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "embeddings-at-scale.md"
POSTGRES = os.environ.get("MODELPORT_TEST_POSTGRES", "")
LIMIT, PERIOD = 10, 1.0


class LimitedServer:
    """Answers at most `LIMIT` requests in any `PERIOD`, as it sees them arrive; refuses the others, and counts both."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.arrivals: deque[float] = deque()
        self.refused = 0
        self.asked: list[str] = []

    def __call__(self, received: RecordedRequest) -> ScriptedAnswer:
        inputs = received.json()["input"]
        with self.lock:
            now = time.monotonic()
            while self.arrivals and self.arrivals[0] <= now - PERIOD:
                self.arrivals.popleft()
            if len(self.arrivals) >= LIMIT:
                self.refused += 1
                return ScriptedAnswer.json({"error": {"message": "slow down"}}, 429)
            self.arrivals.append(now)
            self.asked += inputs
        data = [{"index": i, "embedding": [float(text.split()[1]), 1.0]} for i, text in enumerate(inputs)]
        return ScriptedAnswer.json({"data": data, "usage": {"total_tokens": len(inputs)}})


def settings(server: str, database: str) -> str:
    limits = {"*": {"requests": LIMIT, "period": PERIOD}}
    return yaml.safe_dump(
        {
            "credentials": {"local": {"provider": "openai", "base_url": server + "/v1"}},
            "embedding": {"corpus": {"credential": "local", "model": "any", "batch_size": 10, "concurrency": 4}},
            "cache": {"adapter": "sql", "url": database},
            "rate_limits": {"adapter": "sql", "url": database, "limits": limits},
        }
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_four_workers_keep_one_limit_and_share_one_cache(kind: str, tmp_path: Path) -> None:
    if kind == "postgres" and not POSTGRES:
        pytest.skip("no PostgreSQL: MODELPORT_TEST_POSTGRES holds no URL")
    database = POSTGRES if kind == "postgres" else f"sqlite+aiosqlite:///{tmp_path}/shared.db"
    program = re.findall(r"```python embed_corpus.py\n(.*?)```", GUIDE.read_text(), re.DOTALL)[0]
    (tmp_path / "embed_corpus.py").write_text(program)
    (tmp_path / "corpus.txt").write_text("".join(f"text {number}\n" for number in range(400)))
    server = LimitedServer()
    with ScriptedServer(server).in_thread() as served:
        (tmp_path / "settings.yaml").write_text(settings(served.base_url, database))
        for _ in range(2):
            run(tmp_path)
            vectors = np.load(tmp_path / "out.npy")
            assert vectors[:, 0].tolist() == list(range(400))
    assert server.refused == 0, "the workers went over the limit that the server enforces"
    assert sorted(server.asked) == sorted(f"text {number}" for number in range(400)), "a text was paid for twice"


def run(folder: Path) -> None:
    command = [sys.executable, "embed_corpus.py", "settings.yaml", "corpus.txt", "out.npy"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
