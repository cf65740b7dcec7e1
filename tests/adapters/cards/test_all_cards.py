"""Every card that is shipped: it loads, its form is a legal schema, and its facts agree with each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

import modelport.adapters
from modelport.adapters.anthropic.parameters import AnthropicChatParameters
from modelport.adapters.cards.yaml_source import YamlCardSource, file_stem
from modelport.adapters.dashscope import parameters as dashscope
from modelport.adapters.dashscope.realtime import DashScopeRealtimeParameters
from modelport.adapters.dashscope.transcription import DashScopeTranscriptionParameters
from modelport.adapters.deepseek.provider import DeepSeekChatParameters
from modelport.adapters.gemini.live.model import GeminiRealtimeParameters
from modelport.adapters.gemini.parameters import (
    GeminiChatParameters,
    GeminiEmbeddingParameters,
    GeminiTranscriptionParameters,
    GeminiTTSParameters,
)
from modelport.adapters.minimax.provider import MiniMaxChatParameters
from modelport.adapters.moonshot.provider import MoonshotChatParameters
from modelport.adapters.ollama.parameters import OllamaChatParameters, OllamaEmbeddingParameters
from modelport.adapters.openai import audio_parameters as openai_audio
from modelport.adapters.openai import embedding_parameters as openai_embedding
from modelport.adapters.openai import parameters as openai
from modelport.adapters.openai.realtime import OpenAIRealtimeParameters
from modelport.adapters.volcengine.provider import VolcengineChatParameters
from modelport.adapters.xai.provider import XAIChatParameters
from modelport.adapters.xai.realtime import XAIRealtimeParameters
from modelport.domain.card.cards import BaseCard, CardQuery, ModelCard
from modelport.domain.card.checks import check_parameters
from modelport.domain.card.embedding_card import EmbeddingModelCard
from modelport.domain.card.form import HINT
from modelport.domain.card.realtime_card import RealtimeModelCard
from modelport.domain.card.speech_card import TTSModelCard
from modelport.domain.card.transcription_card import STTModelCard
from modelport.domain.errors import InvalidRequestError
from modelport.domain.message.media import media_matches

ADAPTERS = Path(modelport.adapters.__path__[0])
SOURCE = YamlCardSource()
TODAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Class:
    """A model class, as far as its cards are concerned."""

    name: str
    folder: str
    card: type[BaseCard]
    parameters: type[BaseModel]
    realtime: bool | None = None

    @property
    def directory(self) -> Path:
        return ADAPTERS / self.folder / "_models"

    @property
    def query(self) -> CardQuery[BaseCard]:
        return CardQuery(self.card, self.parameters, (self.name,), self.realtime)

    def cards(self) -> list[BaseCard]:
        return SOURCE.list_all(self.directory, self.query)


CLASSES = [
    Class("OpenAIRealtimeModel", "openai", RealtimeModelCard, OpenAIRealtimeParameters),
    Class("XAIRealtimeModel", "xai", RealtimeModelCard, XAIRealtimeParameters),
    Class("DashScopeRealtimeModel", "dashscope", RealtimeModelCard, DashScopeRealtimeParameters),
    Class("GeminiRealtimeModel", "gemini", RealtimeModelCard, GeminiRealtimeParameters),
    Class("AnthropicChatModel", "anthropic", ModelCard, AnthropicChatParameters),
    Class("DashScopeChatModel", "dashscope", ModelCard, dashscope.DashScopeChatParameters),
    Class("DeepSeekChatModel", "deepseek", ModelCard, DeepSeekChatParameters),
    Class("GeminiChatModel", "gemini", ModelCard, GeminiChatParameters),
    Class("OllamaChatModel", "ollama", ModelCard, OllamaChatParameters),
    Class("OpenAIChatModel", "openai", ModelCard, openai.OpenAIChatParameters),
    Class("OpenAIResponseModel", "openai", ModelCard, openai.OpenAIResponseParameters),
    Class("MiniMaxChatModel", "minimax", ModelCard, MiniMaxChatParameters),
    Class("VolcengineChatModel", "volcengine", ModelCard, VolcengineChatParameters),
    Class("MoonshotChatModel", "moonshot", ModelCard, MoonshotChatParameters),
    Class("XAIChatModel", "xai", ModelCard, XAIChatParameters),
    Class("OpenAITranscriptionModel", "openai", STTModelCard, openai_audio.OpenAITranscriptionParameters),
    Class("GeminiTranscriptionModel", "gemini", STTModelCard, GeminiTranscriptionParameters),
    Class("DashScopeTranscriptionModel", "dashscope", STTModelCard, DashScopeTranscriptionParameters),
    Class("OpenAITTSModel", "openai", TTSModelCard, openai_audio.OpenAITTSParameters, False),
    Class("GeminiTTSModel", "gemini", TTSModelCard, GeminiTTSParameters, False),
    Class("DashScopeTTSModel", "dashscope", TTSModelCard, dashscope.DashScopeTTSParameters, False),
    Class("DashScopeRealtimeTTSModel", "dashscope", TTSModelCard, dashscope.DashScopeRealtimeTTSParameters, True),
    Class(
        "DashScopeCosyVoiceRealtimeTTSModel",
        "dashscope",
        TTSModelCard,
        dashscope.DashScopeCosyVoiceRealtimeTTSParameters,
        True,
    ),
    Class("DashScopeEmbeddingModel", "dashscope", EmbeddingModelCard, dashscope.DashScopeEmbeddingParameters),
    Class("OpenAIEmbeddingModel", "openai", EmbeddingModelCard, openai_embedding.OpenAIEmbeddingParameters),
    Class("GeminiEmbeddingModel", "gemini", EmbeddingModelCard, GeminiEmbeddingParameters),
    Class("OllamaEmbeddingModel", "ollama", EmbeddingModelCard, OllamaEmbeddingParameters),
]
BY_NAME = {entry.name: entry for entry in CLASSES}
FOLDERS = sorted({entry.folder for entry in CLASSES})
FILES = sorted(path for folder in FOLDERS for path in (ADAPTERS / folder / "_models").iterdir())

REFERENCE = {
    "AnthropicChatModel": """
        claude-fable-5 claude-fable-5-1 claude-haiku-4-5 claude-haiku-5-5 claude-opus-4-5 claude-opus-4-6
        claude-opus-4-7 claude-opus-4-8 claude-opus-5 claude-opus-5-5 claude-sonnet-4-5 claude-sonnet-4-6
        claude-sonnet-5 claude-sonnet-5-5
    """,
    "DashScopeChatModel": """
        deepseek-v4-pro deepseek-v4.1-flash glm-5.2 glm-5.3 qwen-flash qwen-long qwen-plus qwen3.5-flash
        qwen3.5-omni-plus qwen3.5-plus qwen3.6-flash qwen3.6-max-preview qwen3.6-plus qwen3.7-flash
        qwen3.7-max qwen3.7-plus qwen3.8-flash qwen3.8-max qwen3.8-omni-flash
    """,
    "DeepSeekChatModel": """
        deepseek-chat deepseek-flash deepseek-reasoner deepseek-v4-flash deepseek-v4-pro
    """,
    "GeminiChatModel": """
        gemini-2.5-flash gemini-2.5-flash-lite gemini-2.5-pro gemini-3-flash-preview gemini-3.1-flash-lite
        gemini-3.1-pro-preview gemini-3.5-flash gemini-3.5-flash-lite gemini-3.6-flash gemini-3.7-flash
        gemini-3.8-flash
    """,
    "OllamaChatModel": """
        deepseek-r1:14b gemma4 llama3.2:3b llama4 phi4-mini qwen3.5 qwen3.8 qwen3:14b qwen3:8b
    """,
    "OpenAIChatModel": """
        gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-4o gpt-4o-mini gpt-5.4 gpt-5.5 gpt-5.6-luna gpt-5.6-sol
        gpt-5.6-terra gpt-6-astra gpt-6-luna gpt-6-sol gpt-6.1-sol gpt-audio-mini o3 o4-mini
    """,
    "XAIChatModel": """
        grok-3 grok-3-fast grok-3-mini grok-4.20-0309-non-reasoning grok-4.20-0309-reasoning
        grok-4.20-multi-agent-0309 grok-4.3 grok-4.5 grok-4.6 grok-4.7 grok-build-0.1
    """,
    "MoonshotChatModel": """
        kimi-k2.5 kimi-k2.6 kimi-k2.7-code kimi-k2.7-code-highspeed kimi-k3 moonshot-v1-128k moonshot-v1-32k
        moonshot-v1-8k
    """,
    "OpenAIResponseModel": """
        gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-4o gpt-4o-mini gpt-5.4 gpt-5.5 gpt-5.6-luna gpt-5.6-sol
        gpt-5.6-terra gpt-6-astra gpt-6-luna gpt-6-sol gpt-6.1-sol o3 o4-mini
    """,
    "DashScopeCosyVoiceRealtimeTTSModel": """
        cosyvoice-v3-flash cosyvoice-v3-plus qwen-audio-3.0-tts-flash qwen-audio-3.0-tts-plus
        qwen-audio-3.1-tts-flash qwen-audio-3.1-tts-plus
    """,
    "DashScopeTTSModel": """
        qwen3-tts-flash
    """,
    "DashScopeRealtimeTTSModel": """
        qwen3-tts-flash-realtime
    """,
    "DashScopeEmbeddingModel": """
        multimodal-embedding-v1 qwen2.5-vl-embedding qwen3-vl-embedding text-embedding-v3 text-embedding-v4
        tongyi-embedding-vision-flash tongyi-embedding-vision-plus
    """,
    "OpenAIEmbeddingModel": """
        text-embedding-3-large text-embedding-3-small
    """,
    "GeminiEmbeddingModel": """
        gemini-embedding-001 gemini-embedding-2
    """,
}


def each_card() -> list[Any]:
    return [pytest.param(entry, card, id=f"{entry.name}-{card.name}") for entry in CLASSES for card in entry.cards()]


def each_range() -> list[Any]:
    """Every numeric limit of every form: class, card, parameter, its schema."""
    found = []
    for entry in CLASSES:
        for card in entry.cards():
            for name, schema in card.parameter_schema["properties"].items():
                if "maximum" in schema:
                    found.append(pytest.param(card, name, schema, id=f"{entry.name}-{card.name}-{name}"))
    return found


@pytest.mark.parametrize("entry", CLASSES, ids=lambda entry: entry.name)
def test_every_class_has_cards_sorted_by_name(entry: Class) -> None:
    names = [card.name for card in entry.cards()]
    assert names
    assert names == sorted(set(names))


@pytest.mark.parametrize("class_name", REFERENCE)
def test_every_model_of_the_reference_has_a_card(class_name: str) -> None:
    have = {card.name for card in BY_NAME[class_name].cards()}
    assert set(REFERENCE[class_name].split()) - have == set()


@pytest.mark.parametrize(("entry", "card"), each_card())
def test_a_card_is_found_by_name_and_alias_with_the_same_content(entry: Class, card: BaseCard) -> None:
    for name in [card.name, *card.aliases]:
        found = SOURCE.find(entry.directory, name, entry.query)
        assert found == card


@pytest.mark.parametrize(("entry", "card"), each_card())
def test_the_form_is_a_legal_schema_that_takes_its_own_defaults(entry: Class, card: BaseCard) -> None:
    schema = card.parameter_schema
    jsonschema.Draft202012Validator.check_schema(schema)
    properties = schema["properties"]
    assert set(schema["required"]) <= set(properties)
    defaults = {name: part["default"] for name, part in properties.items() if part.get("default") is not None}
    jsonschema.validate(defaults, schema)
    kept, warnings = check_parameters(card, defaults)
    assert (kept, warnings) == (defaults, [])
    assert check_parameters(card, entry.parameters().model_dump())[1] == []
    assert all(part.get("title") and part.get("description") for part in properties.values())


@pytest.mark.parametrize(("card", "name", "schema"), each_range())
def test_values_at_the_limit_pass_and_beyond_fail(card: BaseCard, name: str, schema: dict[str, Any]) -> None:
    limit = schema["maximum"]
    assert check_parameters(card, {name: limit})[0] == {name: limit}
    with pytest.raises(InvalidRequestError, match=name):
        check_parameters(card, {name: limit + 1})
    if "enum" not in schema:
        validator = jsonschema.Draft202012Validator(schema)
        assert validator.is_valid(limit)
        assert not validator.is_valid(limit + 1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_a_file_is_plain_data_named_after_its_model(path: Path) -> None:
    text = path.read_text()
    facts = yaml.safe_load(text)
    assert path.name == file_stem(facts["name"]) + ".yaml"
    assert facts["source"].startswith("docs/protocols/")
    assert facts["verified_on"] >= TODAY
    assert facts["type"] in ("chat", "tts", "embedding", "realtime", "stt")
    keys = [line.split(":")[0] for line in text.splitlines() if line and line[0].isalpha()]
    assert sorted(keys) == sorted(facts), "a key is given twice"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_overrides_name_parameters_that_a_class_of_the_folder_has(path: Path) -> None:
    facts = yaml.safe_load(path.read_text())
    kinds: dict[str, type[BaseCard]] = {
        "chat": ModelCard,
        "tts": TTSModelCard,
        "embedding": EmbeddingModelCard,
        "realtime": RealtimeModelCard,
        "stt": STTModelCard,
    }
    kind = kinds[facts["type"]]
    entries = [entry for entry in CLASSES if entry.folder == path.parent.parent.name and entry.card is kind]
    known = {name for entry in entries for name in entry.parameters.model_fields}
    assert set(facts.get("parameter_overrides", {})) <= known


@pytest.mark.parametrize(("entry", "card"), each_card())
def test_the_status_agrees_with_the_date(entry: Class, card: BaseCard) -> None:
    if card.sunset_on:
        assert card.status == ("sunset" if card.sunset_on < TODAY else "deprecated")


@pytest.mark.parametrize(("entry", "card"), each_card())
def test_the_facts_agree_with_the_form(entry: Class, card: BaseCard) -> None:
    visible = card.visible_parameters()
    if isinstance(card, ModelCard):
        agree_on_thinking(card, visible)
        if not card.sampling.allowed:
            assert not {"temperature", "top_p", "top_k"} & set(visible)
    elif isinstance(card, TTSModelCard):
        assert card.realtime == entry.realtime
        assert card.default_of("voice") == (card.voices[0] if card.voices else None)
    elif isinstance(card, EmbeddingModelCard):
        agree_on_sizes(card, visible)


def agree_on_thinking(card: ModelCard, visible: list[str]) -> None:
    shown = media_matches("application/x-thinking", card.output_types)
    assert card.thinking is not None or not shown
    if card.thinking is None:
        return
    if card.thinking.efforts == []:
        assert not {"reasoning_effort", "thinking_level"} & set(visible)
    if card.thinking.default and card.thinking.modes:
        assert card.thinking.default in card.thinking.modes
    if card.thinking.default_effort and card.thinking.efforts:
        assert card.thinking.default_effort in card.thinking.efforts
    if "thinking_budget" in visible:
        assert card.thinking.budget is not None


def agree_on_sizes(card: EmbeddingModelCard, visible: list[str]) -> None:
    schema = card.parameter_schema["properties"].get("dimensions", {})
    if card.supported_dimensions and not schema.get(HINT):
        assert card.dimensions in card.supported_dimensions
    assert ("dimensions" in visible) or card.dimensions
    assert card.limits.max_input_tokens == card.context_size
    if card.limits.fused:
        assert (card.limits.elements, card.limits.batch_size) == (1, 1)


@pytest.mark.parametrize("entry", CLASSES, ids=lambda entry: entry.name)
def test_no_identifier_means_two_models(entry: Class) -> None:
    identifiers = [name for card in entry.cards() for name in [card.name, *card.aliases]]
    assert len(identifiers) == len(set(identifiers))
