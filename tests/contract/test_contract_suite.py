"""The contract suite on every built-in chat class and formatter, and on all classes of the providers that are data.

The other classes of speech, speech-to-text and embedding have files of their own beside this one. The cassettes are in
`fixtures`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from modelport.composition.providers.profiles import profile_names
from modelport.composition.providers.registry import ProviderRegistry
from modelport.testing import Contract, FormatterContract, Status
from modelport.testing.contract.provider import contracts_of
from tests.cassettes import CASSETTES

_LEGAL_NAMES = {
    "anthropic": r"[A-Za-z0-9_-]{1,128}",
    "gemini": r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}",
    "ollama": r"(?s).+",
}
"""The tool names that a provider accepts.

Facts: docs/protocols/anthropic-messages.md#request-body, docs/protocols/gemini.md#request.
"""


CHAT = ("ChatContract", "FormatterContract")


def contracts() -> Iterator[type[Contract]]:
    ours = (
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
    )
    for provider in (*ours, *profile_names()):
        for found in contracts_of(ProviderRegistry().get(provider), CASSETTES):
            if issubclass(found, FormatterContract):
                legal = _LEGAL_NAMES.get(provider, r"[A-Za-z0-9_-]{1,64}")
                found = type(found.__name__, (found,), {"legal_name": legal})
            if found().kind() in CHAT or provider in profile_names():
                yield found


EVERYWHERE = ("object_as_text", "object_as_call", "object_grows", "never_an_object", "object_by_card")
COUNTING = {"AnthropicChatModel", "GeminiChatModel", "OpenAIResponseModel"}

_ALL = {f"Test{found().subject}": found for found in contracts()}
globals().update(_ALL)


def test_nothing_is_missing() -> None:
    kinds = [found.kind() for found in _ALL.values()]
    data = len(profile_names())
    assert (kinds.count("ChatContract"), kinds.count("FormatterContract")) == (11 + data, 22 + data)
    assert {"TTSContract", "STTContract"} <= {*kinds}


@pytest.mark.parametrize("name", [*EVERYWHERE, "count_is_exact", "count_fails"])
def test_a_case_applies_where_it_should(name: str) -> None:
    data = tuple("".join(part.capitalize() for part in name.split("_")) + "Chat" for name in profile_names())
    made = (found() for found in _ALL.values())
    chats = [each for each in made if each.kind() == "ChatContract" and not each.subject.startswith(data)]
    held = {chat.subject for chat in chats if asyncio.run(chat.run(name)).of(Status.HELD)}
    assert held == ({chat.subject for chat in chats} if name in EVERYWHERE else COUNTING)
