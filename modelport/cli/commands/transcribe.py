"""`modelport transcribe`: writes down what is said in an audio file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...application.blocking.loops import run as run_loop
from ...domain.errors import ModelportError
from ..console.terminal import complain, error_status, errors, json_text, note, write, write_json

if TYPE_CHECKING:
    from ...application.transcription.model import STTModelBase
    from ...composition.hub import Modelport
    from ...domain.transcription.transcript import Transcript

__all__ = ["transcribe"]

_SETTINGS = click.Path(path_type=Path)


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--model",
    metavar="NAME",
    help="A name under `stt` in the settings, or provider/model; by default the embedded recogniser.",
)
@click.option("--language", metavar="CODE", help="The language that is spoken, such as en.")
@click.option("--times", is_flag=True, help="Write each part with its times, where the model gives them.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "srt", "vtt", "json"]),
    default="text",
    help="Text, subtitles (SubRip or WebVTT), or one JSON object.",
)
@click.option("--out", type=_SETTINGS, metavar="FILE", help="Write there, and not to stdout.")
@click.option("--config", "--settings", type=_SETTINGS, help="A settings file; by default ./modelport.yaml.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def transcribe(
    file: str,
    model: str | None,
    language: str | None,
    times: bool,
    form: str,
    out: Path | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Write down what is said in FILE, an audio file or the URL of one.

    \b
    Examples:
      modelport transcribe meeting.mp3 --model openai/gpt-transcribe
      modelport transcribe meeting.mp3 --times --language en
    """
    from ..choice import choose_transcription
    from ..console.answers import JsonLines

    form = "json" if as_json else form
    _check_out(out)
    try:
        hub, chosen = choose_transcription(config, model)
        wanted = {"language": language, "segments": times or form in ("srt", "vtt") or None}
        _set(chosen, {name: value for name, value in wanted.items() if value is not None}, required={"language"})
        transcript = run_loop(_run(hub, chosen, file))
        written = _written(transcript, form, times=times)
    except ModelportError as error:
        if form == "json":
            JsonLines().failed(error)
        else:
            complain(str(error))
        return error_status(error)
    if times and form == "text" and not transcript.segments:
        note("the answer has no times")
    _report(transcript, written, out, form)
    return 0


def _check_out(out: Path | None) -> None:
    """Raise for a file that cannot be written, before a transcript is paid for."""
    if out is None:
        return
    if out.is_dir():
        raise click.UsageError(f"--out {out}: this is a folder; give a file")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise click.UsageError(f"--out {out}: this cannot be written; give a file in a folder that can")


def _set(model: STTModelBase, values: dict[str, Any], required: set[str]) -> None:  # Any: of parameters
    known = type(model.parameters).model_fields
    if "language" in values and "language" not in known and "languages" in known:
        values["languages"] = [values.pop("language")]
    missing = [name for name in values if name not in known and name in required]
    if missing:
        raise click.UsageError(f"--{missing[0]}: {model.model} has no such parameter; leave it out")
    given = {name: value for name, value in values.items() if name in known}
    model.parameters = type(model.parameters).model_validate({**model.parameters.model_dump(), **given})


async def _run(hub: Modelport, model: STTModelBase, file: str) -> Transcript:
    from ...domain.message.blocks import DataBlock
    from ...domain.transcription.transcript import Transcript

    audio = DataBlock.from_url(file, "audio/mpeg") if file.startswith(("http://", "https://")) else Path(file)
    with _progress(file) as came:
        async with hub, model:
            answer = await model.transcribe(audio)
            if isinstance(answer, Transcript):
                return answer
            async for step in answer:
                came(len(step.text))
            return step


@contextmanager
def _progress(file: str) -> Iterator[Callable[[int], None]]:
    """What is waited for and how much has come, on stderr, when it is a terminal."""
    if not errors().is_terminal:
        yield lambda characters: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("listening to"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors(), transient=True) as progress:
        name, total = Path(file).name[:60], 0
        task = progress.add_task(name, total=None)

        def came(characters: int) -> None:
            nonlocal total
            total += characters
            progress.update(task, description=f"{name}, {total:,} characters")

        yield came


def _written(transcript: Transcript, form: str, *, times: bool) -> str:
    """The transcript in that form, with a line break at its end."""
    if form == "json":
        return f"{json_text(_described(transcript))}\n"
    if form == "srt":
        return transcript.to_srt()
    if form == "vtt":
        return transcript.to_vtt()
    if not (times and transcript.segments):
        return f"{transcript.text}\n"
    lines = []
    for segment in transcript.segments:
        who = f"{segment.speaker}: " if segment.speaker else ""
        lines.append(f"[{_time(segment.start_ms)} - {_time(segment.end_ms)}] {who}{segment.text}\n")
    return "".join(lines)


def _described(transcript: Transcript) -> dict[str, Any]:  # Any: JSON
    described = {**asdict(transcript), "attempts": len(transcript.attempts)}
    return {name: value for name, value in described.items() if name not in ("is_last", "created_at")}


def _report(transcript: Transcript, written: str, out: Path | None, form: str) -> None:
    """Write it, with the warnings and a note on stderr; a JSON object has them inside."""
    from ..console.answers import note_warning

    if form != "json":
        for warning in transcript.warnings:
            note_warning(warning)
    if out is None:
        if form == "json":
            write_json(_described(transcript))
        else:
            write(written)
        return
    try:
        out.write_text(written, encoding="utf-8")
    except OSError as error:
        write(written)  # it was paid for
        raise click.ClickException(f"{out} cannot be written: {error.strerror or error}") from error
    note(f"{len(transcript.text):,} characters in {out}")


def _time(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "?"
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes:02d}:{rest // 1000:02d}.{rest % 1000 // 100}"
