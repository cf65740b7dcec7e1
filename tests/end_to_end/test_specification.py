"""Every snippet of the specification works: it is run, compared with a signature, or loaded as a card."""

from __future__ import annotations

import asyncio
import re
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modelport.application.chat.model import ChatModelBase
from modelport.application.embedding.model import EmbeddingModelBase
from modelport.application.speech.model import TTSModelBase
from modelport.credential import DashScopeCredential
from modelport.embedding import DashScopeEmbeddingModel, EmbeddingResponse
from modelport.formatter import OpenAIMultiAgentFormatter
from modelport.message import TextBlock
from modelport.model import AnthropicChatModel, ChatResponse, DashScopeChatModel
from modelport.testing import offline_providers
from tests.specification import PAGE, Snippet, run, snippets
from tests.specification_checks import (
    KEYS,
    PACKAGE,
    QUESTION,
    Page,
    card,
    chats,
    embeds,
    prints,
    realtime_class,
    said,
    signature,
    speaks,
)

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the specification is not beside this checkout")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Page]:
    monkeypatch.chdir(tmp_path)
    for key in KEYS:
        monkeypatch.setenv(key, "sk-secret-key-PlantedWord7")
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(tmp_path)]
    monkeypatch.setitem(sys.modules, PACKAGE, package)
    with offline_providers() as server:
        yield Page(tmp_path, server, capsys)
    for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]:
        del sys.modules[name]


# the snippets that need more words


def streaming(page: Page) -> None:
    """Deltas, as many as arrive apart, and the whole at the end."""
    page.run("Call Chat Model", 1)
    *deltas, final = page.printed()
    texts = [re.fullmatch(r"Delta: \[TextBlock\(text='(.*)'\)\]", line) for line in deltas]
    assert deltas and final == "Final: [TextBlock(text='You said: Count from 1 to 5.')]"
    assert "".join(text[1] for text in texts if text) == "You said: Count from 1 to 5."


def sounding(page: Page) -> None:
    page.run("Call TTS Model", 1)
    lines = page.printed()
    assert lines and all(re.fullmatch(r"Audio chunk: [1-9]\d* bytes", line) for line in lines), lines


def trace(page: Page) -> None:
    """The trace is what the program above it prints, but for the words."""
    page.run("Call Chat Model", 1)
    pattern = re.compile(r"(Delta|Final): \[TextBlock\(text='[^']*'\)\]")
    for line in [*page.text("Call Chat Model", 2).splitlines(), *page.printed()]:
        assert pattern.fullmatch(line), line


def structured(page: Page) -> None:
    page.run("Generate Structured Output")
    (line,) = page.printed()
    assert line == "{'city': 'City', 'temperature': 1.0, 'unit': 'Unit'}"


def formatter(page: Page) -> None:
    model = page.run("Formatter").model
    assert isinstance(model.formatter, OpenAIMultiAgentFormatter)
    asyncio.run(said(model))
    assert "<history>" in page.server.requests[-1].body.decode()


def custom_provider(page: Page) -> tuple[Any, Any]:
    """Its credential and its model, as two files of one package."""
    model = page.run("Step 2: Implement the Chat Model", name="my_model").MyProviderChatModel
    return page.run("Step 1: Define the Credential").MyProviderCredential, model


def custom_credential(page: Page) -> None:
    credential, model = custom_provider(page)
    assert credential.get_chat_model_class() is model and credential.list_models() == []
    made = credential(api_key="sk-secret-key-PlantedWord7")
    assert made.type == "my_provider_credential" and made.base_url == "https://api.myprovider.com/v1"
    assert "sk-secret-key-PlantedWord7" not in repr(made)
    assert credential.form_schema()["title"] == "My Provider API"


def custom_chat(page: Page) -> None:
    """The printed `_call_api` formats and returns nothing; with an answer after it the model works."""
    credential, base = custom_provider(page)

    class Answering(base):  # type: ignore[misc,valid-type]  # the snippet's class
        async def _call_api(self, *arguments: Any, **kwargs: Any) -> Any:
            assert await super()._call_api(*arguments, **kwargs) is None
            return ChatResponse([TextBlock(text="Hello")])

    model = Answering(
        credential=credential(api_key="k-PlantedWord7"), model="m", parameters=base.Parameters(max_tokens=5)
    )
    assert (model.stream, model.max_retries, model.context_size, model.type) == (True, 3, 128000, "my_provider_chat")
    assert asyncio.run(said(model)).text == "Hello"


