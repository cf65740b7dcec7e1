"""`modelport chat`: one question, or a conversation."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...domain.errors import ModelportError
from ..audio_file import AUDIO_PATH, STDOUT
from ..console.terminal import error_status

if TYPE_CHECKING:
    from ..console.answers import AnswerView

__all__ = ["chat"]


@click.command()
@click.argument("prompt", required=False)
@click.option("--model", metavar="NAME", help="A name under `chat` in the settings, or provider/model.")
@click.option("--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml.")
@click.option("--speak", metavar="FILE", type=AUDIO_PATH, help="Also speak the answers into this file.")
@click.option("--system", metavar="TEXT", help="A system message before the conversation.")
@click.option("--usage", is_flag=True, help="Show on stderr how many tokens were used.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per line: deltas, the response, errors.")
@click.option("--no-pull", is_flag=True, help="Fail instead of fetching the embedded model when it is missing.")
def chat(
    prompt: str | None,
    model: str | None,
    config: Path | None,
    speak: Path | None,
    system: str | None,
    usage: bool,
    as_json: bool,
    no_pull: bool,
) -> int:
    """Ask a model and stream its answer.

    Without PROMPT, a conversation starts on a terminal (/exit or Ctrl-D ends it); otherwise the prompt is read from
    stdin. Without settings, keys in the environment and --model, a small model answers inside this process; a voice
    inside it speaks unless the settings have one under `tts`.
    """
    from ..choice import choose, speech_model
    from ..console.answers import JsonLines, PlainText
    from ..conversation import Conversation
    from ..pull import pull_embedded
    from ..speaker import Speaker

    prompt = _given(prompt)
    if speak == STDOUT:
        raise click.UsageError("--speak needs a file, since the text goes to stdout; give a path")
    view: AnswerView = JsonLines() if as_json else PlainText(usage)
    try:
        hub, name = choose(config, model)
        chosen = hub.chat(name)
        voice = speech_model(hub) if speak else None
        pull_embedded(chosen, allowed=not no_pull)
        speaker = Speaker(voice, speak) if voice and speak else None
    except ModelportError as error:
        view.failed(error)
        return error_status(error)
    with speaker or nullcontext():
        conversation = Conversation(hub, chosen, view, system, speaker)
        return conversation.once(prompt) if prompt is not None else conversation.until_end()


def _given(prompt: str | None) -> str | None:
    """The prompt, from the argument or a pipe; `None` for a conversation."""
    if prompt is None and not sys.stdin.isatty():
        prompt = sys.stdin.read()
    if prompt is not None and not prompt.strip():
        raise click.UsageError("the prompt is empty")
    return prompt
