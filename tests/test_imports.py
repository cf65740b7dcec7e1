"""What importing costs, by the list of modules it loads (seconds are for the benchmarks)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import modelport

HEAVY = {
    "dependency_injector",
    "sqlalchemy",
    "websockets",
    "numpy",
    "httpx",
    "httpx2",
    "aiohttp",
    "click",
    "rich",
    "vcr",
    "jsonschema",
}
BUILD = """
import sys
from modelport.model import OpenAIChatModel
from modelport.credential import OpenAICredential
OpenAIChatModel(OpenAICredential(api_key="x-PlantedWord7"), "gpt-4.1")
print(" ".join(sorted({name.split(".")[0] for name in sys.modules})))
print(" ".join(sorted(name for name in sys.modules if name.startswith("modelport.adapters."))))
"""


def loaded(code: str) -> list[set[str]]:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [set(line.split()) for line in result.stdout.splitlines()]


def test_building_a_model_loads_nothing_heavy_and_one_provider() -> None:
    roots, adapters = loaded(BUILD)
    assert not roots & HEAVY
    providers = {name.split(".")[2] for name in adapters}
    assert providers <= {"openai", "dialects", "wire"}


LATE = {
    "asyncio",
    "orjson",
    "pickle",
    "yaml",
    "modelport.composition.settings",
    "modelport.domain.chat.turns",
    "modelport.domain.message.responses",
    "modelport.domain.structured.schema_rules",
    "modelport.ports.codec.rendering",
    "modelport.domain.card.cards",
    "modelport.domain.card.capabilities",
    "modelport.domain.structured.plan",
    "modelport.adapters.wire.decoder",
}
"""What the first call needs; each of these takes as long to load as a small provider."""


@pytest.mark.parametrize(
    "provider", ["OpenAI", "Anthropic", "Gemini", "Ollama", "DashScope", "DeepSeek", "Moonshot", "XAI"]
)
def test_what_only_calls_need_is_loaded_by_the_first_call(provider: str) -> None:
    key = "" if provider == "Ollama" else 'api_key="x-PlantedWord7"'
    code = f"""
import sys
from modelport.model import {provider}ChatModel
from modelport.credential import {provider}Credential
{provider}ChatModel({provider}Credential({key}), "a-model")
print(" ".join(sys.modules))
"""
    (names,) = loaded(code)
    assert not names & LATE
    late = r"modelport\..*\.(request|stream|formatter|(\w+_)?profile)"
    assert not [n for n in names if re.fullmatch(late, n) and n != "modelport.application.model.formatter"]


def test_the_default_runtime_of_a_chat_model_loads_nothing_heavy() -> None:
    roots, _ = loaded(BUILD.replace('"gpt-4.1")', '"gpt-4.1").runtime'))
    assert not roots & (HEAVY - {"websockets"})


UNUSED = {
    "dependency_injector",
    "numpy",
    "modelport.adapters.media.fetch",
    "modelport.adapters.openai.audio_parameters",
    "modelport.composition.settings",
    "modelport.domain.card.embedding_card",
    "modelport.domain.card.realtime_card",
    "modelport.domain.card.speech_card",
    "modelport.domain.chat.tokens",
    "modelport.domain.structured.plan",
    "modelport.domain.structured.schema_adapt",
    "modelport.application.blocking.portal",
    "modelport.application.chat.settings",
    "modelport.application.chat.settings_form",
    "modelport.application.chat.with_options",
    "modelport.domain.card.form_view",
    "modelport.domain.html",
    "modelport.domain.message.event_fold",
    "modelport.adapters.openai.settings",
    "rich",
}
"""What forms, notebooks, settings, tools, media, siblings and calls without `await` need, and a plain call does not."""
CALL = """
import asyncio, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel

ANSWER = b'{"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}]}'

class Answering(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *arguments):
        pass

server = HTTPServer(("127.0.0.1", 0), Answering)
threading.Thread(target=server.serve_forever, daemon=True).start()
credential = OpenAICredential(api_key="x", base_url=f"http://127.0.0.1:{server.server_port}")
model = OpenAIChatModel(credential, "gpt-4.1", stream=False)
assert asyncio.run(model([UserMsg("user", "Hello?")])).text == "Hi."
print(" ".join(sys.modules))
"""


def test_a_call_loads_nothing_of_what_it_does_not_use() -> None:
    (names,) = loaded(CALL)
    assert "modelport.application.chat.call" in names and not names & UNUSED


HUB = """
import sys
from modelport import Modelport
Modelport.from_mapping({"chat": {"m": {"provider": "openai", "model": "gpt-4.1"}}}, {"OPENAI_API_KEY": "x"}).chat("m")
print(" ".join(sys.modules))
"""
OF_OTHER_MODELS = {
    "modelport.application.embedding.model",
    "modelport.application.realtime.model",
    "modelport.application.speech.model",
    "modelport.application.transcription.model",
    "modelport.domain.card.cards",
}


def test_a_hub_loads_no_container_and_only_the_kind_of_model_that_is_asked_for() -> None:
    (names,) = loaded(HUB)
    assert not names & (HEAVY | OF_OTHER_MODELS)


FACES = sorted({path.stem for path in Path(modelport.__file__).parent.glob("[!_]*.py")} | {"testing"})


def test_there_are_faces() -> None:
    assert {"message", "model", "tts", "testing"} <= set(FACES)


@pytest.mark.parametrize("face", FACES)
def test_every_face_exports_what_it_lists(face: str) -> None:
    code = f"import modelport.{face} as face; print(' '.join(n for n in face.__all__ if getattr(face, n) is None))"
    assert loaded(code) == [set()]


def test_an_unknown_name_is_an_attribute_error_that_lists_the_known() -> None:
    import modelport.model

    with pytest.raises(AttributeError, match="OpenAIChatModel"):
        _ = modelport.model.OpenAiChatModel
