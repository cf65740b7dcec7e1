"""Which conversation goes on, and the storing of finished turns."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import platformdirs

from ...domain.chat.conversation import Conversation
from ...domain.errors import ConversationConflictError, ModelportError, SettingsError
from ..console.terminal import note

if TYPE_CHECKING:
    from ...composition.hub import Modelport
    from ...ports.conversations import ConversationStore

__all__ = ["VARIABLE", "Keeper", "logs_enabled", "off_mark", "wanted_conversation"]

VARIABLE = "MODELPORT_LOGS"
"""`off` or `on`: outranks `modelport logs off`."""


def off_mark() -> Path:
    """The file that is there while conversations are not stored."""
    return Path(platformdirs.user_config_dir("modelport", appauthor=False)) / "logs-off"


def logs_enabled() -> bool:
    """Whether `modelport chat` stores conversations."""
    said = os.environ.get(VARIABLE, "").lower()
    return said == "on" if said in ("on", "off") else not off_mark().exists()


async def wanted_conversation(store: ConversationStore, conversation_id: str | None) -> Conversation:
    """The conversation whose id begins so, else the one that changed last; a `UsageError` when there is none."""
    if conversation_id is None:
        found = await store.list(1)
        if not found:
            raise click.UsageError("--continue: no conversation is stored yet")
        return await store.load(found[0].id)
    found = await store.list(3, prefix=conversation_id) if conversation_id else []
    exact = [each for each in found if each.id == conversation_id]
    if len(exact or found) != 1:
        several = ", ".join(each.id for each in found)
        what = f"several conversations begin so: {several}" if found else "there is no such conversation"
        raise click.UsageError(f"--conversation {conversation_id}: {what}; `modelport logs` lists them")
    return await store.load((exact or found)[0].id)


class Keeper:
    """Stores turns, if that is wanted. A failure is a note and costs no answer."""

    def __init__(self, hub: Modelport, enabled: bool, say: Callable[..., None] = note) -> None:
        self._hub, self._say = hub, say
        self.enabled = enabled

    async def keep(self, conversation: Conversation) -> Conversation:
        """Store it, as a fork if another command went on with it; the conversation to go on with."""
        if not self.enabled:
            return conversation
        try:
            store = self._hub.conversations
            try:
                await store.save(conversation)
            except ConversationConflictError:
                conversation = conversation.fork()
                await store.save(conversation)
                self._say(f"modelport: another command went on with this conversation; yours is now {conversation.id}")
        except (ModelportError, SettingsError, OSError) as error:
            self._say(f"modelport: warning: the conversation was not stored: {error}", style="yellow")
        return conversation
