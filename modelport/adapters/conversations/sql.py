"""Conversations in a database: SQLite in the user's data folder, or PostgreSQL for several machines."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ...domain.chat.conversation import Conversation, ConversationSummary
from ...domain.errors import ConversationConflictError, ConversationNotFoundError, SettingsError

__all__ = ["SQLConversationStore", "default_path"]

_SUBJECT = "the conversation store"
_LONGEST_LIST = 10_000


def default_path() -> Path:
    """The file in the user's data folder that is used when no URL is given."""
    import platformdirs

    return Path(platformdirs.user_data_dir("modelport", appauthor=False)) / "conversations.db"


class SQLConversationStore:
    """Keeps each conversation as a row and each message as a row of JSON; the tables are made at first use.

    Args:
        url: `sqlite+aiosqlite:///file.db` (the folder is made) or `postgresql+asyncpg://user@host/database`; by
            default the file `conversations.db` in the user's data folder. A new file is readable by its owner only.

    * What `save` returned from survives the end of the process by any signal; only a power cut may undo the newest.
    * Many tasks, processes and (PostgreSQL) machines may use one store. Each `save` is one transaction.
    * Tables of an earlier release are brought up to date at first use; those of a later one are refused.
    * Texts and attachments are stored as they are, not encrypted.

    Raises `SettingsError` for a URL it cannot use, missing packages and tables of a later version, and
    `ModelportError` when the database fails.
    """

    def __init__(self, url: str | None = None) -> None:
        try:
            from ..sql.engine import LoopEngines, database_url
            from .tables import SCHEMA

            target = database_url(url or f"sqlite+aiosqlite:///{default_path()}", _SUBJECT)
        except ImportError as error:
            raise SettingsError(
                f"SQLConversationStore needs an extra: pip install 'modelport[sql]' ({error})"
            ) from error
        finally:
            del url  # an error must not hold the password in it
        self._engines = LoopEngines(target, SCHEMA.prepare, _SUBJECT, SCHEMA.is_prepared)
        self._clock: Callable[[], float] = time.time

    async def save(self, conversation: Conversation) -> None:
        """Store what is new or changed, as one transaction.

        Raises `ConversationConflictError` when another writer changed or removed it after it was loaded.
        """
        from .tables import write

        revision = secrets.token_hex(8)
        length = conversation.begin_save(revision)
        async with self._engines.writing() as connection:
            now_us = int(self._clock() * 1e6)
            if not await write(connection, conversation, revision, length, now_us):
                raise ConversationConflictError(
                    f"the conversation {conversation.id} was changed or removed by another writer after it was loaded; "
                    "load it again, or save a fork of it"
                )
        conversation.saved(revision, length)

    async def load(self, conversation_id: str) -> Conversation:
        """The conversation; raises `ConversationNotFoundError` when there is none with this id."""
        from .tables import read

        async with self._engines.reading() as connection:
            found = await read(connection, conversation_id)
        if found is None:
            raise _not_found(conversation_id)
        return found

    async def list(
        self, limit: int = 50, *, offset: int = 0, search: str | None = None, prefix: str | None = None
    ) -> Sequence[ConversationSummary]:
        """The conversations, last changed first; see `ConversationStore.list`."""
        from .tables import summaries

        async with self._engines.reading() as connection:
            return await summaries(connection, min(limit, _LONGEST_LIST), offset, search, prefix)

    async def delete(self, conversation_id: str) -> None:
        """Remove it; raises `ConversationNotFoundError` when there is none with this id."""
        from .tables import delete

        async with self._engines.writing() as connection:
            found = await delete(connection, conversation_id)
        if not found:
            raise _not_found(conversation_id)

    async def aclose(self) -> None:
        """Close the running event loop's connections; they are opened again when they are needed."""
        await self._engines.aclose()


def _not_found(conversation_id: str) -> ConversationNotFoundError:
    return ConversationNotFoundError(f"no conversation has the id {conversation_id!r}; list them to see their ids")
