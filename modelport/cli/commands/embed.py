"""`modelport embed`: turns texts into vectors, on stdout or in a file."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...application.blocking.loops import run as run_loop
from ...domain.errors import ModelportError
from ..console.terminal import complain, error_status, note, write
from ..listing.complete import MODEL_NAME

if TYPE_CHECKING:
    from ...application.embedding.model import EmbeddingModelBase
    from ..embedding_run import EmbeddingRun

__all__ = ["embed"]

OUT_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("texts", nargs=-1)
@click.option("--file", "corpus", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Texts to embed.")
@click.option("--field", default="text", show_default=True, help="The key of the text in the JSON objects of the file.")
@click.option("--out", type=OUT_PATH, help="A .npy file for the vectors (float32, one row per text).")
@click.option(
    "--model",
    metavar="NAME",
    type=MODEL_NAME["embedding"],
    help="A name under `embedding` in the settings, or provider/model.",
)
@click.option("--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml.")
@click.option("--dimensions", type=click.IntRange(min=1), help="The size of each vector.")
@click.option("--query", is_flag=True, help="The texts are questions, for models that distinguish them from documents.")
@click.option("--usage", is_flag=True, help="Show on stderr how many tokens were used.")
def embed(
    texts: tuple[str, ...],
    corpus: Path | None,
    field: str,
    out: Path | None,
    model: str | None,
    config: Path | None,
    dimensions: int | None,
    query: bool,
    usage: bool,
) -> int:
    """Turn TEXTS, or each line of a file, into vectors.

    Lines of a .jsonl file are JSON strings, or objects with a text in them; in any other file each line is a text.
    Vectors are cached per text, so that an interrupted command continues where it stopped when it is run again.
    Without settings and --model, a small model computes inside this process.

    \b
    Examples:
      modelport embed "A text" "Another text"
      modelport embed --file texts.txt --out vectors.npy
    """
    from ..choice import choose_embedding
    from ..corpus import Corpus, ListedTexts, TextFile
    from ..embedding_run import EmbeddingRun

    _check_options(texts, corpus, out)
    hub, chosen = choose_embedding(config, model)
    source: Corpus = TextFile(corpus, field, chosen.takes_empty_text) if corpus else ListedTexts(texts)
    _set_parameters(chosen, dimensions, "query" if query else None)
    return _embed(EmbeddingRun(hub, chosen, source), out, usage)


def _check_options(texts: tuple[str, ...], corpus: Path | None, out: Path | None) -> None:
    if bool(texts) == bool(corpus):
        raise click.UsageError("give either texts or --file")
    if corpus and not out:
        raise click.UsageError("--file needs --out FILE.npy")
    if corpus and out and out.exists() and out.samefile(corpus):
        raise click.UsageError(f"--out {out}: is the file of the texts; give another path for the vectors")


def _set_parameters(model: EmbeddingModelBase[Any], dimensions: int | None, text_type: str | None) -> None:
    """Change the model's parameters (Any: an input's type)."""
    given = {"dimensions": dimensions, "text_type": text_type}
    changes = {name: value for name, value in given.items() if value is not None}
    if "text_type" in changes and "text_type" not in type(model.parameters).model_fields:
        raise click.UsageError(f"--query: {model.model} does not distinguish questions from documents; leave it out")
    model.parameters = model.parameters.model_copy(update=changes)


def _embed(run: EmbeddingRun, out: Path | None, usage: bool) -> int:
    """Run it and report; the exit status."""
    # The cache logs failures with a traceback; the responses' warnings report them in one line.
    logging.getLogger("modelport.application.embedding.cached_vectors").addHandler(logging.NullHandler())
    try:
        _write(run, out)
    except ModelportError as error:
        complain(str(error))
        if out:
            note(f"modelport: {run.done:,} of {run.total:,} texts are done and cached; run the command again")
        return error_status(error)
    if usage:
        note(f"usage: {run.tokens:,} tokens for {run.done:,} texts; cached texts use none")
    return 0


def _write(run: EmbeddingRun, out: Path | None) -> None:
    if out:
        run_loop(run.into(out))
        return
    for vector in run_loop(run.vectors()):
        write(json.dumps(vector) + "\n")
