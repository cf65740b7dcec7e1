"""`modelport models`: the models that have cards."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..console.terminal import show, terminal_width, write_json, write_lines
from ..listing.complete import MODEL_NAME, PROVIDER_NAME

if TYPE_CHECKING:
    from ...composition.providers.catalogue import CatalogueEntry
    from ...composition.providers.registry import ProviderRegistry
    from ..listing.index import ModelRow

__all__ = ["models"]

_KINDS = ("chat", "tts", "stt", "embedding", "realtime")
_ABLE = ("sees", "hears", "thinks", "tools", "schema")


@click.command()
@click.argument("name", required=False, type=MODEL_NAME[""])
@click.option("--provider", metavar="NAME", type=PROVIDER_NAME, help="Only models of this provider.")
@click.option("--kind", type=click.Choice(_KINDS), help="Only models of this kind.")
@click.option(
    "--can", "able", type=click.Choice(_ABLE), multiple=True, help="Only models that can do this; repeatable."
)
@click.option("--config", type=click.Path(path_type=Path), help="A settings file whose providers are known too.")
@click.option("--json", "as_json", is_flag=True, help="Write the whole cards as a JSON array.")
def models(
    name: str | None, provider: str | None, kind: str | None, able: tuple[str, ...], config: Path | None, as_json: bool
) -> None:
    """List the known models, or with NAME show one and its parameters.

    Models without a card can be called too. Providers of entry points, and those in the settings, are known as well.
    On a narrow terminal there are fewer columns; a pipe gets all of them.

    \b
    Examples:
      modelport models --provider openai --kind chat
      modelport models --can sees --can tools
      modelport models gpt-5.5
    """
    from ..choice import find_config
    from ..listing.index import model_rows, registry_of

    registry = registry_of(find_config(config))
    if provider is not None:
        registry.get(provider)
    rows = [row for row in model_rows(registry, provider, kind) if all(getattr(row, each) for each in able)]
    if name is not None:
        rows = _named(rows, name)
    if name is None and not as_json:
        from ..listing.table import table_lines

        write_lines(table_lines(rows, terminal_width()))
        return
    entries = list(_entries(registry, rows))
    if as_json:
        write_json([_fields(entry) for entry in entries], indent=2)
        return
    from ..listing.card import describe

    for entry in entries:
        show(*describe(entry))


def _named(rows: list[ModelRow], name: str) -> list[ModelRow]:
    """The models of that name, alias or provider/name."""
    found = [row for row in rows if name in (row.name, row.full_name, *row.aliases)]
    if not found:
        close = difflib.get_close_matches(name, list(dict.fromkeys(row.name for row in rows)), 3)
        hint = f"; similar names: {', '.join(close)}" if close else "; `modelport models` lists all"
        raise click.UsageError(f"no model card is called {name!r}{hint}")
    return found


def _entries(registry: ProviderRegistry, rows: list[ModelRow]) -> list[CatalogueEntry]:
    """The cards of these rows."""
    from ...adapters.cards.yaml_source import YamlCardSource
    from ...composition.providers.catalogue import catalogue

    wanted = {(row.provider, row.kind, row.name) for row in rows}
    groups, cards = sorted({(row.provider, row.kind) for row in rows}), YamlCardSource()
    entries = (entry for provider, kind in groups for entry in catalogue(registry, cards, provider, kind))
    return [entry for entry in entries if (entry.provider, entry.kind, entry.card.name) in wanted]


def _fields(entry: CatalogueEntry) -> dict[str, Any]:  # Any: JSON values
    card = entry.card.model_dump(mode="json", exclude_none=True)
    card.pop("classes", None)
    return {"provider": entry.provider, "kind": entry.kind, "classes": list(entry.classes), **card}
