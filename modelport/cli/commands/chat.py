"""`modelport chat`: one question, or a conversation."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...domain.errors import ModelportError
from ...domain.message.messages import UserMsg
from ..audio_file import AUDIO_PATH
from ..chat.options import THINKING
from ..chat.question import given_prompt
from ..console.code import first_code
from ..console.terminal import error_status
from ..listing.complete import MODEL_NAME

if TYPE_CHECKING:
    from ...domain.message.blocks import DataBlock
    from ..chat.start import Choices
    from ..chat.talk import Talk

__all__ = ["chat"]

_PATH = click.Path(path_type=Path)


@click.command(no_args_is_help=False)
@click.argument("prompt", required=False)
@click.option(
    "-m",
    "--model",
    metavar="NAME",
    type=MODEL_NAME["chat"],
    help="A name under `chat` in the settings, or provider/model.",
)
@click.option("-s", "--system", metavar="TEXT", help="An instruction before the conversation.")
@click.option("-t", "--template", metavar="NAME", help="Options under a name; see `modelport templates`.")
@click.option("-o", "options", metavar="NAME VALUE", nargs=2, multiple=True, help="An option of the model; repeatable.")
@click.option("-a", "attachments", metavar="FILE|URL|-", multiple=True, help="Attach it; - is what is piped in.")
@click.option("--schema", metavar="SCHEMA", help="Answer with JSON: 'name, age int', a JSON Schema file, module:Class.")
@click.option("--tools", metavar="MODULE:FUNCTION", multiple=True, help="A function that the model may call.")
@click.option("-c", "--continue", "go_on", is_flag=True, help="Go on with the last conversation.")
@click.option("--conversation", metavar="ID", help="Go on with this one; the beginning of its id is enough.")
@click.option("--thinking", type=click.Choice(THINKING), help="Whether, or how much, the model thinks.")
@click.option("--no-stream", "stream", flag_value=False, default=True, help="Ask for the whole answer at once.")
@click.option("-x", "--extract", is_flag=True, help="Write only the first code block of the answer.")
@click.option("--save", metavar="FILE", type=_PATH, help="Also write the answer to this file.")
@click.option("--no-log", "log", flag_value=False, default=True, help="Do not store this conversation.")
@click.option("--plain", is_flag=True, help="Show the text as it is, also on a terminal.")
@click.option("--config", type=_PATH, help="A settings file; by default ./modelport.yaml.")
@click.option("--speak", metavar="FILE", type=AUDIO_PATH, help="Also speak the answers into this file.")
@click.option("--usage", is_flag=True, help="Show on stderr how many tokens were used.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per line: deltas, the response, errors.")
@click.option("--no-pull", is_flag=True, help="Fail instead of fetching the embedded model when it is missing.")
def chat(prompt: str | None, **given: Any) -> int:  # Any: the options, which `Choices` declares
    """Ask a model and stream its answer.

    What is piped in comes first, then a blank line, then PROMPT. Without PROMPT, the piped text is the question; on a
    terminal a conversation starts. Without settings, keys in the environment and --model, a small model answers inside
    this process; a voice inside it speaks unless the settings have one under `tts`.

    \b
    Examples:
      modelport chat "Name three colours" -m openai/gpt-5.5 -o temperature 0.2
      git diff | modelport chat "Write a commit message" -s "Be brief"
      modelport chat "What is on it?" -a photo.png
      modelport chat "Ada is 36" --schema 'name, age int'
      modelport chat "And in French?" -c
    """
    from ..chat.start import Choices, begin, chosen_view, from_template

    template = given.pop("template")
    prompt = given_prompt(prompt, given["attachments"], template is None)
    if template is not None:
        prompt = from_template(template, prompt, given)
    choices = Choices(**given)
    choices.check(prompt)
    view = chosen_view(choices)
    try:
        talk, attachments, speaker = begin(choices, view)
    except ModelportError as error:
        view.failed(error)
        return error_status(error)
    with speaker or nullcontext():
        if prompt is not None:
            return _once(talk, prompt, attachments, choices)
        from ..chat.mode import converse

        return converse(talk)


def _once(talk: Talk, prompt: str, attachments: list[DataBlock], choices: Choices) -> int:
    """One question; the exit status."""
    with asyncio.Runner() as runner:
        try:
            runner.run(talk.ask(UserMsg("user", [prompt, *attachments])))
        except ModelportError as error:
            talk.view.failed(error)
            if talk.speaker:
                runner.run(talk.speaker.drop())
            return error_status(error)
        finally:
            runner.run(talk.aclose())
    if choices.save and talk.last:
        text = first_code(talk.last.text) if choices.extract else talk.last.text
        choices.save.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
    return 0
