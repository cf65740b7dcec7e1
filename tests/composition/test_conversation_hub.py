"""The store of conversations in hubs and containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelport import Modelport
from modelport.container import ModelportContainer
from modelport.conversation import Conversation
from modelport.error import SettingsError
from modelport.message import UserMsg


async def test_a_hub_keeps_conversations_where_the_settings_say(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/talks.db"
    async with Modelport.from_mapping({"conversations": {"url": url}}) as hub:
        await hub.conversations.save(Conversation(messages=[UserMsg("user", "hi")], id="one"))
        assert hub.conversations is hub.container.conversation_store()
    async with Modelport.from_mapping({"conversations": {"url": url}}) as hub:
        assert len((await hub.conversations.load("one")).messages) == 1


async def test_a_store_can_be_put_in_its_place_and_is_not_built_to_be_closed() -> None:
    container, mine = ModelportContainer(), object()
    container.conversation_store.override(mine)
    hub = Modelport(container=container)
    assert hub.conversations is mine
    async with Modelport() as unused:
        pass
    assert unused.container.conversation_store.built is None


def test_another_database_is_refused_where_the_settings_are_read() -> None:
    with pytest.raises(SettingsError, match=r"conversations\.url"):
        Modelport.from_mapping({"conversations": {"url": "mysql://somewhere/x"}})
