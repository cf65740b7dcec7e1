"""Stored conversations: turns, forks, conflicts, several writers, a killed writer, and versions of the tables."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from modelport.adapters.conversations import tables
from modelport.adapters.conversations.sql import SQLConversationStore
from modelport.adapters.sql.schema import Schema
from modelport.conversation import Conversation, ForkPoint
from modelport.error import (
    ConversationConflictError,
    ConversationError,
    ConversationNotFoundError,
    ModelportError,
    SettingsError,
)
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    Msg,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    UserMsg,
)

POSTGRES = os.environ.get("MODELPORT_TEST_POSTGRES", "")
WORKER = Path(__file__).with_name("conversation_worker.py")


def file_url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/sub/conversations.db"


def turn(number: int) -> tuple[Msg, Msg]:
    return UserMsg("user", f"question {number}"), AssistantMsg("assistant", f"answer {number}")


def texts(conversation: Conversation) -> list[str | None]:
    return [message.get_text_content() for message in conversation.messages]


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SQLConversationStore]:
    if request.param == "postgresql" and not POSTGRES:
        pytest.skip("no PostgreSQL server is given")
    store = SQLConversationStore(POSTGRES if request.param == "postgresql" else file_url(tmp_path))
    for found in await store.list(10_000):
        await store.delete(found.id)
    yield store
    await store.aclose()


async def test_a_conversation_comes_back_as_it_was(store: SQLConversationStore) -> None:
    image = DataBlock(source=Base64Source(data="iVBORw==", media_type="image/png"))
    conversation = Conversation(model="openai/gpt-5.5", metadata={"project": "é\0"})
    question = UserMsg("ada", ["Grüße\0 und 🙂", image])
    call = ToolCallBlock(id="t1", name="look", input='{"at": 1}')
    result = ToolResultBlock(id="t1", name="look", output=[TextBlock(text="seen")])
    conversation.append(question, AssistantMsg("assistant", [call, result, "done"]))
    await store.save(conversation)
    found = await store.load(conversation.id)
    assert [message.model_dump() for message in found.messages] == [each.model_dump() for each in conversation.messages]
    assert (found.model, found.metadata, found.stored) == ("openai/gpt-5.5", {"project": "é\0"}, 2)
    assert found.title == conversation.title and found.parent is None


async def test_only_what_is_new_is_written(store: SQLConversationStore) -> None:
    conversation = Conversation("mine")
    for number in range(3):
        conversation.append(*turn(number))
        await store.save(conversation)
    assert [message.role for message in conversation.undo()] == ["user", "assistant"]
    conversation.append(*turn(9))
    conversation.title = "renamed"
    await store.save(conversation)
    found = await store.load(conversation.id)
    assert texts(found) == [f"{part} {number}" for number in (0, 1, 9) for part in ("question", "answer")]
    assert found.title == "renamed"


async def test_of_two_writers_of_one_state_the_second_keeps_its_turn_in_a_fork(store: SQLConversationStore) -> None:
    conversation = Conversation(messages=turn(0))
    await store.save(conversation)
    one, two = [await store.load(conversation.id) for _ in range(2)]
    one.append(*turn(1))
    two.append(*turn(2))
    await store.save(one)
    with pytest.raises(ConversationConflictError, match="save a fork"):
        await store.save(two)
    assert texts(await store.load(conversation.id)) == texts(one)
    forked = two.fork()
    await store.save(forked)
    found = await store.load(forked.id)
    assert texts(found) == texts(two) and found.parent == ForkPoint(conversation.id, 4)


async def test_a_new_conversation_does_not_replace_one_of_its_id(store: SQLConversationStore) -> None:
    await store.save(Conversation(messages=turn(0), id="same"))
    with pytest.raises(ConversationConflictError):
        await store.save(Conversation(messages=turn(1), id="same"))
    assert len((await store.load("same")).messages) == 2


async def test_lists_by_change_search_and_prefix(store: SQLConversationStore) -> None:
    times = iter(range(1, 100))
    store._clock = lambda: float(next(times))
    for name in ("a1", "a2", "b_1"):
        await store.save(
            Conversation(f"title of {name}", messages=[UserMsg("user", f"100% of {name.upper()}")], id=name)
        )
    first = await store.load("a1")
    first.append(AssistantMsg("assistant", "Zürich"))
    await store.save(first)
    assert [each.id for each in await store.list()] == ["a1", "b_1", "a2"]
    assert [each.id for each in await store.list(1, offset=1)] == ["b_1"]
    assert [each.id for each in await store.list(search="ZÜRICH".lower())] == ["a1"]
    assert [each.id for each in await store.list(search="100% of a")] == ["a1", "a2"]
    assert [each.id for each in await store.list(search="title of B")] == ["b_1"]
    assert [each.id for each in await store.list(prefix="b_")] == ["b_1"]
    assert await store.list(prefix="_") == [] and await store.list(search="1000 of") == []
    newest = (await store.list(1))[0]
    assert (newest.length, newest.created_at.timestamp(), newest.updated_at.timestamp()) == (2, 1.0, 4.0)


async def test_what_is_not_there(store: SQLConversationStore) -> None:
    with pytest.raises(ConversationNotFoundError, match="no conversation has the id 'x'"):
        await store.load("x")
    with pytest.raises(ConversationNotFoundError):
        await store.delete("x")
    conversation = Conversation(messages=turn(0))
    await store.save(conversation)
    await store.delete(conversation.id)
    conversation.append(*turn(1))
    with pytest.raises(ConversationConflictError):
        await store.save(conversation)


async def test_many_writers_at_once_lose_nothing(store: SQLConversationStore) -> None:
    async def talk(name: int) -> Conversation:
        conversation = Conversation(f"talk {name}")
        for number in range(5):
            conversation.append(*turn(number))
            await store.save(conversation)
        return conversation

    for conversation in await asyncio.gather(*(talk(name) for name in range(10))):
        assert texts(await store.load(conversation.id)) == texts(conversation)


async def test_a_save_whose_end_was_not_seen_is_taken_up_again(store: SQLConversationStore) -> None:
    conversation = Conversation(messages=turn(0))
    await store.save(conversation)
    conversation.append(*turn(1))
    revisions, stored = conversation.revisions, conversation.stored
    await store.save(conversation)
    conversation._revisions = (*revisions, *conversation.revisions)  # as after a cancellation during the commit
    conversation._stored = stored
    conversation.append(*turn(2))
    await store.save(conversation)
    assert texts(await store.load(conversation.id)) == texts(conversation)


async def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    store = SQLConversationStore(file_url(tmp_path))
    await store.save(Conversation(messages=turn(0)))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "sub").iterdir()}
    await store.aclose()
    assert set(modes.values()) == {0o600}, modes


async def test_a_damaged_message_is_an_error_that_names_the_conversation(tmp_path: Path) -> None:
    store = SQLConversationStore(file_url(tmp_path))
    await store.save(Conversation(messages=turn(0), id="broken"))
    with closing(sqlite3.connect(tmp_path / "sub/conversations.db")) as connection, connection:
        connection.execute("UPDATE modelport_conversation_messages SET body = '{' WHERE position = 1")
    with pytest.raises(ConversationError, match="broken cannot be read"):
        await store.load("broken")
    await store.aclose()


def test_a_killed_writer_loses_no_finished_turn(tmp_path: Path) -> None:
    """The child logs each turn after its save; both are read after the kill."""
    command = [sys.executable, str(WORKER), file_url(tmp_path), "killed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        finished = [child.stdout.readline() for _ in range(20)]
        child.send_signal(signal.SIGKILL)
        finished += child.stdout.readlines()

    async def found() -> Conversation:
        store = SQLConversationStore(file_url(tmp_path))
        try:
            return await store.load("killed")
        finally:
            await store.aclose()

    kept = texts(asyncio.run(found()))
    turns = [text for number in range(len(kept) // 2) for text in (f"question {number}", f"answer {number}")]
    assert len(kept) % 2 == 0 and kept == turns and len(kept) // 2 >= len(finished) >= 20


def test_processes_that_begin_at_once_make_the_tables_once(tmp_path: Path) -> None:
    command = [sys.executable, str(WORKER), file_url(tmp_path)]
    children = [subprocess.Popen([*command, f"talk {each}", "3"], stdout=subprocess.PIPE) for each in range(3)]
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0

    async def lengths() -> list[int]:
        store = SQLConversationStore(file_url(tmp_path))
        try:
            return [each.length for each in await store.list()]
        finally:
            await store.aclose()

    assert asyncio.run(lengths()) == [6, 6, 6]


async def test_an_older_file_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = SQLConversationStore(file_url(tmp_path))
    await old.save(Conversation(messages=turn(0), id="old"))
    await old.aclose()

    async def add_column(connection: AsyncConnection) -> None:
        await connection.execute(sa.text("ALTER TABLE modelport_conversations ADD COLUMN starred INTEGER"))

    later = Schema(tables.SCHEMA.subject, tables.SCHEMA.table, (*tables.SCHEMA.steps, add_column))
    monkeypatch.setattr(tables, "SCHEMA", later)
    stores = [SQLConversationStore(file_url(tmp_path)) for _ in range(2)]
    for each in await asyncio.gather(*(store.load("old") for store in stores)):
        assert len(each.messages) == 2
    with closing(sqlite3.connect(tmp_path / "sub/conversations.db")) as connection:
        assert connection.execute("SELECT version FROM modelport_conversation_schema").fetchall() == [(2,)]
        assert connection.execute("SELECT starred FROM modelport_conversations").fetchall() == [(None,)]
    monkeypatch.undo()
    with pytest.raises(SettingsError, match="version 2, and this release knows versions up to 1"):
        await SQLConversationStore(file_url(tmp_path)).load("old")
    for store in stores:
        await store.aclose()


async def test_a_step_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(connection: AsyncConnection) -> None:
        await connection.execute(sa.text("CREATE TABLE half (id INTEGER)"))
        raise ModelportError("no further")

    steps = (*tables.SCHEMA.steps, fail)
    monkeypatch.setattr(tables, "SCHEMA", Schema(tables.SCHEMA.subject, tables.SCHEMA.table, steps))
    with pytest.raises(ModelportError, match="no further"):
        await SQLConversationStore(file_url(tmp_path)).list()
    with closing(sqlite3.connect(tmp_path / "sub/conversations.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_missing_packages_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("modelport.adapters.sql.engine")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(SettingsError, match=r"needs an extra: pip install 'modelport\[sql\]'"):
        SQLConversationStore("sqlite:///x.db")
