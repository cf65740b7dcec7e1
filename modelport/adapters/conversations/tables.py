"""The tables of stored conversations, and their statements. Needs SQLAlchemy."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from ...domain.chat.conversation import Conversation, ConversationSummary, ForkPoint
from ...domain.errors import ConversationError
from ...domain.message.messages import Msg
from ..sql.schema import Schema

__all__ = ["SCHEMA", "delete", "read", "summaries", "write"]

_metadata = sa.MetaData()
_conversations = sa.Table(
    "modelport_conversations",
    _metadata,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("revision", sa.String(40), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("own_title", sa.Boolean, nullable=False),
    sa.Column("model", sa.Text),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("parent_id", sa.String(200)),
    sa.Column("parent_length", sa.Integer),
    sa.Column("metadata_json", sa.Text, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("updated_us", sa.BigInteger, nullable=False),
)
_messages = sa.Table(
    "modelport_conversation_messages",
    _metadata,
    sa.Column("conversation_id", sa.String(200), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),  # for searching
    sa.Column("body", sa.Text, nullable=False),  # the message as JSON
)
_by_change = sa.Index("modelport_conversations_by_change", _conversations.c.updated_us)


async def _make_tables(connection: AsyncConnection) -> None:
    for table in (_conversations, _messages):
        await connection.execute(CreateTable(table, if_not_exists=True))
    await connection.execute(CreateIndex(_by_change, if_not_exists=True))


SCHEMA = Schema("the conversation store", "modelport_conversation_schema", (_make_tables,))


async def write(
    connection: AsyncConnection, conversation: Conversation, revision: str, length: int, now_us: int
) -> bool:
    """Write the first `length` messages, as far as they are new; whether no other writer was there in between."""
    row = _row(conversation, revision, length, now_us)
    known = _conversations.c.revision.in_(conversation.revisions)
    ours = sa.update(_conversations).where(_conversations.c.id == conversation.id, known)
    written = (await connection.execute(ours.values(row))).rowcount
    if not written and conversation.stored == 0:
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(_conversations)
        new = insert.values(id=conversation.id, created_us=now_us, **row).on_conflict_do_nothing()
        written = (await connection.execute(new)).rowcount
    if written <= 0:
        return False
    mine = _messages.c.conversation_id == conversation.id
    await connection.execute(sa.delete(_messages).where(mine, _messages.c.position >= conversation.stored))
    added = [
        {"conversation_id": conversation.id, "position": position, **_message_row(message)}
        for position, message in enumerate(conversation.messages[:length])
        if position >= conversation.stored
    ]
    if added:
        await connection.execute(sa.insert(_messages), added)
    return True


async def read(connection: AsyncConnection, conversation_id: str) -> Conversation | None:
    """The conversation, of one moment: one statement reads all of it."""
    joined = _conversations.outerjoin(_messages, _messages.c.conversation_id == _conversations.c.id)
    columns = (*_conversations.c, _messages.c.body)
    wanted = sa.select(*columns).select_from(joined).where(_conversations.c.id == conversation_id)
    rows = (await connection.execute(wanted.order_by(_messages.c.position))).mappings().all()
    if not rows:
        return None
    first = rows[0]
    bodies = [row["body"] for row in rows if row["body"] is not None]
    try:
        messages = [Msg.model_validate_json(body) for body in bodies]
        metadata = json.loads(first["metadata_json"])
    except (ValidationError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ConversationError(f"the stored conversation {conversation_id} cannot be read: {reason}") from None
    title = first["title"] if first["own_title"] else ""
    found = Conversation(title, model=first["model"], messages=messages, metadata=metadata, id=conversation_id)
    found.parent = _parent(first)
    return found.saved(first["revision"], len(messages))


async def summaries(
    connection: AsyncConnection, limit: int, offset: int, search: str | None, prefix: str | None
) -> list[ConversationSummary]:
    """Conversations, last changed first."""
    wanted = sa.select(_conversations).order_by(_conversations.c.updated_us.desc(), _conversations.c.id.desc())
    if prefix is not None:
        wanted = wanted.where(_conversations.c.id.startswith(prefix, autoescape=True))
    if search is not None:
        text = _without_nul(search)
        within = sa.select(_messages.c.conversation_id).where(_messages.c.text.icontains(text, autoescape=True))
        titled = _conversations.c.title.icontains(text, autoescape=True)
        wanted = wanted.where(titled | _conversations.c.id.in_(within))
    rows = (await connection.execute(wanted.limit(limit).offset(offset))).mappings().all()
    return [_summary(row) for row in rows]


async def delete(connection: AsyncConnection, conversation_id: str) -> bool:
    """Delete it; whether it was there."""
    await connection.execute(sa.delete(_messages).where(_messages.c.conversation_id == conversation_id))
    gone = await connection.execute(sa.delete(_conversations).where(_conversations.c.id == conversation_id))
    return gone.rowcount > 0


def _row(conversation: Conversation, revision: str, length: int, now_us: int) -> dict[str, Any]:  # Any: column values
    parent = conversation.parent
    return {
        "revision": revision,
        "title": _without_nul(conversation.title),
        "own_title": bool(conversation.own_title),
        "model": conversation.model,
        "length": length,
        "parent_id": parent.conversation_id if parent else None,
        "parent_length": parent.length if parent else None,
        "metadata_json": json.dumps(conversation.metadata),
        "updated_us": now_us,
    }


def _message_row(message: Msg) -> dict[str, str]:
    return {"text": _without_nul(message.get_text_content() or ""), "body": message.model_dump_json()}


def _summary(row: sa.RowMapping) -> ConversationSummary:
    created, updated = _moment(row["created_us"]), _moment(row["updated_us"])
    return ConversationSummary(row["id"], row["title"], row["model"], row["length"], created, updated, _parent(row))


def _parent(row: sa.RowMapping) -> ForkPoint | None:
    return ForkPoint(row["parent_id"], row["parent_length"] or 0) if row["parent_id"] else None


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, timezone.utc)


def _without_nul(text: str) -> str:
    """PostgreSQL has no texts with the character NUL; in the JSON of a message it is escaped."""
    return text.replace("\0", "")
