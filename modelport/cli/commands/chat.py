"""`modelport chat`: one question, or a conversation."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...domain.errors import ModelError, ModelportError
from ..audio_file import AUDIO_PATH, STDOUT
from ..terminal import error_status, note

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase
    from ...composition.hub import Modelport
    from ...domain.message.messages import Msg
    from ...domain.message.responses import ChatResponse
    from ..answers import AnswerView
    from ..speaker import Speaker

__all__ = ["chat"]


@click.command()
@click.argument("prompt", required=False)
@click.option("--model", metavar="NAME", help="A name under `chat` in the settings, or provider/model.")
@click.option("--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml.")
@click.option("--speak", metavar="FILE", type=AUDIO_PATH, help="Speak the answers into this file, too.")
@click.option("--system", metavar="TEXT", help="An instruction that comes before everything.")
@click.option("--usage", is_flag=True, help="Tell on stderr how many tokens were used.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: deltas, the response, errors.")
@click.option("--no-pull", is_flag=True, help="Do not fetch the embedded model when it is not here.")
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

    Without PROMPT a terminal gets a conversation (/exit or Ctrl-D ends it); otherwise the prompt is read from stdin.
    Without settings, keys in the environment and --model, a small model answers inside this process; likewise a voice
    speaks inside it where the settings have none under `tts`.
    """
    from ..answers import JsonLines, PlainText
    from ..choice import choose, speech_model
    from ..speaker import Speaker
    from .pull import pull_embedded

    prompt = _given(prompt)
    if speak == STDOUT:
        raise click.UsageError("--speak needs a file, as the text goes to stdout")
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
        talk = _Talk(hub, chosen, view, system, speaker)
        return talk.once(prompt) if prompt is not None else talk.conversation()


def _given(prompt: str | None) -> str | None:
    """The prompt, also out of a pipe; `None` for a conversation."""
    if prompt is None and not sys.stdin.isatty():
        prompt = sys.stdin.read()
    if prompt is not None and not prompt.strip():
        raise click.UsageError("the prompt is empty")
    return prompt


class _Talk:
    """A model, what was said so far, and where answers are shown and spoken; one event loop for all of it."""

    def __init__(
        self, hub: Modelport, model: ChatModelBase, view: AnswerView, system: str | None, speaker: Speaker | None
    ) -> None:
        from ...domain.message.messages import SystemMsg

        self._hub, self._model, self._speaker = hub, model, speaker
        self._view = speaker.beside(view) if speaker else view
        self._said: list[Msg] = [SystemMsg("system", system)] if system else []

    def once(self, prompt: str) -> int:
        """One question; the exit status."""
        with asyncio.Runner() as runner:
            try:
                return self._turn(runner, prompt)
            finally:
                runner.run(self._hub.aclose())

    def conversation(self) -> int:
        """Questions until the end of input; the exit status is the last answer's."""
        note(f"{self._model.provider_name}/{self._model.model} - /exit or Ctrl-D ends")
        status = 0
        with asyncio.Runner() as runner:
            try:
                while (prompt := _read_prompt()) is not None:
                    if prompt:
                        status = self._turn(runner, prompt)
                return status
            finally:
                runner.run(self._hub.aclose())

    def _turn(self, runner: asyncio.Runner, prompt: str) -> int:
        """Ask and show; a question that failed is forgotten."""
        from ...domain.message.messages import AssistantMsg, UserMsg

        question = UserMsg("user", prompt)
        try:
            response = runner.run(_ask(self._model, [*self._said, question], self._view))
            self._view.last(response)
            self._said += [question, AssistantMsg("assistant", response.content)]
            if self._speaker:
                runner.run(self._speaker.finish())
        except ModelportError as error:
            self._view.failed(error)
            if self._speaker:
                runner.run(self._speaker.drop())
            return error_status(error)
        return 0


async def _ask(model: ChatModelBase, messages: list[Msg], view: AnswerView) -> ChatResponse:
    """The whole answer, shown as it comes; the connection is closed however this ends."""
    from ...domain.message.responses import ChatResponse

    answer = await model(messages)
    if isinstance(answer, ChatResponse):
        view.delta(answer)
        return answer
    async with aclosing(answer) as responses:
        async for response in responses:
            if response.is_last:
                return response
            view.delta(response)
    raise ModelError("the stream ended without its last response", provider=model.provider_name, model=model.model)


def _read_prompt() -> str | None:
    """What the user types next; `None` at the end of the conversation."""
    with suppress(ImportError):
        import readline  # noqa: F401 - gives `input` editing and history, where there is one
    try:
        line = input("> ").strip() if sys.stdout.isatty() else _read_beside_pipe()
    except EOFError:
        note("")
        return None
    return None if line == "/exit" else line


def _read_beside_pipe() -> str:
    """A line, when stdout is a pipe that the question mark must not get into."""
    note("> ", end="")
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()
