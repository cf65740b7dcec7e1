"""The embedded engine, real: llama.cpp in this process with the real model."""

from __future__ import annotations

import http.client
import importlib.util
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import modelport
from modelport.adapters.embedded.engine import LlamaEngine
from modelport.adapters.embedded.store import SMOLLM2, ModelStore
from modelport.domain.errors import SettingsError

ROOT = Path(modelport.__path__[0]).parent
ENDLESS = {"max_tokens": 3000, "ignore_eos": True}  # about a minute of work: it never ends by itself here
ASK = {"messages": [{"role": "user", "content": "Say hello."}]}

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="xllamacpp is not installed (extra 'embedded')"
)


@pytest.fixture(scope="module")
def model_path() -> Path:
    try:
        return ModelStore().ensure(SMOLLM2)
    except SettingsError as error:
        pytest.skip(f"the embedded model cannot be fetched: {error}")


@pytest.fixture
def engine(model_path: Path) -> Iterator[LlamaEngine]:
    with LlamaEngine(model_path, alias="tiny", context_size=4096) as engine:
        yield engine


def connect(base_url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(base_url.removeprefix("http://"), timeout=30)


def get_health(base_url: str) -> tuple[int, Any]:
    connection = connect(base_url)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()


def post_chat(connection: http.client.HTTPConnection, **options: object) -> http.client.HTTPResponse:
    body = json.dumps({**ASK, **options})
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    return connection.getresponse()


@needs_library
def test_the_fetched_model_is_the_expected_file(model_path: Path) -> None:
    assert ModelStore().verify(SMOLLM2)


@needs_library
def test_serves_a_chat_completion_and_says_nothing(engine: LlamaEngine, capfd: pytest.CaptureFixture[str]) -> None:
    base_url = engine.start()
    assert base_url.startswith("http://127.0.0.1:")
    assert get_health(base_url) == (200, {"status": "ok"})

    connection = connect(base_url)
    answer = json.load(post_chat(connection, max_tokens=24))
    connection.close()
    engine.stop()

    assert answer["model"] == "tiny"
    assert answer["choices"][0]["message"]["content"].strip()
    assert answer["usage"]["completion_tokens"] > 0
    assert capfd.readouterr() == ("", "")


@needs_library
def test_no_web_page_may_read_answers(engine: LlamaEngine) -> None:
    connection = connect(engine.start())
    connection.request("GET", "/v1/models", headers={"Origin": "http://page.example"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("Access-Control-Allow-Origin") is None
    connection.close()


@needs_library
def test_start_and_stop_are_idempotent_and_start_works_again(engine: LlamaEngine) -> None:
    with ThreadPoolExecutor(4) as pool:
        urls = {future.result() for future in [pool.submit(engine.start) for _ in range(4)]}
    assert len(urls) == 1
    (first,) = urls

    engine.stop()
    engine.stop()
    with pytest.raises(OSError):
        get_health(first)

    assert get_health(engine.start())[0] == 200


@needs_library
@pytest.mark.parametrize(
    "request_body",
    [
        pytest.param({**ENDLESS, "stream": True}, id="streaming"),
        pytest.param({**ENDLESS, "stream": False}, id="whole"),
        pytest.param({"messages": [{"role": "user", "content": "word " * 3500}]}, id="reading-a-long-prompt"),
    ],
)
def test_stop_breaks_a_running_answer_off(engine: LlamaEngine, request_body: dict[str, object]) -> None:
    connection = connect(engine.start())
    ended: list[Exception | bytes] = []

    def ask() -> None:
        try:
            ended.append(post_chat(connection, **request_body).read())
        except Exception as error:
            ended.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.5)
    engine.stop()
    asking.join(60)
    connection.close()
    assert isinstance(ended[0], http.client.HTTPException | OSError)


@needs_library
def test_two_engines_live_side_by_side(engine: LlamaEngine, model_path: Path) -> None:
    first = engine.start()
    with LlamaEngine(model_path) as other:
        assert other.start() != first
    assert get_health(first)[0] == 200


def run_script(script: str, model: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, str(model)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)


@needs_library
def test_a_process_that_never_stops_it_ends_cleanly_in_the_middle_of_an_answer(model_path: Path) -> None:
    script = f"""
import http.client, json, sys
from pathlib import Path
from modelport.adapters.embedded.engine import LlamaEngine
engine = LlamaEngine(Path(sys.argv[1]))
connection = http.client.HTTPConnection(engine.start().removeprefix("http://"))
body = json.dumps({{**{ASK!r}, **{ENDLESS!r}, "stream": True}})
connection.request("POST", "/v1/chat/completions", body, {{"Content-Type": "application/json"}})
answer = connection.getresponse()
print(answer.read(5))
"""
    ended = run_script(script, model_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "b'data:'\n", "")


@needs_library
@pytest.mark.skipif(sys.platform == "win32", reason="this system has no fork")
def test_a_forked_child_leaves_the_parents_server_alone(model_path: Path) -> None:
    script = """
import http.client, os, sys, warnings
from pathlib import Path
from modelport.adapters.embedded.engine import LlamaEngine
engine = LlamaEngine(Path(sys.argv[1]))
base_url = engine.start()
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tried here
child = os.fork()
if child == 0:
    engine.stop()
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), engine.start() == base_url)
connection = http.client.HTTPConnection(base_url.removeprefix("http://"))
connection.request("GET", "/health")
print(connection.getresponse().status)
connection.close()
"""
    ended = run_script(script, model_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "7 True\n200\n", "")


@needs_library
def test_a_file_that_is_no_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(SettingsError, match=r"could not serve .*broken\.gguf.*verbose=True"):
        LlamaEngine(broken).start()
    assert capfd.readouterr() == ("", "")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no model file"):
        LlamaEngine(tmp_path / "none.gguf").start()


def test_a_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    (tmp_path / "some.gguf").write_bytes(b"GGUF")
    with pytest.raises(SettingsError, match=r"pip install 'modelport\[embedded\]'"):
        LlamaEngine(tmp_path / "some.gguf").start()
