"""The objects and providers of the structured-output cassettes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from modelport import credential, model
from modelport.message import Msg, UserMsg
from modelport.model import ChatModelBase

__all__ = ["ANSWER", "PROVIDERS", "SCHEMA", "Provider", "Trip", "question"]


class Country(Enum):
    NORWAY = "NO"
    SWEDEN = "SE"


class Place(BaseModel):
    city: str = Field(min_length=1, max_length=40)
    country: Country
    nights: int = Field(default=1, ge=1, le=30)


class Train(BaseModel):
    kind: Literal["train"]
    number: int = Field(ge=1)


class Ship(BaseModel):
    kind: Literal["ship"]
    name: str


class Trip(BaseModel):
    """A journey with its stops."""

    title: str
    start: date
    stops: list[Place] = Field(min_length=1, max_length=5)
    carrier: Annotated[Train | Ship, Field(discriminator="kind")]
    note: str | None = None
    currency: str = "EUR"


ANSWER: dict[str, Any] = {
    "title": "Northern winter",
    "start": "2027-01-14",
    "stops": [{"city": "Oslo", "country": "NO", "nights": 2}, {"city": "Kiruna", "country": "SE"}],
    "carrier": {"kind": "ship", "name": "Nordlys"},
}
SCHEMA: dict[str, Any] = {
    "title": "Person",
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "born": {"type": "string", "format": "date"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/child"}, "maxItems": 9},
        "role": {"enum": ["author", "editor"], "default": "author"},
        "contact": {"oneOf": [{"type": "string", "format": "email"}, {"type": "null"}]},
    },
    "required": ["name", "born", "children"],
    "$defs": {
        "child": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
            "required": ["name", "age"],
        }
    },
}


def question() -> list[Msg]:
    return [UserMsg("user", "Plan a short winter trip by ship, from Oslo to Kiruna, starting on 14 January 2027.")]


@dataclass(frozen=True)
class Provider:
    """One class: how it is built, what its bodies must be legal for, and which strategies serve."""

    folder: str
    cls: Callable[..., ChatModelBase]
    credential: Any
    model: str
    first: str
    second: str
    target: str

    def build(self, **options: Any) -> ChatModelBase:
        return self.cls(self.credential, self.model, stream=False, max_retries=1, retry_delay=0.0, **options)

    def __str__(self) -> str:
        return self.folder


PROVIDERS = [
    Provider(
        "openai",
        model.OpenAIChatModel,
        credential.OpenAICredential(api_key="sk-test-PlantedWord7"),
        "gpt-4.1",
        "native_schema",
        "forced_tool",
        "openai_chat",
    ),
    Provider(
        "openai_responses",
        model.OpenAIResponseModel,
        credential.OpenAICredential(api_key="sk-test-PlantedWord7"),
        "gpt-5.2",
        "native_schema",
        "forced_tool",
        "openai_responses",
    ),
    Provider(
        "anthropic",
        model.AnthropicChatModel,
        credential.AnthropicCredential(api_key="sk-test-PlantedWord7"),
        "claude-sonnet-5-5",
        "native_schema",
        "auto_tool",
        "anthropic",
    ),
    Provider(
        "gemini",
        model.GeminiChatModel,
        credential.GeminiCredential(api_key="test-PlantedWord7"),
        "gemini-3.5-flash",
        "native_schema",
        "forced_tool",
        "gemini",
    ),
    Provider(
        "dashscope",
        model.DashScopeChatModel,
        credential.DashScopeCredential(api_key="sk-test-PlantedWord7"),
        "qwen3.7-plus",
        "native_schema",
        "forced_tool",
        "dashscope",
    ),
    Provider(
        "deepseek",
        model.DeepSeekChatModel,
        credential.DeepSeekCredential(api_key="sk-test-PlantedWord7"),
        "deepseek-v4-flash",
        "forced_tool",
        "auto_tool",
        "deepseek",
    ),
    Provider(
        "moonshot",
        model.MoonshotChatModel,
        credential.MoonshotCredential(api_key="sk-test-PlantedWord7"),
        "kimi-k3",
        "native_schema",
        "auto_tool",
        "moonshot",
    ),
    Provider(
        "xai",
        model.XAIChatModel,
        credential.XAICredential(api_key="xai-test-PlantedWord7"),
        "grok-4.3",
        "native_schema",
        "forced_tool",
        "xai",
    ),
    Provider(
        "ollama",
        model.OllamaChatModel,
        credential.OllamaCredential(host="http://localhost:11434"),
        "qwen3:8b",
        "native_schema",
        "auto_tool",
        "ollama",
    ),
]
