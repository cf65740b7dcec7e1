"""The real command in a process of its own, and a server that speaks Chat Completions to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from modelport.testing.servers.http import ScriptedAnswer, Step

SECRET = "sk-very-secret-key-0123456789-PlantedWord7"
"""What must never be seen again."""
MODEL = "gpt-5.5"
"""A model with a card, so that there are no warnings."""
ROOT = Path(__file__).parents[2]
PYTHON = [sys.executable, "-W", "error"]
COMMAND = [*PYTHON, "-m", "modelport"]
DONE = "[DONE]"
_INHERITED = ("PATH", "NO_COLOR", "LANG", "LC_ALL", "SYSTEMROOT", "COVERAGE_PROCESS_CONFIG")


@dataclass(frozen=True)
class Home:
    """An empty home folder, which is also where the command runs, and its whole environment."""

    folder: Path
    logs: str = "off"

    def logging(self) -> Home:
        """The same home, where conversations are stored."""
        return replace(self, logs="on")

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        homes = {"HOME": str(self.folder), "USERPROFILE": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "cfg")}
        homes["XDG_DATA_HOME"] = str(self.folder / "data")
        own = {"NO_PROXY": "127.0.0.1", "PYTHONPATH": str(ROOT), "MODELPORT_LOGS": self.logs}
        return {**kept, **homes, **own, **variables}

    def configure(self, base_url: str, name: str = "cfg/modelport/config.yaml", **chat: Any) -> Path:  # Any: settings
        """Settings with one model at that server: by default the user's, which are read without a note."""
        credential = {"provider": "openai", "base_url": f"{base_url}/v1", "api_key": "${LOCAL_KEY}"}
        model = {"credential": "local", "provider": "openai", "model": MODEL, "retry": {"max_retries": 0}, **chat}
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"credentials": {"local": credential}, "chat": {"main": model}}))
        return path

    def run(self, *arguments: str, stdin: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end; without stdin there is an empty one."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(**{"LOCAL_KEY": SECRET, **variables}),
            input=stdin or "",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
        )

    @contextmanager
    def start(self, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:  # Any: Popen's
        """The command while it runs, its output in pipes unless told otherwise; a test that fails ends it."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        environment = self.environment(LOCAL_KEY=SECRET, TERM="xterm")
        with default_sigint():
            process = subprocess.Popen([*COMMAND, *arguments], cwd=self.folder, env=environment, **pipes)
        with process:
            try:
                yield process
            finally:
                process.kill()


@contextmanager
def default_sigint() -> Iterator[None]:
    """Processes started here stop at SIGINT, even if this one was started with SIGINT ignored, as by `nohup … &`."""
    inherited = signal.getsignal(signal.SIGINT)
    if inherited is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, inherited)


def chunk(finish_reason: str | None = None, **delta: Any) -> str:  # Any: JSON values
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return json.dumps(
        {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice]}
    )


def usage(prompt: int, completion: int) -> str:
    """The event with the tokens."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return json.dumps({"id": "c1", "object": "chat.completion.chunk", "model": MODEL, "choices": [], "usage": counts})


def streamed(*texts: str, finish_reason: str = "stop") -> ScriptedAnswer:
    """A whole streamed answer."""
    events = [chunk(content=text) for text in texts]
    return ScriptedAnswer.sse(*events, chunk(finish_reason), usage(12, 5), DONE)


def stuck(text: str, *steps: Step) -> ScriptedAnswer:
    """An answer that begins, and then does something else."""
    return ScriptedAnswer.sse(chunk(content=text), *steps)
