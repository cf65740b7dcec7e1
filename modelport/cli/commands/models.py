"""`modelport models`: the models that have cards."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..console.terminal import show, write_json

if TYPE_CHECKING:
    from rich.table import Table

    from ...composition.providers.catalogue import CatalogueEntry
    from ...domain.card.cards import CardKind

__all__ = ["models"]


@click.command()
@click.argument("name", required=False)
@click.option("--provider", metavar="NAME", help="Only models of this provider.")
@click.option(
    "--kind", type=click.Choice(["chat", "tts", "stt", "embedding", "realtime"]), help="Only models of this kind."
)
@click.option("--config", type=click.Path(path_type=Path), help="A settings file whose providers are known too.")
@click.option("--json", "as_json", is_flag=True, help="Write the whole cards as a JSON array.")
def models(name: str | None, provider: str | None, kind: CardKind | None, config: Path | None, as_json: bool) -> None:
    """List the known models, or with NAME show one and its parameters.

    Models without a card can be called too.
    """
    from ...adapters.cards.yaml_source import YamlCardSource
    from ...composition.providers.catalogue import catalogue
    from ..choice import known_providers

    entries = catalogue(known_providers(config), YamlCardSource(), provider, kind)
    if name is not None:
        entries = _named(entries, name)
    if as_json:
        write_json([_fields(entry) for entry in entries], indent=2)
    elif name is None:
        show(_table(entries))
    else:
        from ..card import describe

        for entry in entries:
            show(*describe(entry))


def _named(entries: list[CatalogueEntry], name: str) -> list[CatalogueEntry]:
    """The models of that name, alias or provider/name."""
    found = [
        entry
        for entry in entries
        if name in (entry.card.name, f"{entry.provider}/{entry.card.name}", *entry.card.aliases)
    ]
    if not found:
        close = difflib.get_close_matches(name, [entry.card.name for entry in entries], 3)
        hint = f"; similar names: {', '.join(close)}" if close else "; `modelport models` lists all"
        raise click.UsageError(f"no model card is called {name!r}{hint}")
    return found


def _fields(entry: CatalogueEntry) -> dict[str, Any]:  # Any: JSON values
    card = entry.card.model_dump(mode="json", exclude_none=True)
    return {"provider": entry.provider, "kind": entry.kind, "classes": list(entry.classes), **_without(card, "classes")}


def _without(card: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in card.items() if key != name}


def _table(entries: list[CatalogueEntry]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("name", overflow="fold")
    for title in ("provider", "kind", "status"):
        table.add_column(title, no_wrap=True)
    table.add_column("context", justify="right", no_wrap=True)
    table.add_column("output", justify="right", no_wrap=True)
    table.add_column("inputs")
    table.add_column("thinking", no_wrap=True)
    for entry in entries:
        style = "dim" if entry.card.status != "active" else None
        table.add_row(entry.card.name, entry.provider, entry.kind, entry.card.status, *_facts(entry), style=style)
    return table


def _facts(entry: CatalogueEntry) -> tuple[str, str, str, str]:
    """Context size, output size, inputs and thinking; a dash for what the kind of model does not have."""
    card = entry.card
    context, output_size = getattr(card, "context_size", None), getattr(card, "output_size", None)
    thinking = "yes" if getattr(card, "thinks", False) else "-"
    return _tokens(context), _tokens(output_size), _inputs(card.input_types), thinking


def _tokens(count: int | None) -> str:
    return f"{count:,}" if count else "-"


def _inputs(types: list[str]) -> str:
    """`text/plain, image/png, image/jpeg` as `text image`."""
    families = (kind.partition("/")[2 if kind.startswith("application/") else 0] for kind in types)
    return " ".join(dict.fromkeys(family.removeprefix("x-") for family in families))
