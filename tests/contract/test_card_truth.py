"""Cards tell the truth, both ways: what they show changes a request, what they hide or remove is never sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from modelport.composition.providers.profiles import profile_names
from modelport.composition.providers.registry import ProviderRegistry
from modelport.error import InvalidRequestError, ModelConnectionError
from modelport.message import UserMsg
from modelport.model import ChatModelBase, ModelCard
from modelport.transport import HttpRequest, HttpResponse

Values = dict[str, Any]  # Any: parameter values
TOOLS = [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}]
NAMES = [
    "openai",
    "anthropic",
    "gemini",
    "dashscope",
    "deepseek",
    "moonshot",
    "xai",
    "ollama",
    "minimax",
    "volcengine",
    *profile_names(),
]


class Nowhere:
    """Takes requests and answers none."""

    def __init__(self) -> None:
        self.body: Any = None  # Any: JSON

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        self.body = json.loads(request.body)
        raise ModelConnectionError("the host cannot be reached", retryable=False)

    async def aclose(self) -> None: ...


def classes() -> list[tuple[type[ChatModelBase], Any]]:
    """Every chat class with a credential that works."""
    found = []
    for name in NAMES:
        credential = ProviderRegistry().get(name).credential_class()
        fields = {"resource": "tests"} if "resource" in credential.model_fields else {}
        made = (
            credential()
            if name == "ollama"
            else credential.model_validate({"api_key": "key-of-tests-PlantedWord7", **fields})
        )
        found += [(cls, made) for cls in credential.get_chat_model_classes()]
    return found


@cache
def cards() -> list[tuple[type[ChatModelBase], Any, ModelCard]]:
    return [(cls, credential, card) for cls, credential in classes() for card in cls.list_models()]


def each_card() -> list[Any]:
    return [pytest.param(cls, credential, card, id=f"{cls.__name__}-{card.name}") for cls, credential, card in cards()]


async def body_of(cls: type[ChatModelBase], credential: Any, card: ModelCard, values: Values, stream: bool) -> Any:
    """What would be sent; `None` when the call is refused."""
    transport = Nowhere()
    options: Values = {"stream": stream, "max_retries": 0, "transport": transport}
    model = cls(credential, card.name, cls.Parameters(**values), **options)
    try:
        await model([UserMsg("user", "Hi")], tools=TOOLS if card.tools else None)
    except ModelConnectionError:
        return transport.body
    except InvalidRequestError:
        return None
    raise AssertionError("the host cannot be reached, and yet the call gives an answer")


def candidates(schema: Any) -> list[Any]:
    """Some legal values of a parameter."""
    options = [schema, *schema.get("anyOf", [])]
    found: list[Any] = []
    for option in options:
        found += option.get("enum", [])
        if option.get("type") == "boolean":
            found += [True, False]
        elif option.get("type") in ("integer", "number") and "enum" not in option:
            low = schema.get("minimum", option.get("minimum", option.get("exclusiveMinimum", 0)))
            high = schema.get("maximum", option.get("maximum", option.get("exclusiveMaximum", low + 3000)))
            middle = (low + high) / 2
            found += [int(middle), min(int(high), 2048)] if option["type"] == "integer" else [middle]
        elif option.get("type") == "string" and "enum" not in option:
            found.append("5m")
    return [value for value in found if value is not None]


def circumstances(card: ModelCard) -> list[Values]:
    """What else a request may say, so that a parameter comes to bear."""
    visible = set(card.visible_parameters())
    found: list[Values] = [{}]
    for others in (
        {"thinking_enable": True},
        {"thinking_enable": True, "max_tokens": 4096},
        {"thinking_enable": False},
        {"thinking_mode": "enabled"},
        {"thinking_mode": "adaptive"},
        {"thinking_mode": "disabled"},
        {"reasoning_effort": "none"},
    ):
        if others.keys() <= visible:
            found.append(others)
    return found


@pytest.mark.parametrize(("cls", "credential", "card"), each_card())
async def test_every_visible_parameter_changes_some_request(
    cls: type[ChatModelBase], credential: Any, card: ModelCard
) -> None:
    silent = [name for name in card.visible_parameters() if not await _moves(cls, credential, card, name)]
    assert silent == []


async def _moves(cls: type[ChatModelBase], credential: Any, card: ModelCard, name: str) -> bool:
    schema = card.parameter_schema["properties"][name]
    for others in circumstances(card):
        if name in others:
            others = {key: value for key, value in others.items() if key != name}
        for stream in (True, False):
            without = await body_of(cls, credential, card, others, stream)
            for value in candidates(schema):
                with_it = await body_of(cls, credential, card, {**others, name: value}, stream)
                if with_it is not None and with_it != without:
                    return True
    return False


@pytest.mark.parametrize(("cls", "credential", "card"), each_card())
async def test_what_a_card_lacks_is_never_sent_and_gives_a_warning(
    cls: type[ChatModelBase], credential: Any, card: ModelCard
) -> None:
    lacking = {**card.removed_parameters(), **card.hidden_parameters()}
    plain = await body_of(cls, credential, card, {}, True)
    for name, schema in lacking.items():
        for value in candidates(schema):
            assert await body_of(cls, credential, card, {name: value}, True) == plain, (name, value)
