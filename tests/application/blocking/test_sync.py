"""Models without `await`: in a script, in threads, beside a running loop, with `break` and with Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import BaseModel

from modelport.credential import OpenAICredential
from modelport.error import AuthenticationError
from modelport.message import UserMsg
from modelport.model import ChatResponse, OpenAIChatModel
from modelport.sync import SyncChatStream, run
from modelport.testing import (
    HANG,
    ScriptedAnswer,
    ScriptedChatModel,
    ScriptedEmbeddingModel,
    ScriptedServer,
    ScriptedTTSModel,
)
from tests.application.agent.agent_support import saying

ASK = [UserMsg("user", "Hello?")]


class Weather(BaseModel):
    city: str
    degrees: float


class Served:
    """A server in the loop of the calls, so that a test without a loop can ask it."""

    def __init__(self, *answers: ScriptedAnswer) -> None:
        self.server = ScriptedServer(list(answers))
        run(self.server.__aenter__)

    def model(self, stream: bool = True) -> OpenAIChatModel:
        credential = OpenAICredential(api_key="k-PlantedWord7", base_url=self.server.base_url)
        return OpenAIChatModel(credential, "gpt-4.1", stream=stream, max_retries=0)

    def close(self) -> None:
        run(self.server.__aexit__, None, None, None)


@pytest.fixture
def served() -> Iterator[type[Served]]:
    made: list[Served] = []

    class Kept(Served):
        def __init__(self, *answers: ScriptedAnswer) -> None:
            super().__init__(*answers)
            made.append(self)

    yield Kept
    for each in made:
        each.close()


def test_whole_calls_reuse_a_connection(served: type[Served]) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}
    server = served(*[ScriptedAnswer.json({"choices": [choice]}) for _ in range(3)])
    model = server.model(stream=False)
    assert [model.sync.generate(ASK).text for _ in range(3)] == ["Hi."] * 3
    assert len({id(request.client_closed) for request in server.server.requests}) == 1


def test_a_stream_is_iterated(served: type[Served]) -> None:
    model = ScriptedChatModel([["Hello", " there"], ["a", "b"], ["x", "y"]])
    steps = list(model.sync.generate_stream(ASK))
    assert [step.text for step in steps] == ["Hello", " there", "Hello there"] and steps[-1].is_last
    stream = model.sync(ASK)
    assert isinstance(stream, SyncChatStream) and list(stream.texts()) == ["a", "b"] and stream.whole().text == "ab"
    with model.sync.generate_stream(ASK) as stream:
        for step in stream:
            assert step.text == "x"
            break
    assert stream.partial.text == "x"
    assert served(saying("Over the wire")).model().sync.generate_stream(ASK).whole().text == "Over the wire"


def test_a_stream_that_is_left_is_closed(served: type[Served]) -> None:
    hanging = saying("a", "b")
    server = served(ScriptedAnswer(hanging.status, hanging.headers, [*hanging.body[:1], HANG]))
    for _ in server.model().sync.generate_stream(ASK):
        break  # nothing holds the stream any more, so its connection is closed
    run(server.server.closed)


def test_objects_vectors_speech_and_counts() -> None:
    model = ScriptedChatModel([{"city": "Rome", "degrees": 30}, {"city": "Oslo", "degrees": 3}], stream=False)
    assert model.sync.generate_structured_output(ASK, Weather).value == Weather(city="Rome", degrees=30)
    steps = list(model.sync.stream_structured_output(ASK, Weather))
    assert steps[-1].is_last and steps[-1].value == Weather(city="Oslo", degrees=3)
    assert model.sync.count_tokens(ASK).tokens > 0
    assert len(ScriptedEmbeddingModel().sync(["a", "b"]).embeddings) == 2
    for stream in (True, False):
        speaker = ScriptedTTSModel(stream=stream)
        spoken = speaker.sync.synthesize("Hello there")
        assert spoken.content is not None and spoken.content.to_bytes()[:4] == b"RIFF"
        assert sum(piece.content is not None for piece in speaker.sync.stream("Hello there")) >= 1
    assert repr(model.sync).endswith(".sync")


def test_errors_are_those_of_the_model(served: type[Served]) -> None:
    model = served(ScriptedAnswer.json({"error": {"message": "no"}}, status=401)).model()
    with pytest.raises(AuthenticationError):
        model.sync.generate(ASK)


def test_from_many_threads() -> None:
    model = ScriptedChatModel([f"{number}" for number in range(16)], stream=False)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: model.sync.generate(ASK).text, range(16)))
    assert sorted(answers, key=int) == [f"{number}" for number in range(16)]
    assert sum(thread.name == "modelport-sync" for thread in threading.enumerate()) == 1


async def test_beside_a_running_loop() -> None:
    answer = ScriptedChatModel(["Hi"]).sync.generate(ASK)  # as in a notebook, whose cells run in a loop
    assert type(answer) is ChatResponse and answer.text == "Hi"


def test_inside_its_own_loop_it_is_refused() -> None:
    model = ScriptedChatModel(["Hi"])

    async def inside() -> None:
        model.sync.generate(ASK)

    with pytest.raises(RuntimeError, match="await the model itself"):
        run(inside)


SCRIPT = """
import asyncio, os, signal
from modelport.message import UserMsg
from modelport.testing import FunctionChatModel, ScriptedChatModel

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a process in the background does not have

async def interrupted(messages, tools):
    os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C while the call runs
    await asyncio.Event().wait()

ASK = [UserMsg("user", "Hi")]
try:
    FunctionChatModel(interrupted).sync.generate(ASK)
except KeyboardInterrupt:
    print("interrupted")
print(ScriptedChatModel(["Hello."]).sync.generate(ASK).text)
left = ScriptedChatModel(["One two three."]).sync.generate_stream(ASK)
print(next(left).text)
"""


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself Ctrl-C there")
def test_a_script_survives_ctrl_c_and_ends_by_itself() -> None:
    ran = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, timeout=100)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("interrupted\nHello.\nOne \n", "", 0)


def test_a_script_whose_calls_used_threads_ends_in_silence() -> None:
    """As a name is resolved in one; Python 3.12 starts no thread any more when the loop ends its own ones."""
    script = "import asyncio; from modelport.sync import run; print(run(asyncio.to_thread, str, 5))"
    ran = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=100)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("5\n", "", 0)


FORKED = """
import json, os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from modelport.application.blocking import portal
from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel

MESSAGE = {"role": "assistant", "content": "a"}
ANSWER = json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": MESSAGE}]})

class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER.encode())

    def log_message(self, *arguments):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
threading.Thread(target=server.serve_forever, daemon=True).start()
credential = OpenAICredential(api_key="k", base_url=f"http://127.0.0.1:{server.server_port}/v1")
model = OpenAIChatModel(credential, "gpt-4.1", stream=False, max_retries=0)
ask = [UserMsg("user", "Hello?")]
print("before", model.sync.generate(ask).text, flush=True)
held, done = threading.Event(), threading.Event()

def hold():
    with portal._lock:
        held.set()
        done.wait()

threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
done.set()
if child == 0:
    print("child", model.sync.generate(ask).text, flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
print("parent", model.sync.generate(ask).text, os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_a_loop_of_its_own() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED], capture_output=True, text=True, timeout=100
    )
    assert (ran.stdout.splitlines(), ran.returncode) == (["before a", "child a", "parent a 0"], 0), ran.stderr