def custom_card(page: Page) -> None:
    """The file lies in `_models` next to the model's own."""
    (page.folder / "_models").mkdir()
    (page.folder / "_models" / "my-model-v1.yaml").write_text(page.text("Step 3: Add Model Cards (optional)"))
    credential, model = custom_provider(page)
    (found,) = model.list_models()
    assert (found.name, found.context_size, found.output_size) == ("my-model-v1", 128000, 4096)
    assert "4096" in str(found.parameter_schema["properties"]["max_tokens"])
    assert [one.name for one in credential.list_models()] == ["my-model-v1"]


def cards_elsewhere(page: Page) -> None:
    """The folder of the snippet is a place holder: it is replaced by one that exists."""
    place = page.folder / "cards"
    place.mkdir()
    (place / "my-model-v1.yaml").write_text(page.text("Step 3: Add Model Cards (optional)"))
    _, model = custom_provider(page)
    code = page.text("Step 3: Add Model Cards (optional)", 1).replace("/path/to/cards", str(place))
    cards = run(code, f"{PACKAGE}.snippet", page.folder, MyProviderChatModel=model).cards
    assert [one.name for one in cards] == ["my-model-v1"]


def card_lines(page: Page, heading: str, number: int, pattern: str) -> None:
    page.run(heading, number)
    lines = page.printed()
    assert len(lines) > 1 and all(re.fullmatch(pattern, line) for line in lines), lines


def chat_cards(page: Page) -> None:
    card_lines(page, "Retrieve ModelCards", 0, r"claude-\S+: context=\d+, inputs=\['text/plain'.*\]")


def class_of_credential(page: Page) -> None:
    made = page.run("Retrieve ModelCards", 1, DashScopeCredential=DashScopeCredential)
    assert made.model_cls is DashScopeChatModel
    assert "qwen-plus" in [one.name for one in made.cards]


def speech_cards(page: Page) -> None:
    card_lines(page, "TTS Model Card", 2, r"\S+ \(realtime=(True|False)\): .+")


def speech_cards_of_classes(page: Page) -> None:
    made = page.run("TTS Model Card", 3)
    assert "qwen3-tts-flash" in [one.name for one in made.cards]
    names = [one.name for one in made.cosyvoice_cards]
    assert "cosyvoice-v3-plus" in names and all(one.realtime for one in made.cosyvoice_cards)


def agent(page: Page) -> None:
    """The reply's text, and its speech."""
    from modelport.event import DataBlockDeltaEvent, TextBlockDeltaEvent

    model = DashScopeChatModel(credential=DashScopeCredential(api_key="k-PlantedWord7"), model="qwen-plus", stream=True)
    text = page.text("Integrate with Agent").replace("    ...\n", "    events.append(event)\n")
    events: list[Any] = []
    prelude: dict[str, Any] = {"chat_model": model, "user_msg": QUESTION[0], "events": events}
    run(text, f"{PACKAGE}.snippet", page.folder, **prelude)
    words = [event.delta for event in events if isinstance(event, TextBlockDeltaEvent)]
    assert "".join(words) == "You said: Hello there"
    assert any(isinstance(event, DataBlockDeltaEvent) for event in events)


def custom_speech(page: Page) -> None:
    made = page.run("Custom TTS Provider")
    credential, model = made.MyCredential, made.MyTTSModel
    assert credential.get_tts_model_classes() == [model] and credential.list_tts_models() == []
    tts = model(credential=credential(), model="my-voice")
    assert (tts.parameters.voice, tts.type, tts.stream) == ("default", "my_tts", True)
    assert asyncio.run(tts.synthesize("Hello")) is None, "as it is printed"


def custom_embedding(page: Page) -> tuple[Any, Any]:
    model = page.run("Step 2: Implement the Embedding Model", name="my_embedding").MyProviderEmbeddingModel
    return page.run("Step 1: Link the Credential").MyProviderCredential, model


def custom_embedding_credential(page: Page) -> None:
    credential, model = custom_embedding(page)
    assert credential.get_embedding_model_class() is model
    assert DashScopeCredential.get_embedding_model_class() is DashScopeEmbeddingModel


