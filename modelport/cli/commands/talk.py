"""`modelport talk`: a voice conversation, from a file, from typed text, or with microphone and loudspeaker."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...application.blocking.loops import run as run_loop
from ...domain.errors import ModelportError
from ..audio_file import AUDIO_PATH, STDOUT, AudioFile
from ..console.terminal import complain, error_status, errors, note, write_json

if TYPE_CHECKING:
    from ...application.realtime.model import RealtimeModelBase
    from ...composition.hub import Modelport
    from ..spoken_turn import Question, Turn

__all__ = ["talk"]

_SETTINGS = click.Path(path_type=Path)
_WAV = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--in", "source", metavar="FILE", type=_WAV, help="A WAV file with what is said.")
@click.option("--text", metavar="TEXT", help="What is said, typed.")
@click.option("--out", metavar="FILE", type=AUDIO_PATH, help="The file for the spoken answer.")
@click.option("--model", metavar="NAME", help="A name under `realtime` in the settings, or provider/model.")
@click.option("--system", metavar="TEXT", help="Instructions for the model.")
@click.option("--voice", metavar="NAME", help="A voice of the model; `modelport models MODEL` lists them.")
@click.option("--config", "--settings", type=_SETTINGS, help="A settings file; by default ./modelport.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each turn.")
@click.option("--no-pull", is_flag=True, help="Fail instead of fetching the embedded model when it is missing.")
def talk(
    source: Path | None,
    text: str | None,
    out: Path | None,
    model: str | None,
    system: str | None,
    voice: str | None,
    config: Path | None,
    as_json: bool,
    no_pull: bool,
) -> int:
    """Talk with a realtime model, and print what is said.

    With --in or --text one question is asked, and --out FILE gets the spoken answer. Without them the microphone and
    the loudspeaker are used until Ctrl-C. Without settings and --model, everything happens inside this process.

    \b
    Examples:
      modelport talk
      modelport talk --text "What is the capital of France?" --out answer.wav
    """
    from ..choice import choose_realtime
    from ..pull import pull_embedded

    _check(source, text, out)
    try:
        hub, chosen = choose_realtime(config, model)
        question = _question(source, text)
        _prepare(chosen, question, voice)
        pull_embedded(chosen, allowed=not no_pull)
        if question is None:
            return _with_devices(hub, chosen, system, as_json)
        _ask(hub, chosen, question, system, out, as_json)
    except ModelportError as error:
        return _failed(error, as_json)
    return 0


def _failed(error: ModelportError, as_json: bool) -> int:
    from ..console.answers import JsonLines

    if as_json:
        JsonLines().failed(error)
    else:
        complain(str(error))
    return error_status(error)


def _check(source: Path | None, text: str | None, out: Path | None) -> None:
    if source is not None and text is not None:
        raise click.UsageError("give either --in FILE or --text TEXT")
    if text is not None and not text.strip():
        raise click.UsageError("--text: the text is empty")
    if out is not None and source is None and text is None:
        raise click.UsageError("--out needs --in FILE or --text TEXT; with a microphone the answers are played")
    if out == STDOUT:
        raise click.UsageError("--out needs a file, since the text goes to stdout; give a path")


def _question(source: Path | None, text: str | None) -> Question | None:
    from ..spoken_turn import Question, read_question

    if source is not None:
        return read_question(source)
    return Question(text) if text is not None else None


def _prepare(model: RealtimeModelBase, question: Question | None, voice: str | None) -> None:
    """Set what the command line says; the application ends the turn of a file where the model lets it."""
    from pydantic import ValidationError

    changes: dict[str, Any] = {"voice": voice} if voice is not None else {}  # Any: each parameter has its own type
    if question is not None and question.pcm:
        changes["input_sample_rate"] = question.rate
        if "manual" in model.card.turn_detection:
            changes["turn_detection"] = {"mode": "manual"}
    kind = type(model.parameters)
    try:
        model.parameters = kind.model_validate({**model.parameters.model_dump(exclude_unset=True), **changes})
    except ValidationError as error:
        raise click.UsageError(f"--voice: {error.errors()[0]['msg']}") from error


def _ask(
    hub: Modelport, model: RealtimeModelBase, question: Question, system: str | None, out: Path | None, as_json: bool
) -> None:
    file = AudioFile(out) if out is not None else None
    try:
        turn = run_loop(_one_turn(hub, model, question, system, file))
        if file is not None:
            file.keep()
    finally:
        if file is not None:
            file.close()
    _report(turn, file, as_json)


async def _one_turn(
    hub: Modelport, model: RealtimeModelBase, question: Question, system: str | None, file: AudioFile | None
) -> Turn:
    from ..spoken_turn import take_turn

    with _progress() as on_piece:
        async with hub, model.connect(system) as session:
            return await take_turn(session, model, question, file, on_piece)


@contextmanager
def _progress() -> Iterator[Callable[[], None]]:
    """That something is waited for, on stderr, when it is a terminal."""
    if not errors().is_terminal:
        yield lambda: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors(), transient=True) as progress:
        task = progress.add_task("listening", total=None)
        yield lambda: progress.update(task, description="answering")


def _report(turn: Turn, file: AudioFile | None, as_json: bool) -> None:
    from ..spoken_turn import described

    if as_json:
        write_json(described(turn, file))
        return
    click.echo(f"you: {turn.asked.strip()}")
    click.echo(f"model: {turn.answer.strip()}")
    if file is not None:
        note(f"{file.path}: {file.seconds or 0:,.1f} s of {file.media_type}")


def _with_devices(hub: Modelport, model: RealtimeModelBase, system: str | None, as_json: bool) -> int:
    from ..microphone import converse

    try:
        run_loop(converse(hub, model, system, as_json))
    except KeyboardInterrupt:
        print(file=sys.stderr)  # noqa: T201  # the line of the ^C
    return 0
