"""Every snippet of the README and the guides works as printed, against a server on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelport import _build_default_runtime
from modelport.adapters.transport.httpx import HttpxTransport
from modelport.composition.defaults import build_runtime
from modelport.composition.settings_file import settings_from_mapping
from modelport.ports.runtime import set_default_runtime
from modelport.testing.redirect import RedirectTransport
from modelport.testing.server import RecordedRequest, ScriptedAnswer, ScriptedServer
from tests.contract.samples import SAMPLES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def snippets(language: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for number, block in enumerate(re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)):
            found.append((f"{page.relative_to(ROOT)}#{number}", block))
    return found


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """A good answer of whatever protocol is asked for."""
    path = request.path
    name = "OllamaChatModel" if path == "/api/chat" else "OpenAIChatModel"
    sample = next(sample for sample in SAMPLES if sample.name == name)
    if "response_format" in request.json():
        return ScriptedAnswer.json(weather())
    return sample.whole_stream if request.json().get("stream") else ScriptedAnswer.json(sample.body)


def weather() -> Any:  # Any: JSON
    """An answer that fits the schema of the guide."""
    message = {"role": "assistant", "content": '{"city": "Shanghai", "temperature": 21.5}'}
    return {"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}


@pytest.fixture
def offline() -> Iterator[None]:
    with ScriptedServer(answer).in_thread() as server:
        set_default_runtime(lambda: build_runtime(RedirectTransport(HttpxTransport(), server.base_url)))
        yield
        set_default_runtime(_build_default_runtime)


@pytest.mark.parametrize(("where", "code"), snippets("python"), ids=lambda value: value if "#" in value[:80] else "")
def test_python(where: str, code: str, offline: None, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, where, "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize(("where", "text"), snippets("yaml"), ids=lambda value: value if "#" in value[:80] else "")
def test_yaml(where: str, text: str) -> None:
    value = yaml.safe_load(text)
    if isinstance(value, dict) and value.keys() & {"credentials", "chat", "transport", "providers"}:
        settings_from_mapping(value, {"OPENAI_API_KEY": "k"})


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"
