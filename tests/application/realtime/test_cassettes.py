"""A voice conversation is recorded and replayed as any other WebSocket traffic."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from modelport.adapters.cassettes.websocket_record import RecordWebSockets
from modelport.adapters.cassettes.websocket_replay import ReplayWebSockets
from modelport.composition.defaults import build_runtime
from modelport.credential import OpenAICredential
from modelport.ports.websocket import WebSocketConnector
from modelport.realtime import OpenAIRealtimeModel, RealtimeAgent
from modelport.testing.providers.voice import converse
from modelport.testing.servers.websocket import Script, ScriptedWebSocketServer


def look(place: str) -> str:
    """Look."""
    return f"{place} is blue"


async def talk(url: str, connector: WebSocketConnector) -> list[Any]:
    runtime = dataclasses.replace(build_runtime(), websockets=connector)
    model = OpenAIRealtimeModel(
        OpenAICredential(api_key="sk-secret-key-PlantedWord7", base_url=url), "m", runtime=runtime
    )
    events = []
    async with RealtimeAgent("pilot", model, tools=[look]).session() as session:
        await session.conversation.send_text("sky")
        async for event in session:
            events.append(event)
            if event.type == "REPLY_END":
                break
    return [(str(event.type), getattr(event, "delta", None) or getattr(event, "data", None)) for event in events]


async def test_a_conversation_is_recorded_and_replayed(tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    async with ScriptedWebSocketServer(lambda connection: Script([converse])) as server:
        url = f"{server.base_url.replace('ws://', 'http://')}/v1"
        recorder = RecordWebSockets(build_runtime().websockets, file)
        spoken = await talk(url, recorder)
        await recorder.aclose()
    assert "secret" not in file.read_text()
    assert ("TEXT_BLOCK_DELTA", " sky") in spoken
    assert await talk(url, ReplayWebSockets(file)) == spoken
