"""Connecting and closing beside each other."""

from __future__ import annotations

import asyncio

import pytest

from modelport.credential import DashScopeCredential
from modelport.error import AuthenticationError
from modelport.testing.servers.http import HANG
from modelport.testing.servers.websocket import Script, ScriptedWebSocketServer
from modelport.tts import DashScopeRealtimeTTSModel


async def test_a_connect_that_fails_late_leaves_the_next_one_alone() -> None:
    gate = asyncio.Event()
    created = {"type": "session.created", "session": {"id": "s"}}
    scripts = [Script(before=[gate], status=401), Script([created, HANG])]
    async with ScriptedWebSocketServer(scripts) as server:
        credential = DashScopeCredential(
            api_key="sk-x-PlantedWord7", base_url=server.base_url.replace("ws://", "http://")
        )
        model = DashScopeRealtimeTTSModel(credential, "qwen3-tts-flash-realtime")
        first = asyncio.create_task(model.connect())
        await server.connection(0)
        await model.close()
        await model.connect()
        gate.set()
        with pytest.raises(AuthenticationError):
            await first
        await model.push("Hello")
        await model.close()
        async with asyncio.timeout(30):
            await server.connections[1].closed.wait()
