"""`modelport logs`: the stored conversations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ...application.blocking.loops import run as run_loop
from ..console.terminal import note, show_message, terminal_width, write, write_json

if TYPE_CHECKING:
    from ...domain.chat.conversation import ConversationSummary
    from ...ports.conversations import ConversationStore

__all__ = ["logs"]

T = TypeVar("T")
_config = click.option(
    "--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml."
)
_count = click.option(
    "-n", "--count", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many."
)
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def logs() -> None:
    """List, show and search the conversations of `modelport chat`, and switch their storing on and off.

    \b
    Examples:
      modelport logs list
      modelport logs search "blue sky"
      modelport logs show
      modelport logs off
    """


@logs.command(name="list")
@_config
@_count
@_json
def list_logs(config: Path | None, count: int, as_json: bool) -> None:
    """List conversations, last changed first."""
    _list(_with_store(config, lambda store: store.list(count)), as_json)


@logs.command()
@click.argument("text")
@_config
@_count
@_json
def search(text: str, config: Path | None, count: int, as_json: bool) -> None:
    """List conversations with TEXT in a message or in the title, in any case."""
    _list(_with_store(config, lambda store: store.list(count, search=text)), as_json)


@logs.command()
@click.argument("conversation", required=False)
@_config
@_json
def show(conversation: str | None, config: Path | None, as_json: bool) -> None:
    """Show a conversation: the one whose id begins so, by default the last."""
    from ..chat.keeping import wanted_conversation

    found = _with_store(config, lambda store: wanted_conversation(store, conversation))
    if as_json:
        messages = [message.model_dump(mode="json") for message in found.messages]
        facts = {"id": found.id, "title": found.title, "model": found.model, "messages": messages}
        write_json(facts, indent=2)
        return
    note(f"{found.id} · {found.model or 'no model'}")
    for message in found.messages:
        others = sorted({block.type for block in message.content if block.type != "text"})
        show_message(message.name, message.get_text_content() or "", f"({', '.join(others)})" if others else "")


@logs.command()
@click.argument("conversation")
@_config
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(conversation: str, config: Path | None, yes: bool) -> int:
    """Remove the conversation whose id begins so."""
    from ..chat.keeping import wanted_conversation

    found = _with_store(config, lambda store: wanted_conversation(store, conversation))
    if not yes and not click.confirm(f"remove {found.id}, {found.title!r}?", err=True):
        return 1
    _with_store(config, lambda store: store.delete(found.id))
    note(f"removed {found.id}")
    return 0


@logs.command()
def on() -> None:
    """Store conversations from now on."""
    from ..chat.keeping import off_mark

    off_mark().unlink(missing_ok=True)
    note("conversations are stored")


@logs.command()
def off() -> None:
    """Store no conversations from now on; those that are stored stay."""
    from ..chat.keeping import off_mark

    off_mark().parent.mkdir(parents=True, exist_ok=True)
    off_mark().touch()
    note("conversations are not stored; `modelport logs on` stores them again")


@logs.command()
@_config
def path(config: Path | None) -> None:
    """Show where conversations are stored, and whether they are."""
    from ...adapters.conversations.sql import default_path
    from ...adapters.sql.engine import database_url, shown_url
    from ..chat.keeping import logs_enabled
    from ..choice import choose_hub

    url = choose_hub(config).settings.conversations.url
    write(f"{shown_url(database_url(url.get_secret_value())) if url else default_path()}\n")
    if not logs_enabled():
        note("conversations are not stored at present")


def _with_store(config: Path | None, work: Callable[[ConversationStore], Awaitable[T]]) -> T:
    from ..choice import choose_hub

    hub = choose_hub(config)

    async def run() -> T:
        async with hub:
            return await work(hub.conversations)

    return run_loop(run())


def _list(found: Sequence[ConversationSummary], as_json: bool) -> None:
    if as_json:
        write_json([_facts(each) for each in found], indent=2)
        return
    width = terminal_width()
    for each in found:
        when = each.updated_at.astimezone().strftime("%Y-%m-%d %H:%M")
        line = f"{each.id[:8]}  {when}  {each.length:>3}  {each.title}"
        write((line if width is None else line[: max(width, 32)]).rstrip() + "\n")
    if not found:
        note("there are none")


def _facts(each: ConversationSummary) -> dict[str, Any]:  # Any: JSON values
    return {
        "id": each.id,
        "title": each.title,
        "model": each.model,
        "messages": each.length,
        "created_at": each.created_at.isoformat(),
        "updated_at": each.updated_at.isoformat(),
        "parent": each.parent.conversation_id if each.parent else None,
    }
