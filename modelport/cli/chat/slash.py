"""The commands of conversation mode: lines that begin with a slash."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...domain.message.messages import Msg, SystemMsg
from ..console.answers import usage_line
from ..console.terminal import note
from .options import chosen
from .question import attachment, check_seen
from .tools import tool_of

if TYPE_CHECKING:
    from ...domain.message.blocks import DataBlock
    from .talk import Talk

__all__ = ["SlashCommands", "as_markdown"]


class SlashCommands:
    """Runs commands on a talk; what they say goes to stderr."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._attachments: list[DataBlock] = []
        self._commands: dict[str, tuple[str, Callable[[str], Awaitable[Msg | None]]]] = {
            "/help": ("list these commands", self._help),
            "/model": ("[NAME]  show the model, or ask another one from now on", self._model),
            "/system": ("[TEXT]  show or replace the instruction", self._system),
            "/attach": ("FILE|URL  send it with the next question", self._attach),
            "/tools": ("[MODULE:FUNCTION]  list the tools, or add one", self._tools),
            "/undo": ("take back the last question and its answer", self._undo),
            "/retry": ("ask the last question again", self._retry),
            "/save": ("FILE  write the conversation: .json, else Markdown", self._save),
            "/tokens": ("how many tokens the conversation has", self._tokens),
            "/exit": ("end the conversation, like Ctrl-D", self._help),
        }

    def descriptions(self) -> dict[str, str]:
        """What each command does."""
        return {name: about for name, (about, _) in self._commands.items()}

    def take_attachments(self) -> list[DataBlock]:
        """What was attached for the next question."""
        taken, self._attachments = self._attachments, []
        return taken

    async def run(self, line: str) -> Msg | None:
        """Run the command; a question to ask, if it has one. Raises `UsageError` for an unknown one."""
        name, _, rest = line.partition(" ")
        found = self._commands.get(name)
        if found is None:
            raise click.UsageError(f"there is no command {name}; /help lists them, and ' {name}' asks it as a question")
        return await found[1](rest.strip())

    async def _help(self, _: str) -> None:
        for name, about in self.descriptions().items():
            note(f"{name} {about}" if about[0] in "[FM" else f"{name}  {about}")
        note("Alt-Enter begins a line, Ctrl-C stops an answer")

    async def _model(self, name: str) -> None:
        if name:
            self._talk.model = chosen(self._talk.hub.chat(name), (), None, True)
            self._talk.conversation.model = name
        note(f"{self._talk.model.provider_name}/{self._talk.model.model}")

    async def _system(self, text: str) -> None:
        conversation = self._talk.conversation
        first = [message for message in conversation.messages[:1] if message.role == "system"]
        if text:
            rest = conversation.messages[len(first) :]
            conversation.truncate(0)
            conversation.append(SystemMsg("system", text), *rest)
        elif first:
            note(first[0].get_text_content() or "")
        else:
            note("there is no instruction; /system TEXT gives one")

    async def _attach(self, given: str) -> None:
        if given in ("", "-"):
            raise click.UsageError("/attach: give a file or a URL")
        block = attachment(given)
        check_seen([block], self._talk.model.card)
        self._attachments.append(block)
        note(f"{block.name or given} goes with the next question")

    async def _tools(self, given: str) -> None:
        if given:
            self._talk.tools.append(tool_of(given))
        for tool in self._talk.tools:
            note(f"{tool.name}  {(tool.schema['function'].get('description') or '').partition(chr(10))[0]}")
        if not self._talk.tools:
            note("the model may call no functions; /tools module:function adds one")

    async def _undo(self, _: str) -> None:
        removed = await self._take_back()
        note(f"took back {removed.get_text_content()!r}"[:200])

    async def _retry(self, _: str) -> Msg:
        return await self._take_back()

    async def _take_back(self) -> Msg:
        removed = self._talk.conversation.undo()
        if not removed:
            raise click.UsageError("there is no question to take back")
        await self._talk.store()
        return removed[0]

    async def _save(self, given: str) -> None:
        if not given:
            raise click.UsageError("/save: give a file")
        _write(Path(given), self._talk.conversation.messages)

    async def _tokens(self, _: str) -> None:
        messages = list(self._talk.conversation.messages)
        if messages:
            count = await self._talk.model.count_tokens(messages)
            note(f"about {count.tokens:,} of {self._talk.model.context_size:,} tokens")
        else:
            note("nothing was said yet")
        if self._talk.last:
            note(f"last answer: {usage_line(self._talk.last.usage)}")


def as_markdown(messages: tuple[Msg, ...]) -> str:
    """The texts of a conversation, each under who wrote it."""
    return "\n\n".join(f"## {message.name}\n\n{message.get_text_content() or '(no text)'}" for message in messages)


def _write(path: Path, messages: tuple[Msg, ...]) -> None:
    """Write a new file; one that is there is not replaced."""
    if path.suffix == ".json":
        text = json.dumps([message.model_dump(mode="json") for message in messages], ensure_ascii=False, indent=1)
    else:
        text = as_markdown(messages)
    try:
        with path.expanduser().open("x", encoding="utf-8") as file:
            file.write(text + "\n")
    except FileExistsError:
        raise click.UsageError(f"/save: {path} is there already; give another name") from None
    note(f"wrote {path}: {len(messages)} messages")