def custom_embedding_model(page: Page) -> None:
    """The printed `_call_api` is empty; with an answer after it the model batches and tries again."""
    credential, base = custom_embedding(page)
    batches: list[int] = []

    class Answering(base):  # type: ignore[misc,valid-type]  # the snippet's class
        async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
            assert await super()._call_api(inputs, **kwargs) is None
            batches.append(len(inputs))
            if len(batches) == 1:
                raise TimeoutError("once")
            return EmbeddingResponse(embeddings=[[1.0, 0.0]] * len(inputs))

    model = Answering(credential=credential(), model="m", retry_delay=0.0)
    assert (model.context_size, model.max_retries, model.batch_size) == (8192, 3, 100)
    response = asyncio.run(model([f"text {number}" for number in range(150)]))
    assert len(response.embeddings) == 150 and sorted(batches) == [50, 100, 100]


def embedding_cards(page: Page) -> None:
    card_lines(page, "EmbeddingModelCard", 1, r"\S+: context=\d+, inputs=\['text/plain'.*\]")


CHECKS: dict[tuple[str, int], Callable[[Page], None]] = {
    ("Create Chat Model", 0): chats("Create Chat Model", 0, stream=True),
    ("Create Chat Model", 1): chats("Create Chat Model", 1, stream=None),
    ("Create Chat Model", 2): chats("Create Chat Model", 2, enable_thinking=True, thinking_budget=2048),
    ("Call Chat Model", 0): signature("Call Chat Model", ChatModelBase, "__call__"),
    ("Call Chat Model", 1): streaming,
    ("Call Chat Model", 2): trace,
    ("Generate Structured Output", 0): structured,
    ("Formatter", 0): formatter,
    ("Step 1: Define the Credential", 0): custom_credential,
    ("Step 2: Implement the Chat Model", 0): custom_chat,
    ("Step 3: Add Model Cards (optional)", 0): custom_card,
    ("Step 3: Add Model Cards (optional)", 1): cards_elsewhere,
    ("What is ModelCard", 0): card("What is ModelCard", 0, lambda: AnthropicChatModel, output_size=65536),
    ("Retrieve ModelCards", 0): chat_cards,
    ("Retrieve ModelCards", 1): class_of_credential,
    ("Create TTS Model", 0): speaks("Create TTS Model", 0),
    ("Create TTS Model", 1): speaks("Create TTS Model", 1),
    ("Create TTS Model", 2): speaks("Create TTS Model", 2),
    ("Call TTS Model", 0): signature("Call TTS Model", TTSModelBase, "synthesize"),
    ("Call TTS Model", 1): sounding,
    ("Realtime TTS (Streaming Input)", 0): prints("Realtime TTS (Streaming Input)", 0),
    ("Integrate with Agent", 0): agent,
    ("TTS Model Card", 0): card(
        "TTS Model Card", 0, realtime_class("DashScopeTTSModel"), voices=["Cherry", "Serena", "Ethan", "Chelsie"]
    ),
    ("TTS Model Card", 1): card(
        "TTS Model Card", 1, realtime_class("DashScopeCosyVoiceRealtimeTTSModel"), realtime=True
    ),
    ("TTS Model Card", 2): speech_cards,
    ("TTS Model Card", 3): speech_cards_of_classes,
    ("Custom TTS Provider", 0): custom_speech,
    ("Create Embedding Model", 0): embeds(0, 1024),
    ("Create Embedding Model", 1): embeds(1, 1536),
    ("Create Embedding Model", 2): embeds(2, 768),
    ("Create Embedding Model", 3): embeds(3, 768),
    ("Call Embedding Model", 0): signature("Call Embedding Model", EmbeddingModelBase, "__call__"),
    ("Call Embedding Model", 1): prints("Call Embedding Model", 1, "2", "1024", r"[1-9]\d*", "api"),
    ("Multimodal Embedding", 0): prints("Multimodal Embedding", 0, "2"),
    ("Embedding Cache", 0): prints("Embedding Cache", 0, "api", "cache"),
    ("Step 1: Link the Credential", 0): custom_embedding_credential,
    ("Step 2: Implement the Embedding Model", 0): custom_embedding_model,
    ("EmbeddingModelCard", 0): card("EmbeddingModelCard", 0, lambda: DashScopeEmbeddingModel, context_size=8192),
    ("EmbeddingModelCard", 1): embedding_cards,
}
"""How each snippet is checked, by the heading above it and its number there."""


@pytest.mark.parametrize("snippet", snippets(), ids=str)
def test_snippet(snippet: Snippet, page: Page) -> None:
    assert snippet.key in CHECKS, f"a snippet that nobody checks: {snippet}"
    CHECKS[snippet.key](page)


def test_every_check_is_of_a_snippet() -> None:
    assert CHECKS.keys() == {snippet.key for snippet in snippets()}
