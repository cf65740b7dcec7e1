"""`modelport similar`: collections of embedded texts, searched by similarity."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ...application.blocking.loops import run as run_loop
from ...domain.errors import SettingsError
from ..console.terminal import note, write, write_json
from ..listing.complete import MODEL_NAME

if TYPE_CHECKING:
    from ...adapters.collections.sql import SQLCollections
    from ...application.embedding.model import EmbeddingModelBase
    from ..corpus import Corpus

__all__ = ["similar"]

T = TypeVar("T")
_SLICE = 1024
_config = click.option(
    "--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml."
)
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def similar() -> None:
    """Keep texts with their vectors in collections, and find those that are most similar to a text.

    Needs the extra sql. Without settings and --model, a small model computes the vectors inside this process.

    \b
    Examples:
      modelport similar add shelf --file titles.txt
      modelport similar find shelf "How do I mend my radio?"
      modelport similar list
    """


@similar.command()
@click.argument("collection")
@click.argument("texts", nargs=-1)
@click.option("--file", "corpus", type=_FILE, help="Texts to add, one a line, or a .jsonl file.")
@click.option("--field", default="text", help="The key of the text in the JSON objects of the file.")
@click.option("--model", metavar="NAME", type=MODEL_NAME["embedding"], help="By default the collection's own.")
@_config
def add(
    collection: str, texts: tuple[str, ...], corpus: Path | None, field: str, model: str | None, config: Path | None
) -> int:
    """Add TEXTS, or each line of a file, to COLLECTION, which is made if it is new."""
    from ..corpus import ListedTexts, TextFile

    if bool(texts) == bool(corpus):
        raise click.UsageError("give either texts or --file")
    source = TextFile(corpus, field) if corpus else ListedTexts(texts)

    async def work(kept: SQLCollections, chosen: EmbeddingModelBase[Any]) -> int:
        return await _add(kept, collection, chosen, source)

    count = _with_collections(collection, model, config, work)
    note(f"{count:,} texts are in {collection}")
    return 0


@similar.command()
@click.argument("collection")
@click.argument("text")
@click.option("-n", "--count", type=click.IntRange(min=1, max=10_000), default=5, help="At most so many; by default 5.")
@click.option("--model", metavar="NAME", type=MODEL_NAME["embedding"], help="By default the collection's own.")
@_config
@_json
def find(collection: str, text: str, count: int, model: str | None, config: Path | None, as_json: bool) -> None:
    """Find the texts of COLLECTION that are most similar to TEXT, best first, each after the cosine."""

    async def work(kept: SQLCollections, chosen: EmbeddingModelBase[Any]) -> Any:  # Any: texts and scores
        if await kept.model_of(collection) is None:
            raise click.UsageError(f"there is no collection {collection!r}; `modelport similar list` shows them")
        if "text_type" in type(chosen.parameters).model_fields:
            chosen.parameters = chosen.parameters.model_copy(update={"text_type": "query"})
        return await kept.nearest(collection, (await chosen([text])).array[0], count)

    found = _with_collections(collection, model, config, work)
    if as_json:
        write_json([asdict(each) for each in found], indent=2)
    else:
        write("".join(f"{each.score:.3f}  {' '.join(each.text.split())}\n" for each in found))


@similar.command(name="list")
@_json
def list_collections(as_json: bool) -> None:
    """List the collections with their models and how many texts they have."""

    async def read(kept: SQLCollections) -> Any:  # Any: summaries
        try:
            return await kept.summaries()
        finally:
            await kept.aclose()

    found = run_loop(read(_collections()))
    if as_json:
        write_json([asdict(each) for each in found], indent=2)
    else:
        write("".join(f"{each.name}  {each.texts:,} texts  {each.model}\n" for each in found))
        if not found:
            note("there is no collection; `modelport similar add --help` says how to make one")


@similar.command()
@click.argument("collection")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(collection: str, yes: bool) -> int:
    """Remove COLLECTION with its texts."""
    if not yes and not click.confirm(f"remove the collection {collection!r}?", err=True):
        return 1

    async def work(kept: SQLCollections) -> bool:
        try:
            return await kept.remove(collection)
        finally:
            await kept.aclose()

    if not run_loop(work(_collections())):
        raise click.UsageError(f"there is no collection {collection!r}; `modelport similar list` shows them")
    note(f"removed {collection}")
    return 0


def _collections() -> SQLCollections:
    try:
        from ...adapters.collections.sql import SQLCollections
    except ImportError as error:
        raise SettingsError("modelport similar needs an extra: pip install 'modelport[sql]'") from error
    return SQLCollections()


async def _add(kept: SQLCollections, collection: str, model: EmbeddingModelBase[Any], source: Corpus) -> int:
    """Embed and add slice by slice, with a progress bar where one waits; how many texts there are then."""
    from ..embedding_run import progress_bar

    texts, done = iter(source), 0
    with progress_bar(source.count) as progress:
        while piece := list(islice(texts, _SLICE)):
            vectors = await model(piece)
            await kept.add(collection, f"{model.provider_name}/{model.model}", piece, vectors.array)
            done += len(piece)
            if progress is not None:
                progress.update(progress.task_ids[0], completed=done)
    return next((each.texts for each in await kept.summaries() if each.name == collection), 0)


def _with_collections(
    collection: str,
    name: str | None,
    config: Path | None,
    work: Callable[[SQLCollections, EmbeddingModelBase[Any]], Awaitable[T]],
) -> T:
    from ..choice import choose_embedding

    kept = _collections()

    async def run() -> T:
        try:
            hub, model = choose_embedding(config, name or await kept.model_of(collection))
            async with hub:
                return await work(kept, model)
        finally:
            await kept.aclose()

    return run_loop(run())
