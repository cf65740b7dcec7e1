"""The contract suite on every built-in chat class and formatter, from the cassettes in `fixtures`."""

from __future__ import annotations

from collections.abc import Iterator

from modelport.composition.registry import ProviderRegistry
from modelport.testing import Contract, FormatterContract
from modelport.testing.contract.of_provider import contracts_of
from tests.cassettes import CASSETTES

_LEGAL_NAMES = {
    "anthropic": r"[A-Za-z0-9_-]{1,128}",
    "gemini": r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}",
    "ollama": r"(?s).+",
}
"""Which tool names a provider takes. Facts: the wire sheets, "Tools"."""


def contracts() -> Iterator[type[Contract]]:
    for provider in ("openai", "anthropic", "gemini", "dashscope", "deepseek", "moonshot", "xai", "ollama"):
        for found in contracts_of(ProviderRegistry().get(provider), CASSETTES):
            if issubclass(found, FormatterContract):
                legal = _LEGAL_NAMES.get(provider, r"[A-Za-z0-9_-]{1,64}")
                found = type(found.__name__, (found,), {"legal_name": legal})
            if found().kind() in ("ChatContract", "FormatterContract"):  # the others have test files of their own
                yield found


_ALL = {f"Test{found().subject}": found for found in contracts()}
globals().update(_ALL)


def test_nothing_is_missing() -> None:
    kinds = [found.kind() for found in _ALL.values()]
    assert (kinds.count("ChatContract"), kinds.count("FormatterContract")) == (9, 18)
