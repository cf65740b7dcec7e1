"""What the start of a program costs: CPU of child processes that import, build a model, or make a first call.

    python -m tests.benchmarks.imports [--python PATH]

`--python` names the interpreter of another environment, such as one with a core installation: where rich and click are
installed, `import httpx` itself loads them. Each figure is the least of several processes, run in turn, with compiled
bytecode; the floors are bare imports and a bare httpx program that makes the same call.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.benchmarks.table import Row, main

ROOT = Path(__file__).resolve().parents[2]
ANSWER = b'{"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}]}'
HUB = "credentials:\n  a: {provider: openai, api_key: x}\nchat:\n  m: {credential: a, model: gpt-4.1}\n"
BARE = "import httpx, pydantic, yaml"
TWO = """
from modelport.model import OpenAIChatModel, AnthropicChatModel
from modelport.message import UserMsg
from modelport.credential import OpenAICredential
"""
BUILT = f"""{TWO}
from modelport.credential import AnthropicCredential
OpenAIChatModel(OpenAICredential(api_key="x"), "gpt-4.1")
AnthropicChatModel(AnthropicCredential(api_key="x"), "claude-opus-4-6")
assert UserMsg("user", "Hello").content[0].text == "Hello"
"""
NINE = """
from modelport.model import (
    OpenAIChatModel, OpenAIResponseModel, AnthropicChatModel, DashScopeChatModel, DeepSeekChatModel,
    GeminiChatModel, MoonshotChatModel, XAIChatModel, OllamaChatModel,
)
"""
FROM_YAML = """
from modelport import Modelport
assert Modelport.from_file("hub.yaml").chat("m").model == "gpt-4.1"
"""
BARE_CALL = """
import asyncio, httpx
async def main():
    async with httpx.AsyncClient() as client:
        body = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello"}]}
        answer = await client.post("URL/chat/completions", json=body)
        assert answer.json()["choices"][0]["message"]["content"] == "Hi."
asyncio.run(main())
"""
CALL = """
import asyncio
from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel
model = OpenAIChatModel(OpenAICredential(api_key="x", base_url="URL"), "gpt-4.1", stream=False)
async def main():
    assert (await model([UserMsg("user", "Hello")])).text == "Hi."
asyncio.run(main())
"""
MODULE = "import sys; from modelport.cli.app import run; sys.exit(run({!r}))"
EXTRAS = "from importlib.util import find_spec; print(' and '.join(n for n in ('rich', 'click') if find_spec(n)))"


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


def milliseconds(python: str, code: str, folder: str, environment: Mapping[str, str]) -> float:
    """The CPU of a process that runs the code; `AssertionError` when it fails."""
    child = subprocess.Popen([python, "-c", code], cwd=folder, env=dict(environment), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, code
    return (used.ru_utime + used.ru_stime) * 1000


def least(python: str, programs: Mapping[str, str], rounds: int, compile_first: bool) -> dict[str, float]:
    """The least milliseconds of each program, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hub.yaml").write_text(HUB)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
        environment |= {"PYTHONPATH": str(ROOT), "HOME": folder}
        if compile_first:
            environment["PYTHONPYCACHEPREFIX"] = f"{folder}/bytecode"
            for code in programs.values():
                milliseconds(python, code, folder, environment)
        else:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        taken = [
            {name: milliseconds(python, code, folder, environment) for name, code in programs.items()}
            for _ in range(rounds)
        ]
    return {name: min(each[name] for each in taken) for name in programs}


def rows(smoke: bool, python: str = sys.executable) -> list[Row]:
    """Imports, a hub, the first call, and two commands."""
    found = subprocess.run([python, "-c", EXTRAS], capture_output=True, text=True, check=True).stdout.strip()
    note = f"with {found}" if found else "without rich and click"
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    programs = {"bare": BARE, "two": TWO, "built": BUILT, "nine": NINE, "hub": FROM_YAML}
    programs |= {"bare call": BARE_CALL.replace("URL", url), "call": CALL.replace("URL", url)}
    if "click" in found and not smoke:
        programs |= {"help": MODULE.format(["--help"]), "models": MODULE.format(["models"])}
    try:
        took = least(python, programs, 1 if smoke else 15, compile_first=not smoke)
    finally:
        server.shutdown()
        server.server_close()
    imports, call = partial(_row, took, "bare", BARE), partial(_row, took, "bare call", "bare httpx")
    return [
        imports("two", "import two models, UserMsg and a credential", 1.25, note),
        imports("built", "the same, and build two models and a message", 1.25, note),
        imports("nine", "import nine models", 1.4, note),
        imports("hub", "a hub from YAML and its model", 1.6, note),
        call("call", "start of the process to the first answer", 1.5, note),
        *(
            Row(f"modelport {command}", took[name], None, "", "ms", goal, note)
            for name, command, goal in (("help", "--help", None), ("models", "models", 300.0))
            if name in took
        ),
    ]


def _row(took: Mapping[str, float], beside: str, peer: str, name: str, what: str, goal: float, note: str) -> Row:
    return Row(what, took[name], took[beside], peer, "ms", goal, note)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--python", default=sys.executable)
    given, sys.argv[1:] = parser.parse_known_args()
    main(partial(rows, python=given.python))
