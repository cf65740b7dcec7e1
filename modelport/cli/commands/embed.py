"""`modelport embed`: texts to vectors, on stdout or into a file."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...domain.errors import ModelportError
from ..terminal import complain, error_status, note, write

if TYPE_CHECKING:
    from ...application.embedding.model import EmbeddingModelBase
    from ..embedding_run import EmbeddingRun

__all__ = ["embed"]

OUT_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("texts", nargs=-1)
@click.option("--file", "corpus", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Texts to embed.")
@click.option("--field", default="text", show_default=True, help="Where a JSON object of the file has its text.")
@click.option("--out", type=OUT_PATH, help="A .npy file for the vectors (float32, one row a text).")
@click.option("--model", metavar="NAME", help="A name under `embedding` in the settings, or provider/model.")
@click.option("--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml.")
@click.option("--dimensions", type=click.IntRange(min=1), help="The size of each vector.")
@click.option("--query", is_flag=True, help="The texts are questions, for models that tell these from documents.")
@click.option("--usage", is_flag=True, help="Tell on stderr how many tokens were used.")
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

    Lines of a .jsonl file are JSON strings, or objects with a text in them; those of any other file are the texts.
    Vectors are cached per text: a command that was interrupted goes on where it was when it is run again. Without
    settings and --model, a small model computes inside this process.
    """
    from ..corpus import Corpus, ListedTexts, TextFile
    from ..embedding_choice import choose_embedding
    from ..embedding_run import EmbeddingRun

    # What it logs, with a traceback, the responses' warnings tell in one line.
    logging.getLogger("modelport.application.embedding.cached_vectors").addHandler(logging.NullHandler())
    if bool(texts) == bool(corpus):
        raise click.UsageError("give either texts or --file")
    if corpus and not out:
        raise click.UsageError("--file needs --out FILE.npy")
    if corpus and out and out.exists() and out.samefile(corpus):
        raise click.UsageError(f"--out {out}: is the file of the texts, and would be replaced by the vectors")
    hub, chosen = choose_embedding(config, model)
    source: Corpus = TextFile(corpus, field, chosen.takes_empty_text) if corpus else ListedTexts(texts)
    _set_parameters(chosen, dimensions, "query" if query else None)
    run = EmbeddingRun(hub, chosen, source)
    try:
        _show(run, out)
    except ModelportError as error:
        complain(str(error))
        if corpus:
            note(f"modelport: {run.done:,} of {source.count:,} texts are done and cached; run the command again")
        return error_status(error)
    if usage:
        note(f"usage: {run.tokens:,} tokens for {run.done:,} texts, those that were not cached")
    return 0


def _show(run: EmbeddingRun, out: Path | None) -> None:
    if out:
        asyncio.run(run.into(out))
        return
    for vector in asyncio.run(run.vectors()):
        write(json.dumps(vector) + "\n")


def _set_parameters(model: EmbeddingModelBase[Any], dimensions: int | None, text_type: str | None) -> None:
    """Change the model's parameters (Any: whatever an input may be)."""
    given = {"dimensions": dimensions, "text_type": text_type}
    changes = {name: value for name, value in given.items() if value is not None}
    if "text_type" in changes and "text_type" not in type(model.parameters).model_fields:
        raise click.UsageError(f"{model.model} does not tell questions from documents; leave --query out")
    model.parameters = model.parameters.model_copy(update=changes)
