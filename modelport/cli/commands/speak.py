"""`modelport speak`: speaks a text into a file or to stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...application.blocking.loops import run as run_loop
from ...domain.errors import ModelError, ModelportError
from ..audio_file import AUDIO_PATH, ENDINGS, STDOUT, AudioFile
from ..console.terminal import complain, error_status, errors, note, write_json
from ..listing.complete import MODEL_NAME

if TYPE_CHECKING:
    from ...application.speech.model import TTSModelBase
    from ...composition.hub import Modelport
    from ...domain.speech.responses import TTSResponse

__all__ = ["speak"]

_FILE = "speech.wav"
_SETTINGS = click.Path(path_type=Path)


@click.command()
@click.argument("text", required=False)
@click.option("--out", type=AUDIO_PATH, default=_FILE, show_default=True, help="The file for the audio; - is stdout.")
@click.option(
    "--model", metavar="NAME", type=MODEL_NAME["tts"], help="A name under `tts` in the settings, or provider/model."
)
@click.option("--voice", metavar="NAME", help="A voice of the model; `modelport models MODEL` lists them.")
@click.option("--config", "--settings", type=_SETTINGS, help="A settings file; by default ./modelport.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Describe the file as one JSON object.")
def speak(text: str | None, out: Path, model: str | None, voice: str | None, config: Path | None, as_json: bool) -> int:
    """Speak TEXT, or the text on stdin, into an audio file.

    Without settings and --model, a voice inside this process speaks; its voices are named by language: --voice de.

    \b
    Examples:
      modelport speak "Good morning" --out morning.wav
      modelport speak "Guten Tag" --voice de
      cat letter.txt | modelport speak --out letter.mp3 --model openai/gpt-4o-mini-tts
    """
    from ..console.answers import JsonLines

    text = _text(text)
    if out == STDOUT and (as_json or sys.stdout.isatty()):
        raise click.UsageError("audio goes to stdout only in a pipe and without --json; give --out FILE")
    try:
        response, file = _spoken(text, out, model, voice, config)
    except ModelportError as error:
        if as_json:
            JsonLines().failed(error)
        else:
            complain(str(error))
        return error_status(error)
    _report(response, file, as_json)
    return 0


def _text(given: str | None) -> str:
    if given is None and not sys.stdin.isatty():
        given = sys.stdin.read()
    if given is None:
        raise click.UsageError("give a text, or pipe one in")
    if not given.strip():
        raise click.UsageError("the text is empty")
    return given


def _spoken(
    text: str, out: Path, name: str | None, voice: str | None, config: Path | None
) -> tuple[TTSResponse, AudioFile]:
    """The last response, and the complete file."""
    from ..choice import choose_speech

    hub, model = choose_speech(config, name)
    if voice is not None:
        _set_voice(model, voice)
    _set_format(model, out)
    file = AudioFile(out)
    try:
        response = run_loop(_run(hub, model, text, file))
        if not file.size:
            raise ModelError("the model returned no audio", provider=model.provider_name, model=model.model)
        file.keep()
    finally:
        file.close()
    return response, file


def _set_format(model: TTSModelBase, out: Path) -> None:
    """Ask for the format that the file's name says, where the model has a parameter for it that was not set."""
    wanted = out.suffix.lower().removeprefix(".")
    field = next((name for name in ("response_format", "format") if name in type(model.parameters).model_fields), None)
    if out.suffix.lower() not in ENDINGS or field is None or field in model.parameters.model_fields_set:
        return
    schema = type(model.parameters).model_json_schema()["properties"][field]
    choices = [each for option in schema.get("anyOf", [schema]) for each in option.get("enum", [])]
    if wanted in choices:
        model.parameters = type(model.parameters).model_validate({**model.parameters.model_dump(), field: wanted})
    elif choices:
        raise click.UsageError(f"--out {out}: {model.model} speaks {', '.join(choices)}; give such an ending")


def _set_voice(model: TTSModelBase, voice: str) -> None:
    if "voice" not in type(model.parameters).model_fields:
        raise click.UsageError(f"--voice: {model.model} has no voice parameter; leave --voice out")
    from pydantic import ValidationError

    try:
        model.parameters = type(model.parameters).model_validate({**model.parameters.model_dump(), "voice": voice})
    except ValidationError as error:
        raise click.UsageError(f"voice: {error.errors()[0]['msg']}") from error


async def _run(hub: Modelport, model: TTSModelBase, text: str, file: AudioFile) -> TTSResponse:
    from ..speaker import speak_into

    with _progress(file) as on_piece:
        async with hub, model:
            return await speak_into(file, model, text, on_piece)


@contextmanager
def _progress(file: AudioFile) -> Iterator[Callable[[], None]]:
    """The length spoken so far, on stderr, when it is a terminal."""
    if not errors().is_terminal:
        yield lambda: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("speaking"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors(), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.update(task, description=_length(file))


def _length(file: AudioFile) -> str:
    seconds = file.seconds
    return f"{seconds:,.1f} s" if seconds is not None else f"{file.size:,} bytes"


def _report(response: TTSResponse, file: AudioFile, as_json: bool) -> None:
    from ..console.answers import note_warning, usage_fields

    if not as_json:
        for warning in response.warnings:
            note_warning(warning)
        if not file.is_stdout:
            note(f"{file.path}: {_length(file)} of {file.media_type}")
        return
    write_json(
        {
            "type": "speech",
            "id": response.id,
            "provider": response.provider,
            "model": response.model,
            "file": str(file.path),
            "media_type": file.media_type,
            "bytes": file.size,
            "seconds": file.seconds,
            "usage": usage_fields(response.usage),
            "warnings": [asdict(warning) for warning in response.warnings],
            "attempts": len(response.attempts),
        }
    )
