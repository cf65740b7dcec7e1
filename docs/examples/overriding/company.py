"""An application that runs all its models in the company's way: its gateway, its limits, its proxy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from modelport import Modelport
from modelport.container import BaseCard, CardQuery, CardSource
from modelport.credential import AnthropicCredential
from modelport.message import UserMsg
from modelport.provider import Provider
from modelport.transport import HttpRequest, HttpResponse, HttpTransport

SETTINGS = {
    "chat": {
        "careful": {"provider": "openai", "model": "gpt-4.1-mini", "stream": False},
        "second": {"provider": "anthropic", "model": "claude-sonnet-4-6", "stream": False},
    }
}
C = TypeVar("C", bound=BaseCard)


class GatewayTransport:
    """Adds the department to every request."""

    def __init__(self, inner: HttpTransport, department: str) -> None:
        self._inner = inner
        self._department = department

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Send the request with one more header."""
        headers = {**request.headers, "x-department": self._department}
        return await self._inner.send(dataclasses.replace(request, headers=headers), on_connected)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class SmallerContexts:
    """The cards of another source, with the context size that the gateway allows."""

    def __init__(self, inner: CardSource, limit: int) -> None:
        self._inner = inner
        self._limit = limit

    def find(self, directory: Path, name: str, query: CardQuery[C]) -> C | None:
        """One card, or `None` for a model without one."""
        card = self._inner.find(directory, name, query)
        return card and self._limited(card)

    def list_all(self, directory: Path, query: CardQuery[C]) -> list[C]:
        """All cards of a class."""
        return [self._limited(card) for card in self._inner.list_all(directory, query)]

    def _limited(self, card: C) -> C:
        size = getattr(card, "context_size", None)
        return card.model_copy(update={"context_size": min(size, self._limit)}) if size else card


class ProxyCredential(AnthropicCredential):
    """Anthropic through the company's proxy."""

    base_url: str = "https://models.example.com/anthropic"


def company_hub(environment: dict[str, str]) -> Modelport:
    """The application's hub; each line replaces one part, and the others stay."""
    hub = Modelport.from_mapping(SETTINGS, environment)
    parts = hub.container
    parts.transport.override(GatewayTransport(parts.transport(), "research"))
    parts.cards.override(SmallerContexts(parts.cards(), 32_000))
    parts.registry().register(Provider("anthropic", ProxyCredential, key_variable="ANTHROPIC_API_KEY"))
    return hub


async def ask(hub: Modelport, question: str) -> str:
    """The application's own work."""
    response = await hub.chat("careful").generate([UserMsg("user", question)])
    return response.text
