"""From the options of `modelport chat` to a talk: the model, the conversation, tools, attachments and the view."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...application.blocking.loops import run as run_loop
from ...domain.chat.conversation import Conversation
from ...domain.message.messages import SystemMsg
from ..audio_file import STDOUT
from ..console.answers import AnswerView, JsonLines, PlainText
from .keeping import Keeper, logs_enabled, wanted_conversation
from .options import chosen
from .question import check_seen, piped_attachments

if TYPE_CHECKING:
    from ...composition.hub import Modelport
    from ...domain.message.blocks import DataBlock
    from ..speaker import Speaker
    from .talk import Talk

__all__ = ["Choices", "begin", "chosen_view", "from_template"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The options of the command, named as there."""

    model: str | None = None
    config: Path | None = None
    system: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    attachments: tuple[str, ...] = ()
    schema: str | None = None
    tools: tuple[str, ...] = ()
    go_on: bool = False
    conversation: str | None = None
    thinking: str | None = None
    stream: bool = True
    extract: bool = False
    save: Path | None = None
    log: bool = True
    plain: bool = False
    speak: Path | None = None
    usage: bool = False
    as_json: bool = False
    no_pull: bool = False

    def check(self, prompt: str | None) -> None:
        """Raise a `UsageError` for options that do not fit together."""
        if self.speak == STDOUT:
            raise click.UsageError("--speak needs a file, since the text goes to stdout; give a path")
        if self.schema and (self.tools or self.extract or self.speak):
            raise click.UsageError("--schema gives an object; leave out --tools, --extract and --speak")
        if prompt is None and (self.save or self.extract or self.attachments):
            raise click.UsageError(
                "--save, --extract and -a need a PROMPT; in a conversation write /save FILE and /attach FILE"
            )


def from_template(name: str, prompt: str | None, given: dict[str, Any]) -> str | None:  # Any: the options
    """The prompt; the options that were not given are taken from the template."""
    from ..templates import filled, read

    template = read(name)
    known = {"system": template.system, "model": template.model, "thinking": template.thinking}
    for option, value in {**known, "schema": template.schema_, "extract": template.extract}.items():
        given[option] = given[option] or value
    given["options"] = (*((key, _as_text(value)) for key, value in template.options.items()), *given["options"])
    return filled(template, prompt)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def chosen_view(choices: Choices) -> AnswerView:
    """JSON lines, code alone, Markdown on a terminal, else plain text."""
    if choices.as_json:
        return JsonLines()
    if choices.extract:
        from ..console.code import CodeOnly

        return CodeOnly(choices.usage)
    if choices.plain or choices.schema or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return PlainText(choices.usage)
    from ..console.markdown import MarkdownText

    return MarkdownText(choices.usage)


def begin(choices: Choices, view: AnswerView) -> tuple[Talk, list[DataBlock], Speaker | None]:
    """The talk, the attachments of its first question, and the speaker, which the caller enters."""
    from ..choice import choose_hub, default_chat, speech_model
    from ..pull import pull_embedded
    from ..speaker import Speaker
    from .schema import wanted_schema
    from .talk import Talk
    from .tools import tool_of

    hub = choose_hub(choices.config)
    conversation = _conversation(hub, choices)
    name = choices.model or conversation.model or default_chat(hub)
    model = chosen(hub.chat(name), choices.options, choices.thinking, choices.stream)
    attachments = piped_attachments(choices.attachments)
    check_seen(attachments, model.card)
    schema = wanted_schema(choices.schema) if choices.schema else None
    tools = [tool_of(each) for each in choices.tools]
    voice = speech_model(hub) if choices.speak else None
    pull_embedded(model, allowed=not choices.no_pull)
    speaker = Speaker(voice, choices.speak) if voice and choices.speak else None
    conversation.model = name
    keeper = Keeper(hub, choices.log and logs_enabled())
    talk = Talk(hub, model, view, conversation, keeper, tools=tools, schema=schema, speaker=speaker)
    return talk, attachments, speaker


def _conversation(hub: Modelport, choices: Choices) -> Conversation:
    """The one that goes on, or a new one; an instruction belongs to the beginning."""
    if not (choices.go_on or choices.conversation is not None):
        instruction = [SystemMsg("system", choices.system)] if choices.system else []
        return Conversation(messages=instruction)
    if choices.system:
        raise click.UsageError("--system belongs to the beginning of a conversation; leave it out, or begin a new one")

    async def load() -> Conversation:
        try:
            return await wanted_conversation(hub.conversations, choices.conversation)
        finally:
            await hub.aclose()

    return run_loop(load())
