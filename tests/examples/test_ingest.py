"""Embedding a corpus: killed in the middle, started again, and searched."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from modelport.testing import HANG, RecordedRequest, ScriptedAnswer, ScriptedServer
from modelport.testing.providers import answer_provider
from tests.end_to_end.command import SECRET
from tests.examples.running import Example, copy_of

BATCH, IN_FLIGHT = 100, 4
TEXTS = [f"Note {number} on the {('harbour', 'garden', 'railway')[number % 3]}" for number in range(5000)]


class Provider:
    """Answers embedding requests; after the given number of answers it answers no more, until it is told to go on."""

    def __init__(self, stops_after: int | None = None) -> None:
        self.stops_after = stops_after
        self.answered = 0

    def __call__(self, request: RecordedRequest) -> ScriptedAnswer:
        if self.answered == self.stops_after:
            return ScriptedAnswer(200, {"content-type": "application/json"}, [HANG])
        if any("secret word" in text for text in request.json()["input"]):
            return ScriptedAnswer.json({"error": {"message": "this text is not allowed"}}, status=400)
        self.answered += 1
        return answer_provider(request)


def prepared(place: Path, texts: list[str], server: ScriptedServer) -> tuple[Example, dict[str, str]]:
    example = copy_of("ingest", place)
    (example.folder / "corpus.txt").write_text("\n".join(texts))
    return example, {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": f"{server.base_url}/v1"}


@pytest.mark.timeout(300)  # three programs, one after the other
def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    provider = Provider(stops_after=20)
    build = ("ingest.py", "build", "corpus.txt", "index")
    with ScriptedServer(provider).in_thread() as server:
        example, variables = prepared(tmp_path, TEXTS, server)
        with example.start(*build, **variables) as process:
            server.run(server.request(20 + IN_FLIGHT - 1), timeout=60)  # all that it may have open, unanswered
            process.kill()
        provider.stops_after = None
        resumed = example.run(*build, **variables)
        assert resumed.returncode == 0, resumed.stderr
        assert "5,000 of 5,000 vectors" in resumed.stderr
        assert "5000 of 5000 texts" in resumed.stdout
        assert abs(provider.answered - math.ceil(len(TEXTS) / BATCH)) <= 1
        found = example.run("ingest.py", "search", "index", TEXTS[1402], **variables)
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    assert len(lines) == 3 and lines[0] == f"1.000  {TEXTS[1402]}"
    cosines = [float(line.split()[0]) for line in lines]
    assert cosines == sorted(cosines, reverse=True)
    again = np.load(example.folder / "index" / "vectors.npy")
    assert again.shape == (5000, 256) and np.allclose(np.linalg.norm(again, axis=1), 1, atol=1e-5)


def test_a_refused_text_is_left_out_with_its_reason(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(120)]
    texts[70] = "a secret word"
    with ScriptedServer(Provider()).in_thread() as server:
        example, variables = prepared(tmp_path, texts, server)
        built = example.run("ingest.py", "build", "corpus.txt", "index", **variables)
    assert built.returncode == 0, built.stderr
    assert "119 of 120 texts" in built.stdout
    assert "this text is not allowed" in built.stderr and "70" in built.stderr
    kept = json.loads((example.folder / "index" / "texts.json").read_text())
    assert kept == [text for text in texts if text != "a secret word"]
