"""Strict validators of chat request bodies, one for each wire format.

They state, independently of the adapters, what a server accepts; a conformance test feeds them
every body an adapter builds. An empty list of violations means that the body is legal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import anthropic, gemini, ollama, openai_chat, openai_responses
from .common import Json, Violation

__all__ = ["EXTRA_TARGETS", "TARGETS", "Violation", "rules_of", "validate"]

TARGETS: tuple[str, ...] = (
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
# Further servers of a known shape that only recordings speak to.
EXTRA_TARGETS: tuple[str, ...] = ("xai_chat", "ollama_compatible")

_Validator = Callable[[str, Json, str | None], list[Violation]]

_CHAT = ("openai_chat", "dashscope", "deepseek", "moonshot", *EXTRA_TARGETS)
_RESPONSES = ("openai_responses", "xai")

_VALIDATORS: Mapping[str, _Validator] = {
    **dict.fromkeys(_CHAT, openai_chat.validate),
    **dict.fromkeys(_RESPONSES, openai_responses.validate),
    "anthropic": anthropic.validate,
    "gemini": gemini.validate,
    "ollama": ollama.validate,
}
_RULES: Mapping[str, Callable[[str], dict[str, str]]] = {
    **dict.fromkeys(_CHAT, openai_chat.rules),
    **dict.fromkeys(_RESPONSES, openai_responses.rules),
    "anthropic": anthropic.rules,
    "gemini": gemini.rules,
    "ollama": ollama.rules,
}


def validate(target: str, body: dict[str, Json], model: str | None = None) -> list[Violation]:
    """The broken rules of a request body; per-model rules use the model given here or in the body."""
    return _VALIDATORS[target](target, body, model)


def rules_of(target: str) -> dict[str, str]:
    """The rule ids of a target, each with the page and heading of the handbook that states it."""
    return _RULES[target](target)
