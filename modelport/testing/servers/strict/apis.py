"""The APIs whose rules are known, and what a request body breaks of them.

The rules are written from the handbook, independently of the adapters. A body without violations is legal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from . import ollama
from .anthropic import body as anthropic
from .chat import body as chat
from .common import Json, Violation
from .gemini import body as gemini
from .responses import body as responses

__all__ = ["APIS", "FURTHER_APIS", "api_of", "rules_of", "violations_of"]

APIS: tuple[str, ...] = (
    "openai_chat",
    "openai_responses",
    "anthropic",
    "dashscope",
    "deepseek",
    "gemini",
    "moonshot",
    "xai",
    "ollama",
)
"""Those of the built-in chat classes."""
FURTHER_APIS: tuple[str, ...] = ("xai_chat", "ollama_compatible", "chat_completions")
"""Further servers of a known form; `chat_completions` is any server of that form."""


_ENDPOINTS: Mapping[tuple[str, str], str] = {
    **{(provider, "/chat/completions"): provider for provider in ("dashscope", "deepseek", "moonshot")},
    **{(provider, "/chat/completions"): "openai_chat" for provider in ("openai", "azure")},
    **{(provider, "/responses"): "openai_responses" for provider in ("openai", "azure")},
    ("xai", "/responses"): "xai",
    ("xai", "/chat/completions"): "xai_chat",
    ("anthropic", "/messages"): "anthropic",
    ("gemini", ":generateContent"): "gemini",
    ("gemini", ":streamGenerateContent"): "gemini",
    ("ollama", "/api/chat"): "ollama",
    ("", "/chat/completions"): "chat_completions",
}
"""By the name of a provider, or of any, and the end of a path."""


class _Rules(NamedTuple):
    """The rules of a wire format: ids with their sources, and the check of a body for one of its servers."""

    rules: Callable[[str], dict[str, str]]
    validate: Callable[[str, Json, str | None], list[Violation]]


_CHAT = _Rules(chat.rules, chat.validate)
_RESPONSES = _Rules(responses.rules, responses.validate)
_RULES: Mapping[str, _Rules] = {
    **dict.fromkeys(("openai_chat", "dashscope", "deepseek", "moonshot", *FURTHER_APIS), _CHAT),
    **dict.fromkeys(("openai_responses", "xai"), _RESPONSES),
    "anthropic": _Rules(anthropic.rules, anthropic.validate),
    "gemini": _Rules(gemini.rules, gemini.validate),
    "ollama": _Rules(ollama.rules, ollama.validate),
}


def api_of(provider: str, path: str) -> str | None:
    """The API that a provider has below this path of a URL; `None` where its rules are not known."""
    place = path.partition("?")[0]
    for (name, ending), api in _ENDPOINTS.items():
        if name in (provider, "") and place.endswith(ending):
            return api
    return None


def violations_of(api: str, body: Json, model: str | None = None) -> list[Violation]:
    """The broken rules of a request body; rules of single models use the model given here, else that in the body.

    Raises `ValueError` for an API whose rules are not known.
    """
    return _of(api).validate(api, body, model)


def rules_of(api: str) -> dict[str, str]:
    """The ids of an API's rules, each with the page and heading of the handbook that states it."""
    return _of(api).rules(api)


def _of(api: str) -> _Rules:
    if api not in _RULES:
        raise ValueError(f"the rules of the API {api!r} are not known; choose one of {', '.join(_RULES)}")
    return _RULES[api]
