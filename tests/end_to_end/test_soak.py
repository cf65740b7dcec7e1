"""The soak script runs, and a few seconds of it find nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_few_seconds_of_faults_and_cancellations() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.soak", "0.06", "--json", "--workers", "9", "--seed", "7"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=Path(__file__).parents[2])
    found = json.loads(run.stdout)
    assert found["violations"] == {}, found["examples"]
    assert run.returncode == 0
    assert {"cancelled", "embedded", "streamed", "whole"} <= found["counts"].keys()
