"""What the application replaces is in place; and tests replace more, on top of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from company import SETTINGS, GatewayTransport, ProxyCredential, ask, company_hub

from modelport import Modelport
from modelport.credential import CredentialBase
from modelport.error import SettingsError
from modelport.provider import Provider, ProviderRegistry
from modelport.testing import ScriptedAnswer, ScriptedChatModel, ScriptedServer, VirtualClock
from modelport.transport import HttpxTransport

KEYS = {"OPENAI_API_KEY": "any", "ANTHROPIC_API_KEY": "any"}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Four."}, "finish_reason": "stop"}
FOUR = ScriptedAnswer.json({"choices": [CHOICE]})
BUSY = ScriptedAnswer.json({"error": {"message": "busy"}}, status=503)


@pytest.fixture
async def server() -> AsyncGenerator[ScriptedServer, None]:
    """A provider on this machine that is busy twice, and then answers."""
    async with ScriptedServer([BUSY, BUSY, FOUR]) as running:
        yield running


def hub_at(server: ScriptedServer) -> Modelport:
    """A hub with the application's settings, whose credential leads to the server."""
    work = {"provider": "openai", "api_key": "any", "base_url": f"{server.base_url}/v1"}
    return Modelport.from_mapping({**SETTINGS, "credentials": {"openai": work}})


def test_the_applications_parts() -> None:
    hub = company_hub(KEYS)
    assert hub.chat("careful").context_size == hub.chat("second").context_size == 32_000
    credential = hub.chat("second").credential
    assert isinstance(credential, ProxyCredential)
    assert credential.base_url == "https://models.example.com/anthropic"


async def test_the_transport_adds_its_header_and_the_clock_waits_for_nothing(server: ScriptedServer) -> None:
    hub = hub_at(server)
    clock = VirtualClock(skip_sleeps=True)
    hub.container.transport.override(GatewayTransport(HttpxTransport(), "research"))
    hub.container.clock.override(clock)
    async with hub:
        assert await ask(hub, "Two and two?") == "Four."
    assert [request.headers["x-department"] for request in server.requests] == ["research"] * 3
    assert len(clock.sleeps) == 2


async def test_the_whole_model(server: ScriptedServer) -> None:
    """For tests of the application's own logic; nothing is sent."""
    hub = company_hub(KEYS)
    model = ScriptedChatModel(["Four."], stream=False)
    with hub.container.chat.override(model):
        assert await ask(hub, "Two and two?") == "Four."
    assert model.calls[0].text == "Two and two?" and server.requests == []
    assert hub.chat("careful") is not model  # after the block, the application's own is back


def test_no_provider_but_one() -> None:
    class OwnCredential(CredentialBase):
        """Opens no provider."""

    hub = company_hub(KEYS)
    with (
        hub.container.registry.override(ProviderRegistry((Provider("own", OwnCredential),))),
        pytest.raises(SettingsError, match="unknown provider 'openai'"),
    ):
        hub.chat("careful")
